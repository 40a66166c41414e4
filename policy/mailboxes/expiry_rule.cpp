#include "policy/mailboxes/expiry_rule.hpp"

#include "policy/routing/address_form.hpp"

namespace rookery::mailboxes {

bool concerns(const expiry_rule& rule, std::string_view account) noexcept {
  return rule.scope == "*" || rule.scope == account || rule.scope == routing::sides(account).domain;
}

bool covers(const expiry_rule& rule, std::string_view mailbox) noexcept {
  if (rule.mailbox == "*" || rule.mailbox == mailbox) return true;
  return rule.children && mailbox.size() > rule.mailbox.size() && mailbox.starts_with(rule.mailbox) && mailbox[rule.mailbox.size()] == '/';
}

bool expired(const expiry_rule& rule, const message_facts& m, base::wall_time now) noexcept {
  if ((m.flagged && !rule.flagged) || (!m.seen && !rule.unseen)) return false;
  return (rule.by_arrival ? m.arrived : m.saved) + rule.after <= now;
}

} // namespace rookery::mailboxes
