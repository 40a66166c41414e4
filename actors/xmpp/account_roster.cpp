#include "actors/xmpp/chat_account.hpp"
#include "actors/xmpp/router.hpp"
#include "protocols/xml/writer.hpp"

#include <algorithm>

namespace rookery::actors {

std::string chat_account::roster_version() const {
  return std::to_string(roster_change_) + (shared_.empty() ? std::string() : "-" + std::to_string(groups_seen_));
}

xmpp::roster_item chat_account::own_item(const xmpp::jid& contact) const {
  const auto known = own_roster_.find(contact);
  auto item = known == own_roster_.end() ? xmpp::roster_item{} : known->second;
  item.contact = contact;
  return item;
}

/// The contact as clients see it: what the user keeps, and what groups add.
void chat_account::merge(const xmpp::jid& contact) {
  const auto shared = shared_.find(contact);
  auto item = own_item(contact);
  if (shared != shared_.end()) {
    if (item.name.empty()) item.name = shared->second.name;
    for (const auto& g : shared->second.groups)
      if (std::find(item.groups.begin(), item.groups.end(), g) == item.groups.end()) item.groups.push_back(g);
    item.to = item.from = item.listed = true;
    item.ask = item.pending_in = false;
  }
  if (item.has_state()) roster_.insert_or_assign(contact, std::move(item));
  else roster_.erase(contact);
}

/// Who shares a group of the directory with the account; looks anew when groups are others.
void chat_account::share_groups() {
  const auto rules = router_.rules();
  if (rules->groups_version() == groups_seen_) return;
  groups_seen_ = rules->groups_version();
  const auto directory = node_.directory->get();
  const auto self = directory->account(id_);
  const auto* groups = self ? rules->groups_of(self->address) : nullptr;
  std::map<xmpp::jid, shared_contact> now;
  if (groups != nullptr)
    for (const auto& g : *groups)
      for (const auto& member : g->members) {
        const auto account = directory->account(member);
        if (!account || account->id == id_ || account->state != routing::account_state::enabled || !rules->may_chat(*account)) continue;
        auto& contact = now[chat_router::address_of(*account)];
        contact.name = account->display_name;
        if (std::find(contact.groups.begin(), contact.groups.end(), g->name) == contact.groups.end()) contact.groups.push_back(g->name);
      }
  std::vector<xmpp::jid> others;
  for (const auto& [contact, s] : now)
    if (const auto was = shared_.find(contact); was == shared_.end() || was->second != s) others.push_back(contact);
  for (const auto& [contact, s] : shared_)
    if (now.count(contact) == 0) others.push_back(contact);
  shared_ = std::move(now);
  for (const auto& contact : others) {
    const auto before = roster_.find(contact);
    const bool saw = before != roster_.end() && before->second.to, shown = before != roster_.end() && before->second.from;
    merge(contact);
    push_item(contact);
    const auto after = roster_.find(contact);
    const bool sees = after != roster_.end() && after->second.to, shows = after != roster_.end() && after->second.from;
    if (shows != shown) show_presence(contact, shown);
    if (sees && !saw)
      for (const auto& c : clients_)
        if (c->available) route_presence(xmpp::make_presence("probe"), c->address, contact);
  }
}

void chat_account::query_roster(client& c, query iq, receipt_ptr) {
  c.wants_roster = true;
  auto answer = xmpp::iq_result(iq);
  const auto* asked = iq.child("query", xmpp::space::roster);
  // XEP-0237 §2.4: the client has it already.
  if (asked->has("ver") && asked->get("ver") == roster_version() && roster_change_ != 0) return deliver(c, answer);
  auto& q = answer.add("query", xmpp::space::roster);
  q.set("ver", roster_version());
  for (const auto& [contact, item] : roster_)
    if (item.listed) q.add(xmpp::shown(item));
  deliver(c, answer);
}

/// Puts the item, or takes it away when nothing is left of it; `then` when that is on the disk.
void chat_account::store_item(const xmpp::roster_item& item, std::function<void(bool)> then) {
  using namespace storage::chat;
  const auto key = item.contact.text();
  std::vector<storage::shard_command> commands;
  const bool stays = item.has_state();
  if (stays) {
    own_roster_.insert_or_assign(item.contact, item);
    commands.push_back(command(put_records{{{record_kind::roster_item, key, xmpp::encode(item)}}}));
  } else {
    own_roster_.erase(item.contact);
    commands.push_back(command(drop_records{record_kind::roster_item, key, false}));
    commands.push_back(command(put_records{{{record_kind::setting, "roster_removed", key}}}));
  }
  merge(item.contact);
  // What comes of it keeps its place among what the clients hear.
  const auto stored = std::make_shared<bool>(false);
  const auto ready = place_in_order([stored, then = std::move(then)] { then(*stored); });
  commit(std::move(commands), [this, stored, ready](const commit_done& d) {
    *stored = !d.error && d.results.back().what == storage::outcome::done;
    if (*stored) {
      roster_change_ = std::max(roster_change_, d.results.back().number);
    } else {
      begin_anew("chat.roster_not_stored", "The roster cannot be stored now");
    }
    ready();
  });
}

/// RFC 6121 §2.1.6
void chat_account::push_item(const xmpp::jid& contact) {
  const auto now = roster_.find(contact);
  xmpp::element shown("item", xmpp::space::roster);
  if (now != roster_.end() && now->second.listed) shown = xmpp::shown(now->second);
  else shown.set("jid", contact.text()).set("subscription", "remove");
  for (auto& c : clients_) {
    if (!c->wants_roster) continue;
    auto iq = xmpp::make_iq("set", "push" + roster_version());
    iq.set("from", bare_.text()).set("to", c->address.text());
    iq.add("query", xmpp::space::roster).set("ver", roster_version()).add(shown);
    deliver(*c, iq);
  }
}

void chat_account::set_roster(client& c, query iq, receipt_ptr receipt) {
  const xmpp::roster_limits limits;
  xmpp::roster_fault why{};
  const auto change = xmpp::read_roster_change(*iq.child("query", xmpp::space::roster), limits, why);
  if (!change) return refuse(c, iq, why == xmpp::roster_fault::bad_request ? xmpp::condition::bad_request : xmpp::condition::not_acceptable);
  const auto known = own_roster_.find(change->contact);
  const bool listed = known != own_roster_.end() && known->second.listed;
  if (change->remove && !listed && shared_.count(change->contact) != 0) return refuse(c, iq, xmpp::condition::not_allowed, "A group has this contact");
  if (change->remove && !listed) return refuse(c, iq, xmpp::condition::item_not_found);
  if (change->contact == bare_) return refuse(c, iq, xmpp::condition::not_allowed);
  if (known == own_roster_.end() && own_roster_.size() >= router_.limits(bare_.domain).contacts_max) return refuse(c, iq, xmpp::condition::resource_constraint);
  auto item = own_item(change->contact);
  const auto before = item;
  if (change->remove) {
    item = {};
    item.contact = change->contact;
  } else {
    item.listed = true;
    item.name = change->name;
    item.groups = change->groups;
  }
  const auto answer = xmpp::iq_result(iq);
  store_item(item, [this, item, before, answer, id = c.id, remove = change->remove, receipt](bool stored) {
    if (!stored) return;
    push_item(item.contact);
    if (auto* to = find(id)) deliver(*to, answer);
    if (!remove || shared_.count(item.contact) != 0) return;
    // RFC 6121 §2.5.2
    if (before.to || before.ask) route_presence(xmpp::make_presence("unsubscribe"), bare_, item.contact);
    if (before.from || before.pending_in) {
      route_presence(xmpp::make_presence("unsubscribed"), bare_, item.contact);
      show_presence(item.contact, true);
    }
  });
}

} // namespace rookery::actors
