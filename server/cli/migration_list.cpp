#include "server/cli/migration_list.hpp"

#include "base/text.hpp"
#include "server/cli/csv_reader.hpp"

#include <algorithm>
#include <array>

namespace rookery::cli {
namespace {

constexpr std::array<std::string_view, 6> columns{"account", "login", "password", "host", "port", "tls"};

} // namespace

base::result<std::vector<json::value>> read_migration_list(std::string_view text, const json::value& common) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  csv_reader in(text);
  const auto refuse = [&](const std::string& what) {
    return base::fail(base::error_kind::invalid, "line " + std::to_string(in.line()) + ": " + what);
  };
  auto heading = in.next();
  if (!heading) return base::fail(base::error_kind::invalid, "the file is empty; its first line names the columns");
  for (auto& name : *heading) {
    name = base::to_lower(base::trim(name));
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) return refuse("columns are account, login, password, host, port, tls");
  }
  std::vector<json::value> out;
  while (auto fields = in.next()) {
    if (!in.ok) return refuse("a quoted field does not end");
    if (fields->size() == 1 && base::trim(fields->front()).empty()) continue;
    if (fields->size() > heading->size()) return refuse("there are more fields than columns");
    auto row = common;
    for (std::size_t i = 0; i < fields->size(); ++i) {
      const auto& column = (*heading)[i];
      const auto& field = (*fields)[i];
      if (field.empty()) continue;
      if (column != "port") {
        row.set(column, column == "password" ? field : std::string(base::trim(field)));
      } else if (const auto port = base::parse_u32(base::trim(field)); port && *port > 0 && *port < 65536) {
        row.set(column, *port);
      } else {
        return refuse("port is no port");
      }
    }
    const auto account = row.get_string("account");
    if (!account || account->empty()) return refuse("there is no account");
    if (row.find("login") == nullptr) row.set("login", std::string(*account));
    if (row.find("host") == nullptr) return refuse("there is no host; --host is that of all");
    if (row.find("password") == nullptr) return refuse("there is no password");
    out.push_back(std::move(row));
  }
  if (!in.ok) return refuse("a quoted field does not end");
  return out;
}

} // namespace rookery::cli
