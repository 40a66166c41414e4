#include "protocols/pop3/multi_line_reader.hpp"

#include <cstring>

namespace rookery::pop3 {

multi_line_reader::piece multi_line_reader::read(base::const_bytes in) noexcept {
  std::size_t from = 0;
  if (line_begins_ && in.starts_with('.')) {
    if (in.starts_with(".\r\n")) return {{}, 3, true};
    if (in.size() < 3 && base::const_bytes(".\r\n").starts_with(in)) return {};
    from = 1; // the dot was put there on the way
  }
  const auto rest = in.substr(from);
  if (const auto* found = static_cast<const char*>(::memmem(rest.data(), rest.size(), "\r\n.", 3)); found != nullptr) {
    const auto octets = rest.substr(0, static_cast<std::size_t>(found - rest.data()) + 2);
    line_begins_ = true;
    return {octets, from + octets.size(), false};
  }
  // A CR at the end may begin a CRLF: it waits for its neighbour.
  const auto octets = rest.ends_with('\r') ? rest.substr(0, rest.size() - 1) : rest;
  if (!octets.empty()) line_begins_ = octets.ends_with("\r\n");
  return {octets, from + octets.size(), false};
}

} // namespace rookery::pop3
