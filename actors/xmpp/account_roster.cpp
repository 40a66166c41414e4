#include "actors/xmpp/chat_account.hpp"
#include "actors/xmpp/router.hpp"
#include "protocols/xml/writer.hpp"

namespace rookery::actors {

std::string chat_account::roster_version() const { return std::to_string(roster_change_); }

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
    roster_.insert_or_assign(item.contact, item);
    commands.push_back(command(put_records{{{record_kind::roster_item, key, xmpp::encode(item)}}}));
  } else {
    roster_.erase(item.contact);
    commands.push_back(command(drop_records{record_kind::roster_item, key, false}));
    commands.push_back(command(put_records{{{record_kind::setting, "roster_removed", key}}}));
  }
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
void chat_account::push_item(const xmpp::roster_item& item, bool removed) {
  xmpp::element shown = xmpp::shown(item);
  if (removed) {
    shown = xmpp::element("item", xmpp::space::roster);
    shown.set("jid", item.contact.text()).set("subscription", "remove");
  }
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
  const auto known = roster_.find(change->contact);
  const bool listed = known != roster_.end() && known->second.listed;
  if (change->remove && !listed) return refuse(c, iq, xmpp::condition::item_not_found);
  if (change->contact == bare_) return refuse(c, iq, xmpp::condition::not_allowed);
  if (known == roster_.end() && roster_.size() >= limits.items) return refuse(c, iq, xmpp::condition::resource_constraint);
  auto item = known == roster_.end() ? xmpp::roster_item{} : known->second;
  const auto before = item;
  item.contact = change->contact;
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
    push_item(item, remove);
    if (auto* to = find(id)) deliver(*to, answer);
    if (!remove) return;
    // RFC 6121 §2.5.2
    if (before.to || before.ask) route_presence(xmpp::make_presence("unsubscribe"), bare_, item.contact);
    if (before.from || before.pending_in) {
      route_presence(xmpp::make_presence("unsubscribed"), bare_, item.contact);
      show_presence(item.contact, true);
    }
  });
}

} // namespace rookery::actors
