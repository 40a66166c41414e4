#include "tests/storage/mail/mail_model.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace rookery::storage::mail {
namespace {

bool in_ranges(const uid_ranges& ranges, std::uint32_t uid) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const auto& r) { return r.first <= uid && uid <= r.second; });
}

command_result no(outcome what) {
  command_result r;
  r.what = what;
  return r;
}

std::string canonical(const std::string& name) { return base::iequals(name, "INBOX") ? "INBOX" : name; }

bool acceptable(const std::string& name) {
  return !name.empty() && name.size() <= 1024 && name.front() != '/' && name.back() != '/' &&
         name.find("//") == std::string::npos;
}

void line(std::string& out, std::initializer_list<std::string> fields) {
  for (const auto& f : fields) out.append(f).push_back('|');
  out.push_back('\n');
}

std::string n(std::uint64_t v) { return std::to_string(v); }

/// Accounts 1..`most`, and those of what was removed from them.
std::vector<std::uint64_t> with_removed(std::uint64_t most) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t id = 1; id <= most; ++id)
    for (const auto one : {id, removed_of(base::account_id{id}).value}) out.push_back(one);
  return out;
}

template <class T>
std::string joined(const T& values) {
  std::string out;
  for (const auto& v : values) {
    if constexpr (std::is_convertible_v<decltype(v), std::string>) out += v;
    else out += std::to_string(v);
    out += ' ';
  }
  return out;
}

} // namespace

std::uint32_t mail_model::named(const account& a, const std::string& name) const {
  for (const auto& [id, m] : a.mailboxes)
    if (m.name == name) return id;
  return 0;
}

