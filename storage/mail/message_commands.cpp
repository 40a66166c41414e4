#include "storage/mail/message_commands.hpp"

#include "base/check.hpp"
#include "storage/mail/answers.hpp"
#include "storage/mail/keys.hpp"
#include "storage/mail/mailbox_commands.hpp"
#include "storage/mail/reader_seen.hpp"
#include "storage/mail/thread_index.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace rookery::storage::mail {
namespace {

page_source::cold_octets cold_of(shard_state& shard, account_state& a, base::wall_time now, const new_message& m,
                                 const body_ref& body) {
  cold_head head;
  head.internal_date = base::to_milliseconds(m.internal_date);
  head.save_date = base::to_milliseconds(now);
  head.thread = join_thread(a, shard.store().pending, m.summary.thread_key);
  head.size = static_cast<std::uint32_t>(m.prefix.size()) + body.length;
  head.header_octets = m.summary.header_octets;
  head.body = body;
  const auto& s = m.summary;
  return std::make_shared<const std::string>(
      encode_cold(head, m.prefix, {s.envelope, s.bodystructure, s.body, s.parts, s.sort_keys, s.preview}));
}

std::uint32_t add(account_state& a, mailbox_state& m, std::uint64_t modseq, std::uint64_t flags,
                  page_source::cold_octets cold) {
  ++a.record.messages;
  a.record.octets += cold_row(*cold).head().size;
  return m.add(modseq, flags, std::move(cold));
}

void take_off(account_state& a, const weight& removed) {
  a.record.messages -= removed.messages;
  a.record.octets -= removed.octets;
}

/// Bits of `messages` in another mailbox; nothing when its list of keywords would be too long, unless `drop` says that
/// those without room are left out.
std::optional<std::vector<std::uint64_t>> translate(const mailbox_state& from, mailbox_state& to,
                                                    const std::vector<stored_message>& messages, bool drop) {
  std::uint64_t used = 0;
  for (const auto& m : messages) used |= m.flags;
  const auto names = from.keywords_of(used);
  if (!to.bits_of({0, names}, drop)) return std::nullopt;
  std::vector<std::uint64_t> bits;
  bits.reserve(messages.size());
  std::uint64_t last_from = 0, last_to = 0;
  for (const auto& m : messages) {
    if (m.flags != last_from) {
      last_from = m.flags;
      last_to = *to.bits_of({m.flags & flag::system_mask, from.keywords_of(m.flags)}, drop);
    }
    bits.push_back(last_to);
  }
  return bits;
}

std::uint64_t mask_of(std::uint8_t kept) {
  std::uint64_t mask = 0;
  if ((kept & keep_flags::seen) != 0) mask |= flag::seen;
  if ((kept & keep_flags::deleted) != 0) mask |= flag::deleted;
  if ((kept & keep_flags::others) != 0) mask |= ~(flag::seen | flag::deleted);
  return mask;
}

/// Who has seen a message has seen its copy.
void carry_seen(shard_state& shard, const mailbox_state& from, const mailbox_state& to, const command_result& moved) {
  std::vector<std::pair<base::account_id, uid_ranges>> readers;
  auto& rows = shard.store().pending;
  rows.scan(key::of_mailbox(family::reader_seen, from.account(), from.id()), [&](std::string_view k, std::string_view value) {
    key_reader in(k);
    in.u64();
    in.u32();
    readers.emplace_back(in.u64(), read_ranges(value));
    return true;
  });
  for (const auto& [reader, seen] : readers) {
    uid_ranges copies;
    for (std::size_t i = 0; i < moved.uids.size(); ++i)
      if (contains(seen, moved.source_uids[i])) append_uid(copies, moved.uids[i]);
    if (copies.empty()) continue;
    write_seen(rows, to.account(), to.id(), reader, united(read_seen(rows, to.account(), to.id(), reader), copies));
  }
}

/// How messages go from one mailbox to another.
struct passage {
  bool leave = false;                    ///< they are removed where they were
  std::uint8_t keep = keep_flags::all;
  bool drop_keywords = false;            ///< those without room are left out, else nothing goes
};

/// The mailboxes may be of two accounts.
command_result pass(shard_state& shard, account_state& a, mailbox_state& from, account_state& b, mailbox_state& to,
                    const uid_ranges& uids, base::wall_time now, const passage& how) {
  auto messages = from.take_copies(uids, base::to_milliseconds(now));
  if (messages.empty()) return about(to);
  if (!to.room_for_uids(messages.size())) return no(outcome::over_limit);
  if (how.keep != keep_flags::all)
    for (auto& m : messages) m.flags &= mask_of(how.keep);
  const auto bits = translate(from, to, messages, how.drop_keywords);
  if (!bits) return no(outcome::over_limit);
  const auto modseq = to.step();
  auto result = about(to);
  result.uids.reserve(messages.size());
  result.source_uids.reserve(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    result.source_uids.push_back(messages[i].uid);
    result.uids.push_back(add(b, to, modseq, (*bits)[i], std::move(messages[i].cold)));
  }
  if (&a == &b && from.seen_per_reader() && to.seen_per_reader()) carry_seen(shard, from, to, result);
  shard.changed(b, to);
  if (how.leave) {
    take_off(a, from.remove(result.source_uids, &from == &to ? modseq : from.step()));
    shard.changed(a, from);
  }
  return result;
}

command_result transfer(shard_state& shard, base::account_id id, base::wall_time now, base::mailbox_id from_id,
                        base::mailbox_id to_id, const uid_ranges& uids, const passage& how) {
  auto& a = shard.account(id);
  auto* from = shard.mailbox(a, from_id);
  auto* to = shard.mailbox(a, to_id);
  if (from == nullptr || to == nullptr) return no(outcome::no_such_mailbox);
  return pass(shard, a, *from, a, *to, uids, now, how);
}

/// The mailbox of this name, made if need be; INBOX when it cannot be.
mailbox_state& named_or_inbox(shard_state& shard, account_state& a, const std::string& name, base::wall_time now) {
  if (name != "INBOX") {
    if (auto* m = shard.mailbox_named(a, name)) return *m;
    if (const auto made = make_mailbox(shard, a, now, {name, ""}); made.what == outcome::done) return *shard.mailbox(a, made.mailbox);
  }
  return *shard.mailbox(a, base::mailbox_id{a.record.inbox});
}

/// A mailbox of what was removed is there while it has messages.
void drop_when_empty(shard_state& shard, account_state& a, mailbox_state& m) {
  if (is_of_removed(a.id) && m.record.messages == 0 && m.id().value != a.record.inbox) shard.remove_mailbox(a, m);
}

/// The folder that is asked for, made if that is asked for too, else INBOX.
mailbox_state& destination(shard_state& shard, account_state& a, base::wall_time now, const deliver& c) {
  const auto folder = canonical_name(c.folder);
  if (c.create) return named_or_inbox(shard, a, folder, now);
  auto* m = folder == "INBOX" ? nullptr : shard.mailbox_named(a, folder);
  return m != nullptr ? *m : *shard.mailbox(a, base::mailbox_id{a.record.inbox});
}

} // namespace

