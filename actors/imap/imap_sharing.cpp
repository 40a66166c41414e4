// Lists of rights and annotations. RFC 4314 §3, RFC 5464 §4, RFC 8440, RFC 9590.
#include "actors/imap/imap_host.hpp"
#include "actors/imap/mailbox_news.hpp"
#include "policy/rights/people.hpp"
#include "protocols/imap/acl.hpp"
#include "protocols/imap/filter.hpp"
#include "protocols/imap/metadata.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

namespace right = rights::right;

/// A shard that does not answer in this time is not going to.
constexpr std::chrono::seconds shard_time{30};
/// Mailboxes that a shard is asked about at once.
constexpr std::size_t mailboxes_asked_max = 200;
constexpr std::string_view no_such_user = "No such user or group";

storage::mail::rights_step step_of(rights::rights_change::kind how) {
  switch (how) {
    case rights::rights_change::kind::add: return storage::mail::rights_step::add;
    case rights::rights_change::kind::remove: return storage::mail::rights_step::remove;
    case rights::rights_change::kind::replace: break;
  }
  return storage::mail::rights_step::replace;
}

bool seen_per_reader(const storage::mail::mailbox_status& m) { return m.access && m.access->seen_per_reader; }

bool wanted(const std::vector<std::string>& asked, imap::metadata_depth depth, std::string_view name) {
  return std::any_of(asked.begin(), asked.end(), [&](const auto& a) { return imap::selects(a, depth, name); });
}

std::vector<imap::metadata_row> chosen_rows(const found_metadata::entries& all, const std::vector<std::string>& asked,
                                            imap::metadata_depth depth, bool own_seen) {
  std::vector<imap::metadata_row> rows;
  for (const auto& e : all)
    if (wanted(asked, depth, e.first)) rows.push_back(e);
  if (own_seen && wanted(asked, depth, own_seen_entry)) rows.emplace_back(own_seen_entry, "true");
  return rows;
}

} // namespace

// Rights

void imap_host::change_rights(const std::string& mailbox, const std::string& who, rights::rights_change change,
                              std::string_view command) {
  find_place(mailbox, [this, who, change, command](const place& p) {
    if (refused(p, right::administer)) return;
    const auto directory = node_.directory->get();
    auto stored = rights::stored_identifier(*directory, entry_.account()->domain(), who);
    // A line of somebody who is gone is not shown, and need not be removed.
    if (!stored) return end_no("", no_such_user);
    const auto owner = p.guest ? p.guest->owner->id : entry_.id();
    const auto text = std::string(command) + " completed";
    if (*stored == rights::identifier_of(owner)) {
      if (rights::changed(rights::all_rights, change) == rights::all_rights) return end_ok("", text);
      return end_no("CANNOT", "The owner has all rights always");
    }
    change_in(owner, storage::mail::set_rights{p.status->id, std::move(*stored), step_of(change.how), change.rights},
              [this, text](const storage::command_result& r) {
                if (r.what != storage::outcome::done) return end_refused(r.what);
                end_ok("", text);
              });
  });
}

void imap_host::run(imap::set_acl& c) {
  const auto change = rights::read_change(c.rights);
  if (!change) return end_bad("Unknown rights");
  change_rights(c.mailbox, c.identifier, *change, "SETACL");
}

void imap_host::run(imap::delete_acl& c) { change_rights(c.mailbox, c.identifier, {}, "DELETEACL"); }

void imap_host::run(imap::get_acl& c) {
  find_place(c.mailbox, [this, mailbox = c.mailbox](const place& p) {
    if (refused(p, right::administer)) return;
    const auto directory = node_.directory->get();
    const auto& owner = p.guest ? p.guest->owner : entry_.account();
    std::vector<std::pair<std::string, std::string>> lines{{owner->address, rights::print_with_old(rights::all_rights)}};
    if (p.status->access)
      for (const auto& e : p.status->access->entries)
        if (auto who = rights::shown_identifier(*directory, e.who)) lines.emplace_back(std::move(*who), rights::print_with_old(e.rights));
    imap::write_acl(session_.writer(), mailbox, lines);
    end_ok("", "GETACL completed");
  });
}

