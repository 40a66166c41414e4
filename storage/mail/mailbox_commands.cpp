#include "storage/mail/mailbox_commands.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"
#include "base/text.hpp"
#include "storage/mail/answers.hpp"
#include "storage/mail/keys.hpp"
#include "storage/mail/message_commands.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace rookery::storage::mail {
namespace {

struct named {
  std::string name;
  base::mailbox_id id;
};

/// Mailboxes below `name`, in order.
std::vector<named> inferiors(shard_state& shard, const account_state& a, const std::string& name) {
  std::vector<named> out;
  const auto before = key::name(a.id, "").size();
  shard.store().pending.scan(key::name(a.id, name + "/"), [&](std::string_view k, std::string_view value) {
    base::decoder in(value);
    out.push_back({std::string(k.substr(before)), base::mailbox_id{in.u32()}});
    return true;
  });
  return out;
}

/// RFC 9051 §6.3.6: INBOX keeps existing; what is in it moves to the new name.
command_result rename_inbox(shard_state& shard, account_state& a, base::wall_time now, const std::string& to) {
  auto made = make_mailbox(shard, a, now, {to, ""});
  if (made.what != outcome::done) return made;
  const base::mailbox_id inbox{a.record.inbox};
  apply(shard, a.id, now, move_messages{inbox, made.mailbox, {{1, 0xffffffffu}}});
  return about(*shard.mailbox(a, made.mailbox));
}

} // namespace

std::string canonical_name(std::string_view name) {
  return base::iequals(name, "INBOX") ? std::string("INBOX") : std::string(name);
}

bool acceptable_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= mailbox_name_octets_max && name.front() != '/' && name.back() != '/' &&
         name.find("//") == std::string_view::npos;
}

command_result make_mailbox(shard_state& shard, account_state& a, base::wall_time now, const create_mailbox& c) {
  auto name = canonical_name(c.name);
  if (!acceptable_name(name)) return no(outcome::not_allowed);
  if (shard.id_of(a, name)) return no(outcome::mailbox_exists);
  if (a.record.mailboxes >= shard.store().settings.mailboxes_per_account_max) return no(outcome::over_limit);
  return about(shard.make_mailbox(a, std::move(name), c.special_use, a.new_uid_validity(now)));
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time now, const create_mailbox& c) {
  auto& fresh = shard.look_at(id);
  if (fresh.record.inbox == 0 && canonical_name(c.name) == "INBOX") {
    auto& m = shard.make_inbox(fresh, fresh.new_uid_validity(now));
    m.record.special_use = c.special_use;
    return about(m);
  }
  return make_mailbox(shard, shard.account(id), now, c);
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time now, const delete_mailbox& c) {
  auto& a = shard.account(id);
  const auto name = canonical_name(c.name);
  if (name == "INBOX") return no(outcome::not_allowed);
  auto* m = shard.mailbox_named(a, name);
  if (m == nullptr) return no(outcome::no_such_mailbox);
  if (c.keep) keep_removed(shard, *m, {{1, 0xffffffffu}}, now);
  shard.remove_mailbox(a, *m);
  return about(*m);
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time now, const rename_mailbox& c) {
  auto& a = shard.account(id);
  const auto from = canonical_name(c.from);
  const auto to = canonical_name(c.to);
  if (!acceptable_name(to)) return no(outcome::not_allowed);
  if (shard.id_of(a, to)) return no(outcome::mailbox_exists);
  if (from == "INBOX") return rename_inbox(shard, a, now, to);
  auto moved = inferiors(shard, a, from);
  if (const auto own = shard.id_of(a, from)) moved.insert(moved.begin(), {from, own});
  if (moved.empty()) return no(outcome::no_such_mailbox);
  if (to.starts_with(from + "/")) return no(outcome::not_allowed);
  std::set<std::string_view> leaving;
  for (const auto& m : moved) leaving.insert(m.name);
  std::vector<std::pair<mailbox_state*, std::string>> renamed;
  renamed.reserve(moved.size());
  for (const auto& m : moved) {
    auto name = to + m.name.substr(from.size());
    if (!acceptable_name(name)) return no(outcome::not_allowed);
    if (!leaving.contains(name) && shard.id_of(a, name)) return no(outcome::mailbox_exists);
    auto* state = shard.mailbox(a, m.id);
    base::check(state != nullptr, "mail tree: a name row without its mailbox");
    renamed.emplace_back(state, std::move(name));
  }
  auto result = about(*renamed.front().first);
  shard.rename_mailboxes(a, std::move(renamed));
  return result;
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time, const subscribe& c) {
  auto& a = shard.account(id);
  const auto name = canonical_name(c.name);
  if (name.empty() || name.size() > mailbox_name_octets_max) return no(outcome::not_allowed);
  shard.subscribed(a, name, c.on);
  return {};
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time, const set_special_use& c) {
  auto& a = shard.account(id);
  auto* m = shard.mailbox_named(a, canonical_name(c.name));
  if (m == nullptr) return no(outcome::no_such_mailbox);
  m->record.special_use = c.special_use;
  shard.changed(a, *m);
  shard.list_changed(a);
  return about(*m);
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time now, const begin_account& c) {
  auto& a = shard.account(id);
  if (a.record.begun) return no(outcome::already_done);
  command_result r;
  const bool untouched = a.record.mailbox_next == a.record.inbox + 1 && a.record.mailboxes == 1;
  for (const auto& m : c.mailboxes) {
    if (!untouched || make_mailbox(shard, a, now, {m.name, m.special_use}).what != outcome::done) continue;
    if (m.subscribed) shard.subscribed(a, canonical_name(m.name), true);
    ++r.number;
  }
  a.record.begun = true;
  shard.list_changed(a);
  return r;
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time now, const drop_account&) {
  if (!is_of_removed(id)) apply(shard, removed_of(id), now, drop_account{});
  auto& a = shard.look_at(id);
  if (a.record.mailbox_next == 1) return no(outcome::no_such_account);
  a.record.begun = false;
  std::vector<base::mailbox_id> all;
  auto& pending = shard.store().pending;
  pending.scan(key::name(a.id, ""), [&](std::string_view, std::string_view value) {
    base::decoder in(value);
    all.push_back(base::mailbox_id{in.u32()});
    return true;
  });
  for (const auto m : all) shard.remove_mailbox(a, *shard.mailbox(a, m));
  std::vector<std::string> names;
  const auto before = key::subscription(a.id, "").size();
  pending.scan(key::subscription(a.id, ""), [&](std::string_view k, std::string_view) {
    names.emplace_back(k.substr(before));
    return true;
  });
  for (const auto& name : names) shard.subscribed(a, name, false);
  std::vector<std::string> annotations;
  pending.scan(key::of_mailbox(family::metadata, a.id, {}), [&](std::string_view k, std::string_view) {
    annotations.emplace_back(k);
    return true;
  });
  for (auto& k : annotations) pending.remove(std::move(k));
  pending.remove_all(key::threads(a.id, a.record.thread_generation));
  if (a.record.thread_generation > 0) pending.remove_all(key::threads(a.id, a.record.thread_generation - 1));
  // A generation is never used again: its rows go with the next flush, new ones may come before.
  a.record.thread_generation += 2;
  a.record.thread_rows = 0;
  shard.list_changed(a);
  return {};
}

} // namespace rookery::storage::mail
