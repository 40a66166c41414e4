#include "protocols/mbox/writer.hpp"

#include "base/text.hpp"
#include "protocols/mbox/from_line.hpp"

#include <utility>

namespace rookery::mbox {

namespace {

constexpr std::string_view from = "From ";

} // namespace

void writer::begin(std::string& out, base::wall_time received, const message_state& state, std::uint64_t body_octets) {
  out += write_from_line("MAILER-DAEMON", received);
  out += state_fields(state);
  if (counted_) {
    out += "Content-Length: ";
    base::append_number(out, body_octets);
    out += '\n';
  }
  cr_ = 0;
  line_start_ = quotes_ = true;
  from_ = 0;
}

/// One octet behind the treatment of line ends.
void writer::put(std::string& out, char c) {
  if (counted_) {
    out += c;
    line_start_ = c == '\n';
    return;
  }
  if (quotes_ && c == from[from_]) {
    if (++from_ < from.size()) return;
    // One '>' more in the run of them: where it stands does not matter.
    out += '>';
    out += from;
    from_ = 0;
    quotes_ = line_start_ = false;
    return;
  }
  if (from_ > 0) {
    out += from.substr(0, from_);
    from_ = 0;
    quotes_ = false;
  }
  out += c;
  line_start_ = c == '\n';
  quotes_ = line_start_ || (quotes_ && c == '>');
}

void writer::add(std::string& out, std::string_view octets) {
  out.reserve(out.size() + octets.size());
  for (const char c : octets) {
    if (c == '\r') {
      ++cr_;
      continue;
    }
    if (c == '\n' && cr_ == 1) cr_ = 0;
    put_cr(out);
    put(out, c);
  }
}

void writer::put_cr(std::string& out) {
  for (; cr_ > 0; --cr_) put(out, '\r');
}

void writer::end(std::string& out) {
  put_cr(out);
  if (from_ > 0) {
    out += from.substr(0, from_);
    line_start_ = false;
  }
  // A counted body is left as it is; behind it one LF, which begins the next line or is the empty one.
  if (!line_start_ && !counted_) out += '\n';
  out += '\n';
}

void body_counter::add(std::string_view octets) noexcept {
  for (const char c : octets) {
    if (in_body_) {
      if (c == '\r') {
        ++cr_;
        continue;
      }
      octets_ += (c == '\n' && cr_ == 1 ? 0 : cr_) + 1;
      cr_ = 0;
      continue;
    }
    if (c == '\n') {
      in_body_ = std::exchange(line_start_, true);
    } else if (c != '\r') {
      line_start_ = false;
    }
  }
}

} // namespace rookery::mbox