command_result apply(shard_state& shard, base::account_id id, base::wall_time now, const append& c,
                     std::span<const body_ref> bodies) {
  if (bodies.size() != c.messages.size()) return no(outcome::malformed);
  auto& a = shard.account(id);
  auto* m = shard.mailbox(a, c.mailbox);
  if (m == nullptr) return no(outcome::no_such_mailbox);
  if (c.messages.empty()) return about(*m);
  if (!m->room_for_uids(c.messages.size())) return no(outcome::over_limit);
  flag_set all; // all or none: room for every keyword first
  for (const auto& message : c.messages)
    all.keywords.insert(all.keywords.end(), message.flags.keywords.begin(), message.flags.keywords.end());
  if (!m->bits_of(all, false)) return no(outcome::over_limit);
  const auto modseq = m->step();
  auto result = about(*m);
  const bool own_seen = c.reader && m->seen_per_reader();
  uid_ranges seen;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const auto& message = c.messages[i];
    auto bits = *m->bits_of(message.flags, false);
    const bool has = own_seen && (bits & flag::seen) != 0;
    if (own_seen) bits &= ~flag::seen;
    result.uids.push_back(add(a, *m, modseq, bits, cold_of(shard, a, now, message, bodies[i])));
    if (has) append_uid(seen, result.uids.back());
  }
  if (!seen.empty()) {
    auto& rows = shard.store().pending;
    write_seen(rows, id, m->id(), c.reader, united(read_seen(rows, id, m->id(), c.reader), seen));
  }
  shard.changed(a, *m);
  return result;
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time now, const replace_message& c,
                     std::span<const body_ref> bodies) {
  auto& a = shard.account(id);
  auto* from = shard.mailbox(a, c.from);
  auto old = from == nullptr ? std::vector<std::uint32_t>() : from->expungible(uid_ranges{{c.uid, c.uid}}, true);
  if (old.empty()) return no(outcome::no_such_record);
  auto result = apply(shard, id, now, append{c.to, {c.message}}, bodies);
  if (result.what != outcome::done) return result;
  from = shard.mailbox(a, c.from);
  if (c.from != c.to) result.modseq = from->step();
  take_off(a, from->remove(old, result.modseq));
  shard.changed(a, *from);
  result.source_uids = std::move(old);
  return result;
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time now, const deliver& c,
                     std::span<const body_ref> bodies) {
  if (bodies.size() != 1) return no(outcome::malformed);
  if (c.origin != 0) {
    shard.deliveries().forget(now);
    if (shard.deliveries().knows({id.value, c.origin, c.recipient})) return no(outcome::already_done);
  }
  auto& a = shard.account(id);
  auto& m = destination(shard, a, now, c);
  if (!m.room_for_uids(1)) return no(outcome::over_limit);
  if (c.origin != 0) shard.deliveries().remember({id.value, c.origin, c.recipient}, now);
  const auto flags = *m.bits_of(c.message.flags, true); // mail is not refused for a keyword
  const auto modseq = m.step();
  auto result = about(m);
  result.uids.push_back(add(a, m, modseq, flags, cold_of(shard, a, now, c.message, bodies.front())));
  shard.changed(a, m);
  return result;
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time, const store_flags& c) {
  auto& a = shard.account(id);
  auto* m = shard.mailbox(a, c.mailbox);
  if (m == nullptr) return no(outcome::no_such_mailbox);
  const auto keywords = m->record.keywords.size();
  const auto named = c.change == flag_change::remove || (c.may & keep_flags::others) == 0 ? m->known_bits_of(c.flags)
                                                                                           : m->bits_of(c.flags, false);
  if (!named) return no(outcome::over_limit);
  const auto mask = mask_of(c.may);
  const auto bits = *named & mask;
  command_result result;
  bool changed;
  if (c.reader && m->seen_per_reader()) {
    auto& rows = shard.store().pending;
    const auto before = read_seen(rows, id, m->id(), c.reader);
    auto seen = before;
    changed = m->store_for_reader(c.uids, c.change, bits, c.unchanged_since, result.uids, result.refused_uids, mask, seen);
    if (seen != before) write_seen(rows, id, m->id(), c.reader, seen);
  } else {
    changed = m->store(c.uids, c.change, bits, c.unchanged_since, result.uids, result.refused_uids, mask);
  }
  if (changed || m->record.keywords.size() != keywords) shard.changed(a, *m);
  result.mailbox = m->id();
  result.uid_validity = m->record.uid_validity;
  result.modseq = m->record.highest_modseq;
  return result;
}

