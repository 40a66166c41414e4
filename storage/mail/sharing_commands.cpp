#include "storage/mail/sharing_commands.hpp"

#include "storage/mail/answers.hpp"
#include "storage/mail/keys.hpp"
#include "storage/mail/reader_seen.hpp"

#include <algorithm>

namespace rookery::storage::mail {
namespace {

void put_share(shard_state& shard, const account_state& a, const mailbox_state& m, const std::string& who) {
  if (who.starts_with('-')) return;
  shard.store().pending.put(key::share(who, a.id, m.id()), {});
  shard.store().shares->put(who, a.id);
}
void remove_share(shard_state& shard, const account_state& a, const mailbox_state& m, const std::string& who) {
  if (who.starts_with('-')) return;
  shard.store().pending.remove(key::share(who, a.id, m.id()));
  shard.store().shares->remove(who, a.id);
}

/// Published pictures share the old one: a change is a new object.
void replace_access(shard_state& shard, account_state& a, mailbox_state& m, mailbox_access access) {
  m.record.access = access.empty() ? nullptr : std::make_shared<const mailbox_access>(std::move(access));
  shard.changed(a, m);
  shard.list_changed(a);
}

std::uint32_t stepped(std::uint32_t before, const set_rights& c) {
  switch (c.how) {
    case rights_step::add: return before | c.rights;
    case rights_step::remove: return before & ~c.rights;
    case rights_step::replace: break;
  }
  return c.rights;
}

} // namespace

command_result apply(shard_state& shard, base::account_id id, base::wall_time, const set_rights& c) {
  auto& a = shard.account(id);
  auto* m = shard.mailbox(a, c.mailbox);
  if (m == nullptr) return no(outcome::no_such_mailbox);
  if (c.who.empty() || c.who.size() > access_who_octets_max) return no(outcome::not_allowed);
  auto access = m->record.access ? *m->record.access : mailbox_access{};
  auto& entries = access.entries;
  const auto at = std::lower_bound(entries.begin(), entries.end(), c.who,
                                   [](const access_entry& e, const std::string& who) { return e.who < who; });
  const bool there = at != entries.end() && at->who == c.who;
  const auto before = there ? at->rights : 0;
  const auto after = stepped(before, c);
  if (after != before) {
    if (!there) {
      if (entries.size() >= access_entries_max) return no(outcome::over_limit);
      entries.insert(at, {c.who, after});
      put_share(shard, a, *m, c.who);
    } else if (after == 0) {
      entries.erase(at);
      remove_share(shard, a, *m, c.who);
    } else {
      at->rights = after;
    }
    replace_access(shard, a, *m, std::move(access));
  }
  auto result = about(*m);
  result.number = after;
  return result;
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time, const set_seen_mode& c) {
  auto& a = shard.account(id);
  auto* m = shard.mailbox(a, c.mailbox);
  if (m == nullptr) return no(outcome::no_such_mailbox);
  auto access = m->record.access ? *m->record.access : mailbox_access{};
  if (access.seen_per_reader == c.per_reader) return about(*m);
  access.seen_per_reader = c.per_reader;
  // Every reader begins anew, and hears of all messages (RFC 7162: what he sees of them changed).
  std::vector<std::string> rows;
  shard.store().pending.scan(key::of_mailbox(family::reader_seen, a.id, m->id()), [&](std::string_view k, std::string_view) {
    rows.emplace_back(k);
    return true;
  });
  for (auto& k : rows) shard.store().pending.remove(std::move(k));
  m->touch_messages({{1, 0xffffffffu}}, m->step());
  replace_access(shard, a, *m, std::move(access));
  return about(*m);
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time, const set_metadata& c) {
  auto& a = shard.account(id);
  if (c.mailbox && shard.mailbox(a, c.mailbox) == nullptr) return no(outcome::no_such_mailbox);
  auto& rows = shard.store().pending;
  auto shared = read_metadata(rows, id, c.mailbox, {});
  auto own = read_metadata(rows, id, c.mailbox, c.reader);
  for (const auto& change : c.changes) {
    auto& entries = change.own ? own : shared;
    if (change.name.empty() || change.name.size() > metadata_name_octets_max ||
        (change.value && change.value->size() > metadata_value_octets_max) || (change.own && !c.reader))
      return no(outcome::not_allowed);
    const auto at = std::lower_bound(entries.begin(), entries.end(), change.name,
                                     [](const auto& e, const std::string& name) { return e.first < name; });
    const bool there = at != entries.end() && at->first == change.name;
    if (!change.value && there) entries.erase(at);
    if (change.value && !there) entries.insert(at, {change.name, {}});
  }
  if (shared.size() > metadata_entries_max || own.size() > metadata_entries_max) return no(outcome::over_limit);
  for (const auto& change : c.changes) {
    auto k = key::metadata(id, c.mailbox, change.own ? c.reader : base::account_id{}, change.name);
    if (change.value) shard.store().waiting_octets += change.value->size();
    if (change.value) rows.put(std::move(k), *change.value);
    else rows.remove(std::move(k));
    if (!a.cell.expired()) a.annotated.push_back({c.mailbox, change.own ? c.reader : base::account_id{}, change.name});
  }
  shard.list_changed(a);
  command_result result;
  result.mailbox = c.mailbox;
  return result;
}

void inherit_access(shard_state& shard, account_state& a, mailbox_state& made) {
  std::string_view name = made.record.name;
  for (auto end = name.rfind('/'); end != std::string_view::npos; end = name.rfind('/')) {
    name = name.substr(0, end);
    const auto* above = shard.mailbox_named(a, name);
    if (above == nullptr) continue;
    if (!above->record.access) return;
    made.record.access = above->record.access;
    for (const auto& e : made.record.access->entries) put_share(shard, a, made, e.who);
    return;
  }
}

void forget_sharing(shard_state& shard, account_state& a, mailbox_state& m) {
  if (m.record.access) {
    for (const auto& e : m.record.access->entries) remove_share(shard, a, m, e.who);
    shard.store().pending.remove_all(key::of_mailbox(family::reader_seen, a.id, m.id()));
  }
  // Ids of mailboxes are given once: nobody will ask for these again.
  shard.store().pending.remove_all(key::of_mailbox(family::metadata, a.id, m.id()));
}

metadata_entries read_metadata(const pending_rows& rows, base::account_id a, base::mailbox_id m, base::account_id reader) {
  metadata_entries out;
  const auto prefix = key::metadata(a, m, reader);
  rows.scan(prefix, [&](std::string_view k, std::string_view value) {
    out.emplace_back(k.substr(prefix.size()), value);
    return true;
  });
  return out;
}

} // namespace rookery::storage::mail