void imap_host::run(imap::list_rights& c) {
  find_place(c.mailbox, [this, c](const place& p) {
    if (refused(p, right::administer)) return;
    const auto stored = rights::stored_identifier(*node_.directory->get(), entry_.account()->domain(), c.identifier);
    if (!stored) return end_no("", no_such_user);
    const auto owner = p.guest ? p.guest->owner->id : entry_.id();
    const auto all = rights::print_with_old(rights::all_rights);
    const bool always = *stored == rights::identifier_of(owner);
    imap::write_list_rights(session_.writer(), c, always ? all : "", always ? "" : all);
    end_ok("", "LISTRIGHTS completed");
  });
}

void imap_host::run(imap::my_rights& c) {
  find_place(c.mailbox, [this, mailbox = c.mailbox](const place& p) {
    if (p.status != nullptr && !rights::may_ask_own(p.rights)) {
      if (refused(p, right::lookup)) return;
    } else if (refused(p, 0)) {
      return;
    }
    imap::write_my_rights(session_.writer(), mailbox, rights::print_with_old(p.rights));
    end_ok("", "MYRIGHTS completed");
  });
}

// Annotations

void imap_host::run(imap::get_metadata& c) {
  const auto print = [this, c](std::vector<imap::metadata_row> rows) {
    std::uint64_t longest = 0;
    if (c.octets_max)
      std::erase_if(rows, [&](const auto& r) {
        if (r.second.size() <= *c.octets_max) return false;
        longest = std::max<std::uint64_t>(longest, r.second.size());
        return true;
      });
    imap::write_metadata(session_.writer(), c.mailbox, rows);
    end_ok(longest > 0 ? imap::metadata_long_entries_code(longest) : "", "GETMETADATA completed");
  };
  const auto ask = [this, c, print](base::account_id owner, base::mailbox_id mailbox, bool own_seen) {
    link().ask<found_metadata>(
        node_.shard_actor(owner), shard_time, find_metadata{owner, {mailbox}, entry_.id()},
        [c, print, own_seen](const found_metadata& f) { print(chosen_rows(f.of->front(), c.entries, c.depth, own_seen)); },
        [this] { end_unavailable(); });
  };
  if (c.mailbox.empty()) return ask(entry_.id(), {}, false);
  find_place(c.mailbox, [this, ask](const place& p) {
    if (p.status != nullptr && !rights::may_see_metadata(p.rights)) {
      if (!refused(p, right::lookup)) end_no("NOPERM", "No right to see annotations of this mailbox");
      return;
    }
    if (refused(p, 0)) return;
    ask(p.guest ? p.guest->owner->id : entry_.id(), p.status->id, seen_per_reader(*p.status));
  });
}

