#include "policy/mailboxes/mailbox_template.hpp"

namespace rookery::mailboxes {

const mailbox_template& standard_template() {
  static const mailbox_template standard{
      {{"Archive", "\\Archive"}, {"Drafts", "\\Drafts"}, {"Junk", "\\Junk"}, {"Sent", "\\Sent"}, {"Trash", "\\Trash"}}, {}, {}};
  return standard;
}

template_mailbox read_template_mailbox(std::string_view text) {
  template_mailbox out;
  if (text.starts_with('!')) {
    out.subscribed = false;
    text.remove_prefix(1);
  }
  // A name may have '=' in it; what follows a special use has none.
  const auto at = text.rfind("=\\");
  out.name = text.substr(0, at);
  if (at != std::string_view::npos) out.special_use = text.substr(at + 1);
  return out;
}

std::string print(const template_mailbox& m) {
  return (m.subscribed ? "" : "!") + m.name + (m.special_use.empty() ? "" : "=" + m.special_use);
}

} // namespace rookery::mailboxes
