#include "protocols/http/range.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace rookery::http {
namespace {

std::string number(std::uint64_t n) {
  std::string out;
  base::append_number(out, n);
  return out;
}

/// RFC 9110 §13.1.2, compared weakly.
bool names(std::string_view list, std::string_view tag) {
  for (std::size_t at = 0; at <= list.size();) {
    const auto end = std::min(list.find(',', at), list.size());
    auto item = base::trim(list.substr(at, end - at));
    if (item == "*") return true;
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == tag) return true;
    at = end + 1;
  }
  return false;
}

struct wanted {
  std::uint64_t first = 0, last = 0;
  bool satisfiable = false;
};

/// RFC 9110 §14.1.2. Nothing: it is to be ignored.
std::optional<wanted> read_range(std::string_view value, std::uint64_t octets) {
  if (!base::istarts_with(value, "bytes=")) return std::nullopt;
  value = base::trim(value.substr(6));
  const auto dash = value.find('-');
  if (dash == std::string_view::npos || value.find(',') != std::string_view::npos) return std::nullopt;
  const auto from = value.substr(0, dash), to = value.substr(dash + 1);
  // Of numbers with more digits none is within a file.
  const auto read = [](std::string_view digits) -> std::optional<std::uint64_t> {
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), base::is_digit)) return std::nullopt;
    const auto n = base::parse_u64(digits);
    return n ? *n : ~std::uint64_t{0};
  };
  if (from.empty()) {
    const auto suffix = read(to);
    if (!suffix) return std::nullopt;
    if (*suffix == 0 || octets == 0) return wanted{};
    return wanted{octets - std::min(*suffix, octets), octets - 1, true};
  }
  const auto first = read(from);
  const auto last = to.empty() ? std::optional(~std::uint64_t{0}) : read(to);
  if (!first || !last || *last < *first) return std::nullopt;
  if (*first >= octets) return wanted{};
  return wanted{*first, std::min(*last, octets - 1), true};
}

} // namespace

file_answer answer_for_file(std::span<const field> request, std::uint64_t octets, std::string_view tag, bool ranges) {
  file_answer out;
  out.length = octets;
  out.fields = {{"ETag", std::string(tag)}, {"Accept-Ranges", "bytes"}};
  if (const auto* f = find(request, "if-none-match"); f != nullptr && names(f->value, tag)) {
    out.status = 304;
    out.length = 0;
    return out;
  }
  const auto* range = find(request, "range");
  if (!ranges || range == nullptr || count(request, "range") > 1) return out;
  // §13.1.5: a strong comparison; a date is no tag of ours.
  if (const auto* f = find(request, "if-range"); f != nullptr && base::trim(f->value) != tag) return out;
  const auto found = read_range(range->value, octets);
  if (!found) return out;
  if (!found->satisfiable) {
    out.status = 416;
    out.length = 0;
    out.fields.push_back({"Content-Range", "bytes */" + number(octets)});
    return out;
  }
  out.status = 206;
  out.first = found->first;
  out.length = found->last - found->first + 1;
  out.fields.push_back({"Content-Range", "bytes " + number(found->first) + "-" + number(found->last) + "/" + number(octets)});
  return out;
}

} // namespace rookery::http
