#include "server/cli/migration_list.hpp"

#include "base/text.hpp"
#include "server/cli/csv_reader.hpp"

#include <array>

namespace rookery::cli {
namespace {

constexpr std::array<std::string_view, 6> columns{"account", "login", "password", "host", "port", "tls"};

} // namespace

base::result<std::vector<json::value>> read_migration_list(std::string_view text, const json::value& common) {
  csv_table in(text);
  if (auto begun = in.read_heading(columns, [](const auto&) { return std::string("columns are account, login, password, host, port, tls"); }); !begun)
    return base::fail(begun.error());
  std::vector<json::value> out;
  while (true) {
    const auto fields = in.next();
    if (!fields) return base::fail(fields.error());
    if (!*fields) return out;
    auto row = common;
    for (const auto& [column, field] : **fields) {
      if (column != "port") {
        row.set(column, field);
      } else if (const auto port = base::parse_u32(field); port && *port > 0 && *port < 65536) {
        row.set(column, *port);
      } else {
        return in.refuse("port is no port");
      }
    }
    const auto account = row.get_string("account");
    if (!account || account->empty()) return in.refuse("there is no account");
    if (row.find("login") == nullptr) row.set("login", std::string(*account));
    if (row.find("host") == nullptr) return in.refuse("there is no host; --host is that of all");
    if (row.find("password") == nullptr) return in.refuse("there is no password");
    out.push_back(std::move(row));
  }
}

} // namespace rookery::cli
