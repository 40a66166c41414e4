// Public folders of a domain: mailboxes of the account that its `public_account` names, with rights and addresses.
#include "actors/admin/call.hpp"
#include "actors/config/documents.hpp"
#include "policy/rights/people.hpp"
#include "policy/rights/rights.hpp"
#include "policy/routing/address_form.hpp"
#include "policy/routing/recipient_route.hpp"

#include <algorithm>
#include <map>

namespace rookery::admin {
namespace {

namespace dir = storage::directory;
namespace mail = storage::mail;

/// Whose folders are spoken of.
struct folder_place {
  std::string domain;
  routing::account_ptr owner;
  std::shared_ptr<const routing::directory_view> directory;
  std::shared_ptr<const mail::account_view> mailboxes;
};
using found_place = std::function<void(std::shared_ptr<const folder_place>)>;

const std::string& folder_named(const call_ptr& c) { return c->what.path[4]; }

/// `then` runs with the account's mailboxes as they are now; else the call was answered.
void with_place(const call_ptr& c, found_place then) {
  const auto domain = routing::canonical_domain(c->name());
  auto place = std::make_shared<folder_place>();
  place->directory = c->node->directory();
  const auto* record = domain ? place->directory->domain(*domain) : nullptr;
  if (record == nullptr) return c->refuse(base::error_kind::not_found, "there is no domain " + c->name());
  place->domain = *domain;
  if (!record->public_account.empty()) place->owner = place->directory->account(record->public_account);
  if (!place->owner)
    return c->refuse(base::error_kind::conflict, place->domain + " has no public folders: its public_account names no account");
  c->node->mailboxes_of(place->owner->id, [c, place, then = std::move(then)](auto view) {
    if (!view) return c->refuse(view.error());
    place->mailboxes = std::move(*view);
    then(place);
  });
}

std::map<std::string, std::vector<std::string>> addresses_in(const call_ptr& c, const std::string& domain) {
  std::map<std::string, std::vector<std::string>> out;
  c->node->table()->for_each(dir::document_kind::alias, {}, [&](const dir::document_ptr& d) {
    if (routing::sides(d->key).domain != domain) return true;
    if (const auto alias = config::read_alias(*d); alias && !alias->folder.empty()) out[alias->folder].push_back(d->key);
    return true;
  });
  return out;
}

json::value show(const folder_place& place, const mail::mailbox_status& m, const std::vector<std::string>& addresses) {
  json::value out{json::object{}};
  out.set("folder", m.name);
  out.set("messages", m.messages);
  out.set("octets", m.octets);
  out.set("own_seen", m.access && m.access->seen_per_reader);
  json::value lines{json::object{}};
  if (m.access)
    for (const auto& e : m.access->entries)
      if (const auto who = rights::shown_identifier(*place.directory, e.who)) lines.set(*who, rights::print_rights(e.rights));
  out.set("rights", std::move(lines));
  out.set("addresses", json::array(addresses.begin(), addresses.end()));
  return out;
}

/// INBOX holds what comes to the account itself: it is no public folder.
bool is_public(const mail::mailbox_status& m) { return m.name != "INBOX"; }

const mail::mailbox_status* find(const call_ptr& c, const folder_place& place) {
  const auto* m = place.mailboxes->find(folder_named(c));
  if (m != nullptr && is_public(*m)) return m;
  c->refuse(base::error_kind::not_found, "there is no folder " + folder_named(c));
  return nullptr;
}

/// What the body wants of a folder.
struct wishes {
  std::optional<bool> own_seen;
  std::vector<std::pair<std::string, rights::rights_change>> lines; ///< who, as stored
};

std::optional<wishes> read_wishes(const call_ptr& c, const folder_place& place) {
  const auto refuse = [&](std::string text) {
    c->refuse(base::error_kind::invalid, std::move(text));
    return std::nullopt;
  };
  wishes out;
  const auto* members = c->what.body.as_object();
  if (members == nullptr) return refuse("the body is no object");
  for (const auto& [name, v] : *members) {
    if (name == "folder" && c->what.method == "POST") continue;
    if (name == "own_seen" && v.as_bool() != nullptr) {
      out.own_seen = *v.as_bool();
    } else if (name == "rights" && v.as_object() != nullptr) {
      for (const auto& [who, given] : *v.as_object()) {
        auto stored = rights::stored_identifier(*place.directory, place.domain, who);
        if (!stored) return refuse(who + " is no user or group here");
        const auto* letters = given.as_string();
        const auto change = letters == nullptr ? std::nullopt : rights::read_change(*letters);
        if (!change) return refuse("rights of " + who + " are letters of lrswipkxtea, with + or - before them for a change");
        if (*stored == rights::identifier_of(place.owner->id)) return refuse(who + " owns the folders and has all rights");
        out.lines.emplace_back(std::move(*stored), *change);
      }
    } else {
      return refuse(name + " is not known here, or of another kind");
    }
  }
  return out;
}

mail::rights_step step_of(rights::rights_change::kind how) {
  switch (how) {
    case rights::rights_change::kind::add: return mail::rights_step::add;
    case rights::rights_change::kind::remove: return mail::rights_step::remove;
    case rights::rights_change::kind::replace: break;
  }
  return mail::rights_step::replace;
}

void reply_with(const call_ptr& c, const std::string& folder, unsigned status) {
  with_place(c, [c, folder, status](const auto& place) {
    const auto* m = place->mailboxes->find(folder);
    if (m == nullptr) return c->refuse(base::error_kind::not_found, "there is no folder " + folder);
    c->reply(show(*place, *m, addresses_in(c, place->domain)[folder]), status);
  });
}

/// All of them together, then the answer.
void grant(const call_ptr& c, const folder_place& place, base::mailbox_id id, const wishes& wanted, const std::string& folder, unsigned status) {
  std::vector<mail::any_command> commands;
  if (wanted.own_seen) commands.push_back(mail::set_seen_mode{id, *wanted.own_seen});
  for (const auto& [who, change] : wanted.lines) commands.push_back(mail::set_rights{id, who, step_of(change.how), change.rights});
  if (commands.empty()) return reply_with(c, folder, status);
  c->node->change_mail(place.owner->id, std::move(commands), [c, folder, status](auto results) {
    if (!results) return c->refuse(results.error());
    for (const auto& r : *results) {
      if (r.what == storage::outcome::over_limit) return c->refuse(base::error_kind::over_limit, "the folder has too many lines of rights");
      if (r.what != storage::outcome::done) return c->refuse(base::error_kind::not_found, "the folder was removed meanwhile");
    }
    reply_with(c, folder, status);
  });
}

} // namespace

void list_folders(const call_ptr& c) {
  with_place(c, [c](const auto& place) {
    auto addresses = addresses_in(c, place->domain);
    const auto after = c->query("after");
    const auto limit = c->limit();
    const auto& all = place->mailboxes->mailboxes;
    json::array items;
    std::string next;
    for (const auto& m : all) {
      if (!is_public(*m) || m->name <= after) continue;
      if (items.size() == limit) {
        next = *items.back().get_string("folder");
        break;
      }
      items.push_back(show(*place, *m, addresses[m->name]));
    }
    const auto total = std::count_if(all.begin(), all.end(), [](const auto& m) { return is_public(*m); });
    c->reply(page_body(std::move(items), next, static_cast<std::size_t>(total)));
  });
}

void show_folder(const call_ptr& c) {
  with_place(c, [c](const auto& place) {
    if (const auto* m = find(c, *place)) c->reply(show(*place, *m, addresses_in(c, place->domain)[m->name]));
  });
}

void add_folder(const call_ptr& c) {
  with_place(c, [c](const auto& place) {
    const auto given = c->what.body.get_string("folder");
    const std::string name(given.value_or(""));
    if (!routing::is_folder_name(name) || name == "INBOX")
      return c->refuse(base::error_kind::invalid, "folder is missing or no name of a mailbox, as Projects/Minutes");
    auto wanted = read_wishes(c, *place);
    if (!wanted) return;
    // Who has read what is each reader's own where nothing else is said.
    if (!wanted->own_seen) wanted->own_seen = true;
    c->node->change_mail(place->owner->id, {mail::create_mailbox{name, ""}}, [c, place, name, wanted = *wanted](auto results) {
      if (!results) return c->refuse(results.error());
      const auto& made = results->front();
      if (made.what == storage::outcome::mailbox_exists) return c->refuse(base::error_kind::exists, name + " exists already");
      if (made.what != storage::outcome::done) return c->refuse(base::error_kind::over_limit, "no more mailboxes can be made in that account");
      grant(c, *place, made.mailbox, wanted, name, 201);
    });
  });
}

void change_folder(const call_ptr& c) {
  with_place(c, [c](const auto& place) {
    const auto* m = find(c, *place);
    if (m == nullptr) return;
    const auto wanted = read_wishes(c, *place);
    if (wanted) grant(c, *place, m->id, *wanted, m->name, 200);
  });
}

void remove_folder(const call_ptr& c) {
  with_place(c, [c](const auto& place) {
    const auto* m = find(c, *place);
    if (m == nullptr) return;
    if (const auto addresses = addresses_in(c, place->domain)[m->name]; !addresses.empty())
      return c->refuse(base::error_kind::conflict, addresses.front() + " still leads to it; remove that alias first");
    c->node->change_mail(place->owner->id, {mail::delete_mailbox{m->name}}, [c, name = m->name](auto results) {
      if (!results) return c->refuse(results.error());
      if (results->front().what != storage::outcome::done) return c->refuse(base::error_kind::not_found, "there is no folder " + name);
      c->reply(json::value(json::object{}));
    });
  });
}

} // namespace rookery::admin