mail_model::account& mail_model::with_inbox(std::uint64_t id) {
  auto& a = accounts_[id];
  if (named(a, "INBOX") == 0) {
    const auto validity = std::max(static_cast<std::uint32_t>(id % 1'000'000'000) + 1, a.validity + 1);
    a.mailboxes[a.next++] = {"INBOX", "", validity, 1, 1, {}, {}, {}};
    a.validity = validity;
  }
  return a;
}

std::uint32_t mail_model::make(account& a, std::int64_t time, const std::string& name, const std::string& use) {
  a.validity = std::max(static_cast<std::uint32_t>(time / 1000), a.validity + 1);
  mailbox made{name, use, a.validity, 1, 1, {}, {}, {}};
  for (auto above = name; above.find('/') != std::string::npos;) {
    above.erase(above.rfind('/'));
    if (const auto at = named(a, above)) {
      made.rights = a.mailboxes[at].rights;
      made.seen_per_reader = a.mailboxes[at].seen_per_reader;
      break;
    }
  }
  a.mailboxes[a.next] = made;
  return a.next++;
}

bool mail_model::enter_keywords(mailbox& m, const std::vector<std::string>& names) {
  auto list = m.keywords;
  for (const auto& name : names)
    if (std::none_of(list.begin(), list.end(), [&](const auto& k) { return base::iequals(k, name); })) list.push_back(name);
  if (list.size() > flag::keywords_max) return false;
  m.keywords = list;
  return true;
}

std::set<std::string> spelled(const std::vector<std::string>& list, const auto& names) {
  std::set<std::string> out;
  for (const auto& name : names)
    for (const auto& k : list)
      if (base::iequals(k, name)) out.insert(k);
  return out;
}

std::uint32_t mail_model::add(account& a, mailbox& m, std::int64_t time, const new_message& made, const body_ref& body) {
  message msg;
  msg.system = made.flags.system;
  msg.keywords = spelled(m.keywords, made.flags.keywords);
  msg.modseq = m.modseq;
  msg.internal_date = base::to_milliseconds(made.internal_date);
  msg.save_date = time;
  msg.body = body;
  msg.made = made;
  std::vector<std::string> ids;
  for (const auto id : base::split(made.summary.thread_key, '\n'))
    if (!id.empty()) ids.emplace_back(id);
  for (const auto& id : ids)
    if (msg.thread == 0 && a.threads.contains(id)) msg.thread = a.threads[id];
  if (msg.thread == 0) msg.thread = a.thread_next++;
  for (const auto& id : ids) a.threads.emplace(id, msg.thread);
  m.messages[m.uid_next] = msg;
  return m.uid_next++;
}

command_result mail_model::transfer(std::uint64_t id, std::int64_t time, std::uint32_t from, std::uint32_t to,
                                    const uid_ranges& uids, bool leave, std::uint8_t keep) {
  auto& a = with_inbox(id);
  if (!a.mailboxes.contains(from) || !a.mailboxes.contains(to)) return no(outcome::no_such_mailbox);
  return pass(a, from, a, to, uids, time, leave, keep, false);
}

command_result mail_model::pass(account& a, std::uint32_t from, account& b, std::uint32_t to, const uid_ranges& uids, std::int64_t time,
                                bool leave, std::uint8_t keep, bool drop_keywords) {
  auto& source = a.mailboxes[from];
  auto& target = b.mailboxes[to];
  command_result r;
  std::vector<message> taken;
  std::vector<std::string> words;
  for (const auto& [uid, m] : source.messages)
    if (in_ranges(uids, uid)) {
      r.source_uids.push_back(uid);
      taken.push_back(m);
      auto& copy = taken.back();
      if ((keep & keep_flags::seen) == 0) copy.system &= ~flag::seen;
      if ((keep & keep_flags::deleted) == 0) copy.system &= ~flag::deleted;
      if ((keep & keep_flags::others) == 0) {
        copy.system &= flag::seen | flag::deleted;
        copy.keywords.clear();
      }
    }
  for (const auto& k : source.keywords)
    if (std::any_of(taken.begin(), taken.end(), [&](const auto& m) { return m.keywords.contains(k); })) words.push_back(k);
  if (drop_keywords)
    for (const auto& word : words) enter_keywords(target, {word});
  else if (!enter_keywords(target, words)) return no(outcome::over_limit);
  if (!taken.empty()) ++target.modseq;
  for (auto& m : taken) {
    m.keywords = spelled(target.keywords, m.keywords);
    m.modseq = target.modseq;
    m.save_date = time;
    r.uids.push_back(target.uid_next);
    target.messages[target.uid_next++] = m;
  }
  if (&a == &b && source.seen_per_reader && target.seen_per_reader)
    for (const auto& [reader, seen] : std::map(source.seen))
      for (std::size_t i = 0; i < r.uids.size(); ++i)
        if (seen.contains(r.source_uids[i])) target.seen[reader].insert(r.uids[i]);
  r.mailbox = base::mailbox_id{to};
  r.uid_validity = target.uid_validity;
  r.modseq = target.modseq;
  if (leave && !taken.empty()) {
    if (&source != &target) ++source.modseq;
    for (const auto uid : r.source_uids) {
      source.messages.erase(uid);
      source.vanished.emplace_back(source.modseq, uid);
    }
  }
  return r;
}

std::uint32_t mail_model::made_or_inbox(account& a, std::int64_t time, const std::string& name) {
  auto at = named(a, name);
  if (at == 0 && acceptable(name)) at = make(a, time, name, "");
  return at != 0 ? at : named(a, "INBOX");
}

void mail_model::keep_removed(std::uint64_t id, std::uint32_t from, const uid_ranges& uids, std::int64_t time) {
  auto& a = with_inbox(id);
  if (is_of_removed(base::account_id{id}) || a.mailboxes[from].messages.empty()) return;
  auto& b = with_inbox(removed_of(base::account_id{id}).value);
  pass(a, from, b, made_or_inbox(b, time, a.mailboxes[from].name), uids, time, false, keep_flags::all, true);
}

void mail_model::drop_when_empty(std::uint64_t id, std::uint32_t which) {
  auto& a = accounts_[id];
  if (is_of_removed(base::account_id{id}) && a.mailboxes[which].messages.empty() && a.mailboxes[which].name != "INBOX")
    a.mailboxes.erase(which);
}

command_result mail_model::apply(const committed_command& c) {
  const auto read = std::move(decode_command(c.payload)).value();
  const auto id = read.account.value;
  const auto time = base::to_milliseconds(read.time);
  const auto about = [](std::uint32_t at, const mailbox& m) {
    command_result r;
    r.mailbox = base::mailbox_id{at};
    r.uid_validity = m.uid_validity;
    r.modseq = m.modseq;
    return r;
  };
  if (const auto* v = std::get_if<create_mailbox>(&read.what)) {
    const auto name = canonical(v->name);
    if (name == "INBOX" && named(accounts_[id], name) == 0) {
      const auto at = make(accounts_[id], time, name, v->special_use);
      return about(at, accounts_[id].mailboxes[at]);
    }
    auto& a = with_inbox(id);
    if (!acceptable(name)) return no(outcome::not_allowed);
    if (named(a, name) != 0) return no(outcome::mailbox_exists);
    const auto at = make(a, time, name, v->special_use);
    return about(at, a.mailboxes[at]);
  }
  if (std::holds_alternative<drop_account>(read.what)) {
    const auto drop = [](account& a) {
      a.mailboxes.clear();
      a.subscriptions.clear();
      a.threads.clear();
      a.metadata.clear();
      a.begun = false;
    };
    drop(accounts_[removed_of(base::account_id{id}).value]);
    auto& a = accounts_[id];
    if (a.next == 1) return no(outcome::no_such_account);
    drop(a);
    return {};
  }
  if (const auto* v = std::get_if<relocate_body>(&read.what)) {
    command_result r;
    for (auto& [aid, a] : accounts_)
      for (auto& [mid, m] : a.mailboxes)
        for (auto& [uid, msg] : m.messages)
          if (msg.body.segment == v->old_segment && msg.body.offset == v->old_offset) {
            msg.body = c.bodies.front();
            ++r.number;
          }
    return r;
  }
  if (const auto* v = std::get_if<deliver>(&read.what)) {
    if (v->origin != 0 && !delivered_.emplace(id, v->origin, v->recipient).second) return no(outcome::already_done);
    auto& a = with_inbox(id);
    const auto folder = canonical(v->folder);
    auto at = v->create ? made_or_inbox(a, time, folder) : named(a, folder);
    if (at == 0) at = named(a, "INBOX");
    auto& m = a.mailboxes[at];
    for (const auto& word : v->message.flags.keywords) enter_keywords(m, {word});
    ++m.modseq;
    auto r = about(at, m);
    r.uids.push_back(add(a, m, time, v->message, c.bodies.front()));
    return r;
  }
  auto& a = with_inbox(id);
  if (const auto* v = std::get_if<delete_mailbox>(&read.what)) {
    const auto name = canonical(v->name);
    if (name == "INBOX") return no(outcome::not_allowed);
    const auto at = named(a, name);
    if (at == 0) return no(outcome::no_such_mailbox);
    const auto r = about(at, a.mailboxes[at]);
    if (v->keep) keep_removed(id, at, {{1, 0xffffffffu}}, time);
    a.mailboxes.erase(at);
    return r;
  }
  if (const auto* v = std::get_if<rename_mailbox>(&read.what)) {
    const auto from = canonical(v->from), to = canonical(v->to);
    if (!acceptable(to)) return no(outcome::not_allowed);
    if (named(a, to) != 0) return no(outcome::mailbox_exists);
    if (from == "INBOX") {
      const auto inbox = named(a, from);
      const auto at = make(a, time, to, "");
      transfer(id, time, inbox, at, {{1, 0xffffffffu}}, true, keep_flags::all);
      return about(at, a.mailboxes[at]);
    }
    std::map<std::string, std::uint32_t> moved;
    for (const auto& [mid, m] : a.mailboxes)
      if (m.name == from || m.name.starts_with(from + "/")) moved[m.name] = mid;
    if (moved.empty()) return no(outcome::no_such_mailbox);
    if (to.starts_with(from + "/")) return no(outcome::not_allowed);
    for (const auto& [name, mid] : moved) {
      const auto target = to + name.substr(from.size());
      if (!moved.contains(target) && named(a, target) != 0) return no(outcome::mailbox_exists);
    }
    for (const auto& [name, mid] : moved) a.mailboxes[mid].name = to + name.substr(from.size());
    const auto first = moved.contains(from) ? moved[from] : moved.begin()->second;
    return about(first, a.mailboxes[first]);
  }
  if (const auto* v = std::get_if<subscribe>(&read.what)) {
    if (v->on) a.subscriptions.insert(canonical(v->name));
    else a.subscriptions.erase(canonical(v->name));
    return {};
  }
  if (const auto* v = std::get_if<set_special_use>(&read.what)) {
    const auto at = named(a, canonical(v->name));
    if (at == 0) return no(outcome::no_such_mailbox);
    a.mailboxes[at].special_use = v->special_use;
    return about(at, a.mailboxes[at]);
  }
  if (const auto* v = std::get_if<append>(&read.what)) {
    if (!a.mailboxes.contains(v->mailbox.value)) return no(outcome::no_such_mailbox);
    auto& m = a.mailboxes[v->mailbox.value];
    std::vector<std::string> words;
    for (const auto& made : v->messages)
      words.insert(words.end(), made.flags.keywords.begin(), made.flags.keywords.end());
    if (!v->messages.empty()) {
      if (!enter_keywords(m, words)) return no(outcome::over_limit);
      ++m.modseq;
    }
    auto r = about(v->mailbox.value, m);
    for (std::size_t i = 0; i < v->messages.size(); ++i) {
      auto made = v->messages[i];
      const bool own = v->reader && m.seen_per_reader;
      const bool has = own && (made.flags.system & flag::seen) != 0;
      if (own) made.flags.system &= ~flag::seen;
      r.uids.push_back(add(a, m, time, made, c.bodies[i]));
      if (has) m.seen[v->reader.value].insert(r.uids.back());
    }
    return r;
  }
  if (const auto* v = std::get_if<replace_message>(&read.what)) {
    if (!a.mailboxes.contains(v->from.value) || !a.mailboxes[v->from.value].messages.contains(v->uid))
      return no(outcome::no_such_record);
    if (!a.mailboxes.contains(v->to.value)) return no(outcome::no_such_mailbox);
    auto& to = a.mailboxes[v->to.value];
    if (!enter_keywords(to, v->message.flags.keywords)) return no(outcome::over_limit);
    ++to.modseq;
    auto r = about(v->to.value, to);
    r.uids.push_back(add(a, to, time, v->message, c.bodies[0]));
    auto& from = a.mailboxes[v->from.value];
    if (v->from != v->to) ++from.modseq;
    from.messages.erase(v->uid);
    from.vanished.emplace_back(from.modseq, v->uid);
    r.source_uids = {v->uid};
    r.modseq = from.modseq;
    return r;
  }
  if (const auto* v = std::get_if<store_flags>(&read.what)) {
    if (!a.mailboxes.contains(v->mailbox.value)) return no(outcome::no_such_mailbox);
    auto& m = a.mailboxes[v->mailbox.value];
    const bool words_too = (v->may & keep_flags::others) != 0;
    if (v->change != flag_change::remove && words_too && !enter_keywords(m, v->flags.keywords)) return no(outcome::over_limit);
    const auto words = words_too ? spelled(m.keywords, v->flags.keywords) : std::set<std::string>();
    std::uint64_t mask = 0;
    if ((v->may & keep_flags::seen) != 0) mask |= flag::seen;
    if ((v->may & keep_flags::deleted) != 0) mask |= flag::deleted;
    if (words_too) mask |= flag::system_mask & ~(flag::seen | flag::deleted);
    const auto system = v->flags.system & mask;
    command_result r;
    bool changed = false;
    for (auto& [uid, msg] : m.messages) {
      if (!in_ranges(v->uids, uid)) continue;
      if (v->unchanged_since && msg.modseq > *v->unchanged_since) {
        r.refused_uids.push_back(uid);
        continue;
      }
      r.uids.push_back(uid);
      const auto before = msg;
      const bool own = v->reader && m.seen_per_reader;
      auto& seen = m.seen[v->reader.value];
      const bool had = seen.contains(uid);
      if (own) msg.system = (msg.system & ~flag::seen) | (had ? flag::seen : 0);
      if (v->change == flag_change::replace) {
        msg.system = system | (msg.system & ~mask);
        if (words_too) msg.keywords = words;
      } else if (v->change == flag_change::add) {
        msg.system |= system;
        msg.keywords.insert(words.begin(), words.end());
      } else {
        msg.system &= ~system;
        for (const auto& w : words) msg.keywords.erase(w);
      }
      bool turned = false;
      if (own) {
        const bool has = (msg.system & flag::seen) != 0;
        turned = has != had;
        if (has) seen.insert(uid);
        else seen.erase(uid);
        msg.system = (msg.system & ~flag::seen) | (before.system & flag::seen);
      }
      if (!turned && msg.system == before.system && msg.keywords == before.keywords) continue;
      msg.modseq = m.modseq + 1;
      changed = true;
    }
    if (changed) ++m.modseq;
    const auto at = about(v->mailbox.value, m);
    r.mailbox = at.mailbox;
    r.uid_validity = at.uid_validity;
    r.modseq = at.modseq;
    return r;
  }
  if (const auto* v = std::get_if<expunge>(&read.what)) {
    if (!a.mailboxes.contains(v->mailbox.value)) return no(outcome::no_such_mailbox);
    auto& m = a.mailboxes[v->mailbox.value];
    std::vector<std::uint32_t> uids;
    for (const auto& [uid, msg] : m.messages)
      if ((!v->uids || in_ranges(*v->uids, uid)) && (v->even_undeleted || (msg.system & flag::deleted) != 0) &&
          (!v->unseen_only || (msg.system & flag::seen) == 0))
        uids.push_back(uid);
    if (!uids.empty() && v->keep) {
      uid_ranges ranges;
      for (const auto uid : uids) ranges.emplace_back(uid, uid);
      keep_removed(id, v->mailbox.value, ranges, time);
    }
    if (!uids.empty()) ++m.modseq;
    for (const auto uid : uids) {
      m.messages.erase(uid);
      m.vanished.emplace_back(m.modseq, uid);
    }
    auto r = about(v->mailbox.value, m);
    r.uids = uids;
    drop_when_empty(id, v->mailbox.value);
    return r;
  }
  if (const auto* v = std::get_if<begin_account>(&read.what)) {
    if (a.begun) return no(outcome::already_done);
    a.begun = true;
    command_result r;
    const bool untouched = a.mailboxes.size() == 1 && a.next == a.mailboxes.begin()->first + 1;
    for (const auto& first : v->mailboxes) {
      const auto name = canonical(first.name);
      if (!untouched || !acceptable(name) || named(a, name) != 0) continue;
      make(a, time, name, first.special_use);
      if (first.subscribed) a.subscriptions.insert(name);
      ++r.number;
    }
    return r;
  }
  if (const auto* v = std::get_if<restore_messages>(&read.what)) {
    if (is_of_removed(base::account_id{id})) return no(outcome::not_allowed);
    const auto from_id = removed_of(base::account_id{id}).value;
    auto& removed = accounts_[from_id];
    const auto name = canonical(v->mailbox);
    const auto from = named(removed, name);
    if (from == 0) return no(outcome::no_such_mailbox);
    const auto r = pass(removed, from, a, made_or_inbox(a, time, name), v->uids, time, true, keep_flags::all & ~keep_flags::deleted, true);
    drop_when_empty(from_id, from);
    return r;
  }
  if (const auto* v = std::get_if<copy_messages>(&read.what))
    return transfer(id, time, v->from.value, v->to.value, v->uids, false, v->keep);
  if (const auto* v = std::get_if<move_messages>(&read.what))
    return transfer(id, time, v->from.value, v->to.value, v->uids, true, v->keep);
  if (const auto* v = std::get_if<set_rights>(&read.what)) {
    if (!a.mailboxes.contains(v->mailbox.value)) return no(outcome::no_such_mailbox);
    if (v->who.empty()) return no(outcome::not_allowed);
    auto& m = a.mailboxes[v->mailbox.value];
    auto& rights = m.rights[v->who];
    rights = v->how == rights_step::replace ? v->rights : v->how == rights_step::add ? rights | v->rights : rights & ~v->rights;
    auto r = about(v->mailbox.value, m);
    r.number = rights;
    if (rights == 0) m.rights.erase(v->who);
    return r;
  }
  if (const auto* v = std::get_if<set_seen_mode>(&read.what)) {
    if (!a.mailboxes.contains(v->mailbox.value)) return no(outcome::no_such_mailbox);
    auto& m = a.mailboxes[v->mailbox.value];
    if (m.seen_per_reader == v->per_reader) return about(v->mailbox.value, m);
    m.seen_per_reader = v->per_reader;
    m.seen.clear();
    ++m.modseq;
    for (auto& [uid, msg] : m.messages) msg.modseq = m.modseq;
    return about(v->mailbox.value, m);
  }
  const auto& v = std::get<set_metadata>(read.what);
  if (v.mailbox && !a.mailboxes.contains(v.mailbox.value)) return no(outcome::no_such_mailbox);
  auto& entries = v.mailbox ? a.mailboxes[v.mailbox.value].metadata : a.metadata;
  if (!v.reader && std::any_of(v.changes.begin(), v.changes.end(), [](const auto& change) { return change.own; }))
    return no(outcome::not_allowed);
  for (const auto& change : v.changes) {
    const std::pair k{change.own ? v.reader.value : 0, change.name};
    if (change.value) entries[k] = *change.value;
    else entries.erase(k);
  }
  command_result r;
  r.mailbox = v.mailbox;
  return r;
}

std::string mail_model::dump() const {
  std::string out;
  for (const auto id : with_removed(command_maker::accounts)) {
    auto copy = *this; // shows an INBOX where there is none
    const auto& a = copy.with_inbox(id);
    std::map<std::string, std::uint32_t> by_name;
    std::uint64_t messages = 0, octets = 0;
    for (const auto& [mid, m] : a.mailboxes) {
      by_name[m.name] = mid;
      messages += m.messages.size();
      for (const auto& [uid, msg] : m.messages) octets += msg.made.prefix.size() + msg.body.length;
    }
    const auto annotations = [&](const auto& entries) {
      for (const auto& [k, value] : entries)
        if (k.first == 0 || k.first == command_maker::guest) line(out, {"metadata", n(k.first), k.second, value});
    };
    line(out, {"account", n(id), n(messages), n(octets), a.begun ? "begun" : "", joined(a.subscriptions)});
    annotations(a.metadata);
    for (const auto& [name, mid] : by_name) {
      const auto& m = a.mailboxes.at(mid);
      for (const auto& [who, rights] : m.rights) line(out, {"rights", who, n(rights)});
      if (m.seen_per_reader) {
        std::set<std::uint32_t> seen;
        const auto of_guest = m.seen.find(command_maker::guest);
        if (of_guest != m.seen.end())
          for (const auto uid : of_guest->second)
            if (m.messages.contains(uid)) seen.insert(uid);
        line(out, {"seen", joined(seen), n(m.messages.size() - seen.size())});
      }
      annotations(m.metadata);
      std::uint64_t unseen = 0, deleted = 0, size = 0;
      for (const auto& [uid, msg] : m.messages) {
        unseen += (msg.system & flag::seen) == 0;
        deleted += (msg.system & flag::deleted) != 0;
        size += msg.made.prefix.size() + msg.body.length;
      }
      line(out, {"mailbox", n(mid), name, m.special_use, n(m.uid_validity), n(m.uid_next), n(m.messages.size()),
                 n(unseen), n(deleted), n(size), n(m.modseq), a.subscriptions.contains(name) ? "subscribed" : "",
                 joined(m.keywords)});
      std::set<std::uint32_t> vanished;
      for (const auto& [modseq, uid] : m.vanished)
        if (modseq > m.modseq / 2) vanished.insert(uid);
      line(out, {"vanished", joined(vanished)});
      for (const auto& [uid, msg] : m.messages) {
        const auto& s = msg.made.summary;
        line(out, {n(uid), n(msg.modseq), n(msg.system), joined(msg.keywords), n(static_cast<std::uint64_t>(msg.internal_date)),
                   n(static_cast<std::uint64_t>(msg.save_date)), n(msg.made.prefix.size() + msg.body.length), n(s.header_octets), n(msg.thread),
                   n(msg.body.segment), n(msg.body.offset), msg.made.prefix, s.envelope, s.bodystructure, s.body,
                   s.parts, s.sort_keys, s.preview});
      }
    }
  }
  return out;
}

std::string dump(mail_machine& machine, std::uint64_t accounts) {
  std::string out;
  for (const auto id : with_removed(accounts)) {
    const auto cell = machine.open_account(base::account_id{id});
    const auto a = cell->view();
    const auto annotations = [&](base::mailbox_id m) {
      for (const auto reader : {std::uint64_t{0}, command_maker::guest})
        for (const auto& [name, value] : machine.metadata(base::account_id{id}, m, base::account_id{reader}))
          line(out, {"metadata", n(reader), name, value});
    };
    line(out, {"account", n(id), n(a->messages), n(a->octets), a->begun ? "begun" : "", joined(a->subscriptions)});
    annotations({});
    for (const auto& listed : a->mailboxes) {
      const auto open = machine.open_mailbox(a->account, listed->id);
      if (!open) {
        line(out, {"listed but not there", listed->name});
        continue;
      }
      const auto v = open->view();
      if (v->status.access) {
        for (const auto& e : v->status.access->entries) line(out, {"rights", e.who, n(e.rights)});
        if (v->status.access->seen_per_reader) {
          const auto theirs = machine.open_mailbox(a->account, listed->id, base::account_id{command_maker::guest})->view();
          std::vector<std::uint32_t> seen;
          for (const auto& p : theirs->pages)
            for (std::size_t row = 0; row < p->rows(); ++row)
              if ((p->flags[row] & flag::seen) != 0) seen.push_back(p->uid[row]);
          line(out, {"seen", joined(seen), n(theirs->status.unseen)});
        }
      }
      annotations(listed->id);
      for (const auto* s : {listed.get(), &v->status})
        if (s == &v->status || s->highest_modseq != v->status.highest_modseq || s->subscribed != v->status.subscribed ||
            s->messages != v->status.messages || s->name != v->status.name || s->unseen != v->status.unseen)
          line(out, {"mailbox", n(s->id.value), s->name, s->special_use, n(s->uid_validity), n(s->uid_next),
                     n(s->messages), n(s->unseen), n(s->deleted), n(s->octets), n(s->highest_modseq),
                     s->subscribed ? "subscribed" : "", joined(v->keywords)});
      const auto gone = open->vanished_since(v->status.highest_modseq / 2, 100000);
      std::vector<std::uint32_t> uids;
      for (const auto& [first, last] : gone.uids)
        for (auto uid = first; uid <= last; ++uid) uids.push_back(uid);
      line(out, {"vanished", joined(uids)});
      const page* loaded = nullptr;
      std::array<std::shared_ptr<const text_rows>, text_column_count> texts;
      for (std::uint32_t i = 0; i < v->size(); ++i) {
        const auto at = v->at(i);
        for (std::size_t t = 0; t < text_column_count && at.in != loaded; ++t)
          texts[t] = load_text(*at.in, static_cast<text_column>(t));
        loaded = at.in;
        const auto& p = *at.in;
        const auto slot = p.slot[at.row];
        const auto& s = load_statics(p);
        std::set<std::string> words;
        for (std::size_t k = 0; k < v->keywords.size(); ++k)
          if ((p.flags[at.row] >> (flag::first_keyword_bit + k) & 1) != 0) words.insert(v->keywords[k]);
        const auto text = [&](text_column column) {
          return std::string(texts[static_cast<std::size_t>(column)]->row(slot));
        };
        line(out, {n(p.uid[at.row]), n(p.modseq[at.row]), n(p.flags[at.row] & flag::system_mask), joined(words),
                   n(static_cast<std::uint64_t>(s.internal_date[slot])), n(static_cast<std::uint64_t>(s.save_date[slot])),
                   n(s.size[slot]), n(s.header_octets[slot]), n(s.thread[slot]), n(s.body[slot].segment),
                   n(s.body[slot].offset), s.prefix[slot], text(text_column::envelope), text(text_column::bodystructure),
                   text(text_column::body), text(text_column::parts), text(text_column::sort_keys),
                   text(text_column::preview)});
      }
    }
  }
  return out;
}

std::string dump(const command_result& r) {
  std::string out;
  line(out, {n(static_cast<std::uint64_t>(r.what)), n(r.mailbox.value), n(r.uid_validity), n(r.modseq), n(r.number),
             joined(r.source_uids), joined(r.uids), joined(r.refused_uids)});
  return out;
}

body_ref body_at(std::uint32_t segment, std::uint32_t offset, std::uint32_t length) {
  body_ref b;
  b.segment = segment;
  b.offset = offset;
  b.length = length;
  b.id[0] = static_cast<unsigned char>(offset);
  b.id[1] = static_cast<unsigned char>(length);
  return b;
}

committed_command committed(std::uint64_t number, const command& c, std::vector<body_ref> bodies) {
  committed_command out;
  out.shard = base::shard_id{first_mail_shard};
  out.lsn = number + 1;
  out.at = {1, static_cast<std::uint32_t>(number)};
  out.next = {1, static_cast<std::uint32_t>(number + 1)};
  out.payload = encode(c);
  out.bodies = std::move(bodies);
  return out;
}

new_message command_maker::message() {
  const auto word = [&](const char* what) { return std::string(what) + std::string(below(20), 'x') + n(below(1000)); };
  new_message m;
  m.prefix = below(3) == 0 ? "" : word("Delivered-To: ");
  m.internal_date = base::from_milliseconds(time_ - below(1'000'000));
  m.flags = flags();
  m.summary = {word("env"), word("structure"), word("body"), below(2) == 0 ? "" : word("parts"), word("sort"), word("preview"),
               below(500), "id" + n(below(40)) + "@x\nid" + n(below(40)) + "@x"};
  if (below(10) == 0) m.summary.thread_key.clear();
  return m;
}

body_ref command_maker::body() {
  if (!bodies_.empty() && below(4) == 0) return bodies_[below(static_cast<std::uint32_t>(bodies_.size()))];
  offset_ += 8;
  bodies_.push_back(body_at(1 + below(3), offset_, 1 + below(5000)));
  return bodies_.back();
}

flag_set command_maker::flags() {
  static const char* const words[] = {"$Junk", "$junk", "work", "Later", "$Forwarded"};
  flag_set f;
  f.system = below(32) & below(32);
  while (below(3) == 0) f.keywords.emplace_back(below(30) == 0 ? "rare" + n(below(60)) : words[below(5)]);
  return f;
}

uid_ranges command_maker::ranges(const mail_model::mailbox* m) {
  const auto most = m != nullptr ? m->uid_next : 5;
  if (below(4) == 0) return {{1, 0xffffffffu}};
  uid_ranges out;
  std::uint32_t from = 1;
  while (from < most + 2 && out.size() < 4) {
    const auto first = from + below(most);
    const auto last = first + below(1 + most / 3);
    out.emplace_back(first, last);
    from = last + 2;
  }
  return out;
}

any_command command_maker::pick(const mail_model& model, std::uint64_t id, std::vector<body_ref>& bodies) {
  static const char* const names[] = {"INBOX", "inbox", "A", "A/B", "A/B/C", "A/D", "E", "E/B", "bad//name"};
  const auto name = [&] { return std::string(names[below(9)]); };
  const auto found = model.accounts().find(id);
  const auto any = [&]() -> base::mailbox_id {
    if (found == model.accounts().end() || found->second.mailboxes.empty() || below(20) == 0)
      return base::mailbox_id{below(30)};
    return base::mailbox_id{std::next(found->second.mailboxes.begin(),
                                      below(static_cast<std::uint32_t>(found->second.mailboxes.size())))->first};
  };
  const auto look = [&](base::mailbox_id m) -> const mail_model::mailbox* {
    if (found == model.accounts().end()) return nullptr;
    const auto at = found->second.mailboxes.find(m.value);
    return at == found->second.mailboxes.end() ? nullptr : &at->second;
  };
  static const char* const whos[] = {"#9", "-#9", "anyone", "$staff@x", "#2", ""};
  const auto reader = [&] { return base::account_id{below(2) == 0 ? guest : 0}; };
  const auto keep = [&] { return below(3) == 0 ? static_cast<std::uint8_t>(below(7)) : keep_flags::all; };
  switch (below(34)) {
  case 24: case 25: return set_rights{any(), whos[below(6)], static_cast<rights_step>(below(3)), below(8)};
  case 26: case 27: return set_seen_mode{any(), below(4) != 0};
  case 28: case 29: {
    set_metadata s{below(3) == 0 ? base::mailbox_id{} : any(), reader(), {}};
    for (auto many = 1 + below(3); many > 0; --many) {
      auto& change = s.changes.emplace_back();
      change.name = "/private/e" + n(below(4));
      change.own = below(2) == 0;
      if (below(3) != 0) change.value = n(below(1000));
    }
    return s;
  }
  case 30: return begin_account{{{"A", "\\Sent"}, {name(), "", below(2) == 0}}};
  case 31: return restore_messages{name(), ranges(look(any()))};
  case 32: case 33: { // what was removed, for good
    const auto shadow = model.accounts().find(removed_of(base::account_id{id}).value);
    if (shadow == model.accounts().end() || shadow->second.mailboxes.empty()) return subscribe{name(), false};
    const auto& [number, box] = *std::next(shadow->second.mailboxes.begin(), below(static_cast<std::uint32_t>(shadow->second.mailboxes.size())));
    of_removed_ = true;
    return expunge{base::mailbox_id{number}, ranges(&box), true};
  }
  case 0: case 1: return create_mailbox{name(), below(3) == 0 ? "\\Sent" : ""};
  case 2: return delete_mailbox{name(), below(2) == 0};
  case 3: return rename_mailbox{name(), name()};
  case 4: return subscribe{name(), below(3) != 0};
  case 5: return set_special_use{name(), below(2) == 0 ? "\\Trash" : ""};
  case 6: case 7: case 8: {
    append a{any(), {}, reader()};
    const auto many = below(12) == 0 ? 100 + below(400) : below(5);
    for (std::uint32_t i = 0; i < many; ++i) {
      a.messages.push_back(message());
      bodies.push_back(body());
    }
    return a;
  }
  case 9: case 10: case 11: case 12: case 13: {
    deliver d;
    d.folder = name();
    d.create = below(2) == 0;
    d.origin = below(4) == 0 ? 0 : 1 + below(200);
    d.recipient = below(3);
    d.message = message();
    bodies.push_back(body());
    return d;
  }
  case 14: case 15: case 16: {
    const auto m = any();
    store_flags s{m, ranges(look(m)), static_cast<flag_change>(below(3)), flags(), std::nullopt, reader()};
    if (s.reader) s.may = keep();
    if (below(3) == 0) s.unchanged_since = below(40);
    return s;
  }
  case 17: case 18: {
    const auto m = any();
    expunge e{m, std::nullopt, below(8) == 0};
    if (below(2) == 0 || e.even_undeleted) e.uids = ranges(look(m));
    e.unseen_only = below(4) == 0;
    e.keep = below(2) == 0;
    return e;
  }
  case 19: case 20: {
    const auto m = any();
    return copy_messages{m, below(5) == 0 ? m : any(), ranges(look(m)), keep()};
  }
  case 21: {
    const auto m = any();
    return move_messages{m, below(5) == 0 ? m : any(), ranges(look(m)), keep()};
  }
  case 22:
    if (below(2) == 0) {
      const auto m = any();
      const auto which = ranges(look(m));
      bodies.push_back(body());
      return replace_message{m, below(3) == 0 ? m : any(), which.empty() ? 1 : which.front().first, message()};
    }
    if (below(12) == 0) return drop_account{};
    return subscribe{name(), true};
  default: return relocate(bodies);
  }
}

any_command command_maker::relocate(std::vector<body_ref>& bodies) {
  if (bodies_.empty()) return subscribe{"A", false};
  auto& old = bodies_[below(static_cast<std::uint32_t>(bodies_.size()))];
  const relocate_body r{old.segment, old.offset};
  offset_ += 8;
  old.segment = 1 + below(3);
  old.offset = offset_;
  bodies.push_back(old);
  return r;
}

any_command command_maker::pick_page_work(const mail_model& model, std::vector<body_ref>& bodies) {
  const auto found = model.accounts().find(1);
  if (found == model.accounts().end() || found->second.mailboxes.empty()) return create_mailbox{"A", ""};
  const auto& [number, box] = *std::next(found->second.mailboxes.begin(), below(2) % static_cast<std::uint32_t>(found->second.mailboxes.size()));
  const base::mailbox_id m{number};
  switch (below(12)) {
  case 0: case 1: case 2: case 3: case 4: {
    append a{m, {}};
    for (auto many = 1 + below(200); many > 0; --many) {
      a.messages.push_back(message());
      bodies.push_back(body());
    }
    return a;
  }
  case 5: case 6: return expunge{m, uid_ranges{{1, 0xffffffffu}}, true};
  case 7: return expunge{m, ranges(&box), true};
  case 8: return store_flags{m, ranges(&box), static_cast<flag_change>(below(3)), flags(), std::nullopt};
  case 9: return move_messages{m, base::mailbox_id{found->second.mailboxes.begin()->first}, ranges(&box)};
  case 10: return relocate(bodies);
  default: return copy_messages{m, m, ranges(&box)};
  }
}

committed_command command_maker::next(const mail_model& model) {
  time_ += below(3) == 0 ? 0 : below(3000);
  command c;
  c.account = base::account_id{mix_ == command_mix::pages ? 1 : 1 + below(accounts)};
  c.time = base::from_milliseconds(time_);
  std::vector<body_ref> bodies;
  of_removed_ = false;
  c.what = mix_ == command_mix::pages ? pick_page_work(model, bodies) : pick(model, c.account.value, bodies);
  if (of_removed_) c.account = removed_of(c.account);
  return committed(lsn_++, c, std::move(bodies));
}

} // namespace rookery::storage::mail