void keep_removed(shard_state& shard, mailbox_state& from, const uid_ranges& uids, base::wall_time now) {
  if (is_of_removed(from.account()) || from.record.messages == 0) return;
  auto& a = shard.account(from.account());
  auto& b = shard.account(removed_of(from.account()));
  auto& to = named_or_inbox(shard, b, from.record.name, now);
  pass(shard, a, from, b, to, uids, now, {false, keep_flags::all, true});
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time now, const expunge& c) {
  auto& a = shard.account(id);
  auto* m = shard.mailbox(a, c.mailbox);
  if (m == nullptr) return no(outcome::no_such_mailbox);
  auto uids = m->expungible(c.uids, c.even_undeleted, c.unseen_only);
  if (!uids.empty()) {
    if (c.keep) {
      uid_ranges ranges;
      for (const auto uid : uids) append_uid(ranges, uid);
      keep_removed(shard, *m, ranges, now);
    }
    take_off(a, m->remove(uids, m->step()));
    shard.changed(a, *m);
  }
  auto result = about(*m);
  result.uids = std::move(uids);
  drop_when_empty(shard, a, *m);
  return result;
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time now, const restore_messages& c) {
  if (is_of_removed(id)) return no(outcome::not_allowed);
  auto& removed = shard.look_at(removed_of(id));
  const auto name = canonical_name(c.mailbox);
  auto* from = shard.mailbox_named(removed, name);
  if (from == nullptr) return no(outcome::no_such_mailbox);
  auto& a = shard.account(id);
  // What is restored is not to be expunged again at once.
  auto result = pass(shard, removed, *from, a, named_or_inbox(shard, a, name, now), c.uids, now,
                     {true, keep_flags::all & ~keep_flags::deleted, true});
  drop_when_empty(shard, removed, *from);
  return result;
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time now, const copy_messages& c) {
  return transfer(shard, id, now, c.from, c.to, c.uids, {false, c.keep});
}

