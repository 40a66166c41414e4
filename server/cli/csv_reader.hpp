/// Reads a CSV file field by field (RFC 4180): quoted fields may hold commas and line ends; LF and CRLF end a line.
#pragma once

#include "base/result.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::cli {

class csv_reader {
public:
  explicit csv_reader(std::string_view text) : in_(text) {}
  std::size_t line() const noexcept { return line_; }
  /// The fields of the next line; nothing at the end. False in `ok` after a quote that does not end.
  std::optional<std::vector<std::string>> next() {
    if (at_ >= in_.size()) return std::nullopt;
    line_ = next_line_;
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (; at_ < in_.size(); ++at_) {
      const char c = in_[at_];
      if (c == '\n') ++next_line_;
      if (quoted) {
        if (c != '"') fields.back() += c;
        else if (at_ + 1 < in_.size() && in_[at_ + 1] == '"') fields.back() += in_[at_++];
        else quoted = false;
      } else if (c == '"' && fields.back().empty()) {
        quoted = true;
      } else if (c == ',') {
        fields.emplace_back();
      } else if (c == '\n') {
        ++at_;
        break;
      } else if (c != '\r' || (at_ + 1 < in_.size() && in_[at_ + 1] != '\n')) {
        fields.back() += c;
      }
    }
    ok = ok && !quoted;
    return fields;
  }
  bool ok = true;

private:
  std::string_view in_;
  std::size_t at_ = 0, line_ = 0, next_line_ = 1;
};

/// A file whose first line names its columns. Refusals name the line.
class csv_table {
public:
  /// A row's fields that are not empty, with their columns; trimmed, but for "password".
  using row = std::vector<std::pair<std::string, std::string>>;

  explicit csv_table(std::string_view text) : in_(text.substr(text.substr(0, 3) == "\xef\xbb\xbf" ? 3 : 0)) {}

  /// Reads the first line. `unknown` says what is wrong with a name that is none of `known`.
  base::result<void> read_heading(std::span<const std::string_view> known, const std::function<std::string(const std::string&)>& unknown) {
    auto names = in_.next();
    if (!names) return base::fail(base::error_kind::invalid, "the file is empty; its first line names the columns");
    for (auto& name : *names) {
      name = base::to_lower(base::trim(name));
      if (std::find(known.begin(), known.end(), name) == known.end()) return refuse(unknown(name));
    }
    heading_ = std::move(*names);
    return {};
  }
  bool has(std::string_view column) const { return std::find(heading_.begin(), heading_.end(), column) != heading_.end(); }

  /// The next line that is not empty; nothing at the end.
  base::result<std::optional<row>> next() {
    while (auto fields = in_.next()) {
      if (!in_.ok) break;
      if (fields->size() == 1 && base::trim(fields->front()).empty()) continue;
      if (fields->size() > heading_.size()) return refuse("there are more fields than columns");
      row out;
      for (std::size_t i = 0; i < fields->size(); ++i)
        if (const auto& field = (*fields)[i]; !field.empty())
          out.emplace_back(heading_[i], heading_[i] == "password" ? field : std::string(base::trim(field)));
      return std::optional(std::move(out));
    }
    if (!in_.ok) return refuse("a quoted field does not end");
    return std::optional<row>();
  }
  base::failure<base::error> refuse(const std::string& what) const {
    return base::fail(base::error_kind::invalid, "line " + std::to_string(in_.line()) + ": " + what);
  }

private:
  csv_reader in_;
  std::vector<std::string> heading_;
};

} // namespace rookery::cli