void imap_host::run(imap::set_metadata& c) {
  storage::mail::set_metadata what;
  what.reader = entry_.id();
  std::optional<bool> own_seen;
  bool shared = false;
  for (auto& [name, value] : c.entries) {
    if (value && value->size() > settings_->limits.metadata_value_octets)
      return end_no(imap::metadata_max_size_code(settings_->limits.metadata_value_octets), "The value is too long");
    if (value && imap::names_filter(name) && !imap::is_filter(*value, {&settings_->limits, true}))
      return end_no("CANNOT", "The value is no search"); // RFC 5466 §3.2
    const bool own = name.starts_with("/private/");
    shared = shared || !own;
    if (name == own_seen_entry) own_seen = value && *value == "true";
    else what.changes.push_back({std::move(name), std::move(value), own});
  }
  std::vector<std::string> names;
  for (const auto& change : what.changes) names.push_back(change.name);
  if (own_seen) names.emplace_back(own_seen_entry);
  const auto store = [this, own_seen, names](base::account_id owner, storage::mail::set_metadata change) {
    const auto finish = [this, owner, names, mailbox = change.mailbox](const storage::command_result& r) {
      if (r.what == storage::outcome::over_limit) return end_no(imap::metadata_too_many_code, "Too many annotations");
      if (r.what != storage::outcome::done) return end_refused(r.what);
      if (owner == entry_.id()) note_own_annotations(mailbox, names);
      end_ok("", "SETMETADATA completed");
    };
    if (!own_seen) return change_in(owner, std::move(change), finish);
    change_in(owner, storage::mail::set_seen_mode{change.mailbox, *own_seen},
              [this, owner, change, finish](const storage::command_result& r) {
                if (r.what != storage::outcome::done || change.changes.empty()) return finish(r);
                change_in(owner, change, finish);
              });
  };
  if (c.mailbox.empty()) {
    if (shared) return end_no("NOPERM", "What all see of the server is set by the administrator");
    return store(entry_.id(), std::move(what));
  }
  find_place(c.mailbox, [this, store, what, shared, setting = own_seen.has_value()](const place& p) {
    if (p.status != nullptr && !rights::may_see_metadata(p.rights)) {
      if (!refused(p, right::lookup)) end_no("NOPERM", "No right to annotate this mailbox");
      return;
    }
    if (refused(p, setting ? right::administer : shared ? right::write : 0)) return;
    auto change = what;
    change.mailbox = p.status->id;
    store(p.guest ? p.guest->owner->id : entry_.id(), std::move(change));
  });
}

struct imap_host::metadata_walk {
  struct part {
    base::account_id owner;
    std::vector<base::mailbox_id> mailboxes;
    std::vector<std::pair<std::string, bool>> names; ///< and whether readers have a \Seen of their own
  };
  std::shared_ptr<listed_mailboxes> listed;
  std::vector<std::string> entries;
  std::vector<part> parts;
  std::size_t next = 0;
  std::function<void()> then;
};

void imap_host::add_metadata(std::shared_ptr<listed_mailboxes> listed, std::vector<std::string> entries,
                             std::function<void()> then) {
  const auto w = std::make_shared<metadata_walk>();
  w->listed = std::move(listed);
  w->entries = std::move(entries);
  w->then = std::move(then);
  for (const auto& row : w->listed->result.rows) {
    const auto* foreign = w->listed->find_foreign(row.name);
    if (foreign != nullptr && !rights::may_see_metadata(foreign->rights)) continue;
    const auto* status = foreign != nullptr ? foreign->status : w->listed->account->find(row.name);
    if (status == nullptr) continue;
    const auto owner = foreign != nullptr ? foreign->owner : entry_.id();
    if (w->parts.empty() || w->parts.back().owner != owner || w->parts.back().names.size() == mailboxes_asked_max)
      w->parts.push_back({owner, {}, {}});
    w->parts.back().mailboxes.push_back(status->id);
    w->parts.back().names.emplace_back(row.name, seen_per_reader(*status));
  }
  next_metadata(w);
}

void imap_host::next_metadata(const std::shared_ptr<metadata_walk>& w) {
  if (w->next == w->parts.size()) return w->then();
  const auto& part = w->parts[w->next++];
  link().ask<found_metadata>(
      node_.shard_actor(part.owner), shard_time, find_metadata{part.owner, part.mailboxes, entry_.id()},
      [this, w](const found_metadata& f) {
        const auto& asked = w->parts[w->next - 1];
        for (std::size_t i = 0; i < asked.names.size(); ++i)
          w->listed->metadata[asked.names[i].first] =
              chosen_rows((*f.of)[i], w->entries, imap::metadata_depth::none, asked.names[i].second);
        next_metadata(w);
      },
      [this] { end_unavailable(); });
}

} // namespace rookery::actors
