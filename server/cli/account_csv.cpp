#include "server/cli/account_csv.hpp"

#include "base/text.hpp"
#include "server/cli/csv_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace rookery::cli {
namespace {

constexpr std::array<std::string_view, 11> columns{"address", "password", "display_name", "state", "admin", "detail_folders",
                                                   "quota_octets", "quota_messages", "send_quota", "may_send_as", "description"};

std::optional<json::value> value_of(std::string_view column, const std::string& field) {
  if (column == "admin") {
    const auto word = base::to_lower(field);
    if (word == "true" || word == "yes" || word == "1") return json::value(true);
    if (word == "false" || word == "no" || word == "0") return json::value(false);
    return std::nullopt;
  }
  if (column == "may_send_as") {
    json::array all;
    for (const auto part : base::split(field, ';'))
      if (const auto one = base::trim(part); !one.empty()) all.emplace_back(one);
    return json::value(std::move(all));
  }
  return json::value(field);
}

} // namespace

base::result<json::array> read_account_csv(std::string_view text) {
  csv_table in(text);
  auto begun = in.read_heading(columns, [](const std::string& name) {
    std::string all;
    for (const auto c : columns) all += (all.empty() ? "" : ", ") + std::string(c);
    return base::printable(name, 40) + " is no column; there are " + all;
  });
  if (!begun) return base::fail(begun.error());
  if (!in.has("address")) return in.refuse("there is no column address");
  json::array rows;
  while (true) {
    const auto fields = in.next();
    if (!fields) return base::fail(fields.error());
    if (!*fields) return rows;
    json::value row{json::object{}};
    for (const auto& [column, field] : **fields) {
      auto v = value_of(column, field);
      if (!v) return in.refuse(column + " is yes or no");
      row.set(column, std::move(*v));
    }
    rows.push_back(std::move(row));
  }
}

} // namespace rookery::cli
