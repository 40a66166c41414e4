#include "protocols/http/chunked_reader.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::http {

bool chunked_reader::take_size_octet(char c) {
  const char lower = base::ascii_lower(c);
  unsigned digit = 0;
  if (base::is_digit(c)) {
    digit = static_cast<unsigned>(c - '0');
  } else if (lower >= 'a' && lower <= 'f') {
    digit = static_cast<unsigned>(lower - 'a') + 10;
  } else if (digits_ > 0 && (c == ';' || c == ' ' || c == '\t')) {
    at_ = at::extension;
    return true;
  } else if (digits_ > 0 && c == '\r') {
    at_ = at::head_lf;
    return true;
  } else {
    return false;
  }
  // Fifteen digits cannot overflow; leading zeros count, for nobody needs them.
  if (++digits_ > 15) return false;
  left_ = left_ * 16 + digit;
  return true;
}

chunked_reader::step chunked_reader::read(base::const_bytes in) {
  std::size_t i = 0;
  const auto malformed = [&] { return step{state::malformed, i, {}}; };
  while (i < in.size()) {
    const char c = in[i];
    switch (at_) {
    case at::size:
    case at::extension:
      if (++head_ > head_max_) return malformed();
      if (at_ == at::size) {
        if (!take_size_octet(c)) return malformed();
      } else if (c == '\r') {
        at_ = at::head_lf;
      } else if (c == '\n' || c == '\0') {
        return malformed();
      }
      ++i;
      break;
    case at::head_lf:
      if (c != '\n') return malformed();
      ++i;
      at_ = left_ > 0 ? at::data : at::trailer;
      head_ = digits_ = 0;
      break;
    case at::data: {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size() - i));
      left_ -= n;
      if (left_ == 0) at_ = at::data_cr;
      return {state::body, i + n, in.substr(i, n)};
    }
    case at::data_cr:
      if (c != '\r') return malformed();
      ++i;
      at_ = at::data_lf;
      break;
    case at::data_lf:
      if (c != '\n') return malformed();
      ++i;
      at_ = at::size;
      break;
    case at::trailer:
      if (++trailer_ > trailer_max_ || c == '\n' || c == '\0') return malformed();
      ++i;
      if (c == '\r')
        at_ = at::trailer_lf;
      else
        ++line_;
      break;
    case at::trailer_lf:
      if (c != '\n') return malformed();
      ++i;
      if (line_ == 0) {
        at_ = at::done;
        return {state::done, i, {}};
      }
      line_ = 0;
      at_ = at::trailer;
      break;
    case at::done:
      return {state::done, i, {}};
    }
  }
  return {at_ == at::done ? state::done : state::hungry, i, {}};
}

} // namespace rookery::http
