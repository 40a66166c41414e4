/// Reads a CSV file field by field (RFC 4180): quoted fields may hold commas and line ends; LF and CRLF end a line.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
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

} // namespace rookery::cli
