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
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  csv_reader in(text);
  const auto refuse = [&](const std::string& what) {
    return base::fail(base::error_kind::invalid, "line " + std::to_string(in.line()) + ": " + what);
  };
  auto heading = in.next();
  if (!heading) return base::fail(base::error_kind::invalid, "the file is empty; its first line names the columns");
  for (auto& name : *heading) {
    name = base::to_lower(base::trim(name));
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) {
      std::string all;
      for (const auto c : columns) all += (all.empty() ? "" : ", ") + std::string(c);
      return refuse(base::printable(name, 40) + " is no column; there are " + all);
    }
  }
  if (std::find(heading->begin(), heading->end(), "address") == heading->end()) return refuse("there is no column address");
  json::array rows;
  while (auto fields = in.next()) {
    if (!in.ok) return refuse("a quoted field does not end");
    if (fields->size() == 1 && base::trim(fields->front()).empty()) continue;
    if (fields->size() > heading->size()) return refuse("there are more fields than columns");
    json::value row{json::object{}};
    for (std::size_t i = 0; i < fields->size(); ++i) {
      const auto& column = (*heading)[i];
      const auto& field = (*fields)[i];
      if (field.empty()) continue;
      auto v = value_of(column, column == "password" ? field : std::string(base::trim(field)));
      if (!v) return refuse(column + " is yes or no");
      row.set(column, std::move(*v));
    }
    rows.push_back(std::move(row));
  }
  if (!in.ok) return refuse("a quoted field does not end");
  return rows;
}

} // namespace rookery::cli