command_result apply(shard_state& shard, base::account_id id, base::wall_time now, const move_messages& c) {
  return transfer(shard, id, now, c.from, c.to, c.uids, {true, c.keep});
}

command_result apply(shard_state& shard, const relocate_body& c, std::span<const body_ref> bodies) {
  if (bodies.size() != 1) return no(outcome::malformed);
  const auto& to = bodies.front();
  struct reference {
    std::uint32_t uid;
    body_row row;
  };
  std::map<std::tuple<std::uint64_t, std::uint32_t, std::uint32_t>, std::vector<reference>> by_page;
  auto& pending = shard.store().pending;
  pending.scan(key::bodies_at(c.old_segment, c.old_offset), [&](std::string_view k, std::string_view value) {
    key_reader in(k);
    in.u64(); // segment and offset
    const auto account = in.u64();
    const auto mailbox = in.u32();
    const auto uid = in.u32();
    base::check(in.ok(), "mail tree: damaged key of a body row");
    const auto row = read_body_row(value);
    by_page[{account, mailbox, row.page}].push_back({uid, row});
    return true;
  });
  command_result result;
  for (const auto& [place, references] : by_page) {
    const auto [account, mailbox, page] = place;
    auto& a = shard.look_at(base::account_id{account});
    auto* m = shard.mailbox(a, base::mailbox_id{mailbox});
    base::check(m != nullptr, "mail tree: a body row without its mailbox");
    std::vector<std::uint32_t> slots;
    for (const auto& r : references) {
      slots.push_back(r.row.slot);
      pending.remove(key::body(c.old_segment, c.old_offset, a.id, m->id(), r.uid));
      pending.put(key::body(to.segment, to.offset, a.id, m->id(), r.uid),
                  encode(body_row{to.id, to.length, r.row.page, r.row.slot}));
    }
    m->relocate(page, slots, to);
    shard.changed_silently(a, *m);
    result.number += references.size();
  }
  return result;
}

} // namespace rookery::storage::mail
