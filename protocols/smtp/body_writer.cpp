#include "protocols/smtp/body_writer.hpp"

namespace rookery::smtp {

void body_writer::append(base::buffer& out, base::const_bytes octets) {
  while (!octets.empty()) {
    const auto found = scanner_.scan(octets, dots_);
    out.append(octets.substr(0, found.at));
    octets.remove_prefix(found.at);
    switch (found.why) {
    case line_scanner::stop::end_of_input: return;
    case line_scanner::stop::dot:
      out.append("..");
      octets.remove_prefix(1);
      scanner_.skip_dot();
      break;
    case line_scanner::stop::fault:
      if (scanner_.fault() == line_fault::bare_lf) {
        out.append("\r\n");
        octets.remove_prefix(1);
      } else {
        out.append("\n"); // its CR has passed
      }
      scanner_.restart(no_limit);
      break;
    }
  }
}

void body_writer::finish(base::buffer& out) {
  if (!scanner_.ends_clean()) out.append("\n");
  else if (!scanner_.at_line_start()) out.append("\r\n");
  if (dots_) out.append(".\r\n");
}

} // namespace rookery::smtp
