#include "protocols/imap/partial.hpp"

#include "protocols/imap/atom.hpp"
#include "protocols/imap/response_writer.hpp"

#include <algorithm>

namespace rookery::imap {

std::pair<std::size_t, std::size_t> partial_range::places(std::size_t results) const noexcept {
  const std::size_t low = std::min(first, last), high = std::min<std::size_t>(std::max(first, last), results);
  if (low > high) return {0, 0};
  if (from_end) return {results - high, results - low + 1};
  return {low - 1, high};
}

bool read_partial_range(word_reader& in, partial_range& out) {
  const auto number = [&in, &out](std::uint32_t& to) {
    return in.take('-') == out.from_end && in.number(to) && to != 0;
  };
  out.from_end = in.peek() == '-';
  return (number(out.first) && in.take(':') && number(out.last)) || in.syntax("Invalid PARTIAL range");
}

void print(const partial_range& range, base::buffer& out) {
  const std::string_view sign = range.from_end ? "-" : "";
  out.append(sign);
  print_number(out, range.first);
  out.push_back(':');
  out.append(sign);
  print_number(out, range.last);
}

} // namespace rookery::imap
