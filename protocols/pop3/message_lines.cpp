#include "protocols/pop3/message_lines.hpp"

#include <cstring>

namespace rookery::pop3 {

base::const_bytes message_lines::part_for_top(base::const_bytes octets) {
  std::size_t used = 0;
  while (used < octets.size() && wants_more()) {
    const auto rest = octets.substr(used);
    const auto end = rest.find('\n');
    if (in_header_ && line_blank_) line_blank_ = rest.substr(0, end).find_first_not_of('\r') == std::string_view::npos;
    if (end == std::string_view::npos) return octets;
    used += end + 1;
    if (!in_header_)
      --lines_left_;
    else if (line_blank_)
      in_header_ = false;
    line_blank_ = true;
  }
  return octets.substr(0, used);
}

void message_lines::write(base::const_bytes octets, base::buffer& out) {
  if (!whole_) octets = part_for_top(octets);
  if (octets.empty()) return;
  if (line_begins_ && octets.front() == '.') out.push_back('.');
  const char last = octets.back();
  const bool cr_before = octets.size() > 1 ? octets[octets.size() - 2] == '\r' : cr_;
  for (;;) {
    // Lines that begin with a dot are rare: one search over the whole piece.
    const auto* found = static_cast<const char*>(::memmem(octets.data(), octets.size(), "\n.", 2));
    if (found == nullptr) break;
    const auto line = static_cast<std::size_t>(found - octets.data()) + 1;
    out.append(octets.substr(0, line));
    out.push_back('.');
    octets.remove_prefix(line);
  }
  out.append(octets);
  line_begins_ = last == '\n';
  crlf_ = line_begins_ && cr_before;
  cr_ = last == '\r';
}

void message_lines::end(base::buffer& out) { out.append(crlf_ ? ".\r\n" : "\r\n.\r\n"); }

} // namespace rookery::pop3
