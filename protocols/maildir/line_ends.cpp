#include "protocols/maildir/line_ends.hpp"

#include <utility>

namespace rookery::maildir {

void to_mail::add(std::string& out, std::string_view octets) {
  if (as_it_is_) {
    out += octets;
    return;
  }
  for (std::size_t at = 0; at < octets.size(); ++at) {
    const char c = octets[at];
    if (c != '\n') {
      last_cr_ = c == '\r';
      out += c;
      continue;
    }
    const bool has_cr = std::exchange(last_cr_, false);
    if (!has_cr) out += '\r';
    out += '\n';
    if (std::exchange(decided_, true) || !has_cr) continue;
    as_it_is_ = true;
    out += octets.substr(at + 1);
    return;
  }
}

void to_file::add(std::string& out, std::string_view octets) {
  for (const char c : octets) {
    if (c == '\r') {
      ++cr_;
      continue;
    }
    if (c == '\n' && cr_ == 1) cr_ = 0;
    end(out);
    out += c;
  }
}

void to_file::end(std::string& out) {
  out.append(std::exchange(cr_, 0), '\r');
}

} // namespace rookery::maildir
