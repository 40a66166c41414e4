#include "policy/archiving/archive_rule.hpp"

#include "policy/routing/address_form.hpp"

#include <algorithm>

namespace rookery::archiving {
namespace {

bool covers(const archive_rule& rule, std::string_view account) noexcept {
  if (account.empty()) return false;
  return rule.scope == "*" || rule.scope == account || rule.scope == routing::sides(account).domain;
}
bool wants(const archive_rule& rule, const archive_facts& facts) noexcept {
  if (facts.spam && !rule.spam) return false;
  switch (facts.kind) {
  case message_kind::ordinary: return true;
  case message_kind::list: return rule.lists;
  case message_kind::automatic: return rule.automatic;
  case message_kind::system: return rule.system;
  }
  return false;
}

} // namespace

archive_decision archive_copies(const std::vector<archive_rule>& rules, const archive_facts& facts) {
  archive_decision d;
  if (facts.archive_copy) return d; // no archive of an archive
  const auto add = [&](const archive_rule& rule, bool incoming, std::string_view account) {
    // What is for the archive itself, or from it, is there already.
    if (account == rule.target) return;
    const auto same = std::find_if(d.copies.begin(), d.copies.end(),
                                   [&](const archive_copy& c) { return c.target == rule.target && c.folder == rule.folder; });
    if (same != d.copies.end()) return;
    if (d.copies.size() == archive_copies_max) d.cut = true;
    else d.copies.push_back({rule.target, rule.folder, incoming, std::string(account)});
  };
  for (const auto& rule : rules) {
    if (rule.target.empty() || !wants(rule, facts)) continue;
    if (rule.outgoing && covers(rule, facts.sender_account)) add(rule, false, facts.sender_account);
    if (!rule.incoming) continue;
    const auto to = std::find_if(facts.recipients.begin(), facts.recipients.end(),
                                 [&](std::string_view account) { return account != rule.target && covers(rule, account); });
    if (to != facts.recipients.end()) add(rule, true, *to);
  }
  return d;
}

} // namespace rookery::archiving
