#include "actors/xmpp/rooms/room_service.hpp"

#include "actors/queue/spool_commit.hpp"
#include "actors/xmpp/rooms/room_actor.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/command.hpp"
#include "storage/chat/owner.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {
namespace {

/// Rooms in one answer of the list, whatever is asked for; there are further pages (XEP-0059).
constexpr std::size_t rooms_a_page_max = 500;
constexpr std::size_t records_a_page = 1000;

bool enters(const xmpp::element& e) {
  return e.name == "presence" && !e.has("type") && e.child("x", xmpp::space::muc) != nullptr;
}

} // namespace

void room_service::load() {
  storage::commit_group ended;
  const auto now = node_.clock->wall();
  std::size_t rooms = 0;
  for (const auto& shard : node_.chat) {
    std::string after_owner;
    for (;;) {
      const auto services = shard->owners("s", records_a_page, after_owner);
      for (const auto& s : services) {
        const auto domain = s.owner.substr(1);
        std::string after;
        for (;;) {
          const auto page = shard->records(s.owner, storage::chat::record_kind::room_entry, records_a_page, after);
          for (const auto& r : page) {
            auto e = read_room_entry(r.value);
            if (e && e->persistent) {
              list_.put(domain, r.key, std::move(*e));
              ++rooms;
              continue;
            }
            const auto room = storage::chat::room_owner(r.key + "@" + domain);
            ended.commands.push_back({node_.chat_shard_of(room), 1, storage::chat::encode({room, now, storage::chat::drop_owner{}}), {}});
            ended.commands.push_back({node_.chat_shard_of(s.owner), 1,
                                      storage::chat::encode({s.owner, now, storage::chat::drop_records{storage::chat::record_kind::room_entry, r.key, false}}), {}});
          }
          if (page.size() < records_a_page) break;
          after = page.back().key;
        }
      }
      if (services.size() < records_a_page) break;
      after_owner = services.back().owner;
    }
  }
  base::log_event(base::severity::info, "rooms.loaded").number("rooms", static_cast<std::int64_t>(rooms))
      .number("temporary_removed", static_cast<std::int64_t>(ended.commands.size() / 2));
  if (ended.commands.empty()) return;
  commit_and_wait(node_, std::move(ended), std::chrono::seconds(30)); // or the next start does it
}

caf::actor room_service::get(const xmpp::jid& room, bool make) {
  const std::lock_guard hold(lock_);
  const auto at = rooms_.find(room);
  if (at != rooms_.end()) {
    ++at->second.handed;
    return at->second.actor;
  }
  if (!make || ended_) return {};
  auto actor = spawn_room(*node_.system, *this, room);
  rooms_[room] = {actor, 1};
  return actor;
}

bool room_service::retire(const xmpp::jid& room, std::uint64_t taken) {
  const std::lock_guard hold(lock_);
  const auto at = rooms_.find(room);
  if (at == rooms_.end()) return true;
  if (at->second.handed != taken) return false;
  rooms_.erase(at);
  return true;
}

void room_service::take(room_stanza s) {
  if (s.to.local.empty()) return answer(s);
  const auto bare = s.to.bare();
  bool make = list_.find(bare.domain, bare.local).has_value();
  if (!make && enters(*s.what)) {
    const auto d = defaults_(bare.domain);
    if (!d.may_create) {
      if (!get(bare, false)) return refuse(s, xmpp::condition::not_allowed, "rooms are made by the operator here");
    }
    make = list_.size(bare.domain) < d.rooms_max;
    if (!make) return refuse(s, xmpp::condition::resource_constraint, "there are too many rooms");
  }
  const auto room = get(bare, make);
  if (!room) {
    if (s.what->name == "presence" && !enters(*s.what)) {
      // A client that thinks it is in a room of before a restart learns that it is not.
      if (s.what->has("type") || s.to.resource.empty()) return;
      auto out = xmpp::make_presence("unavailable");
      auto& x = out.add("x", xmpp::space::muc_user);
      x.add("item").set("affiliation", "none").set("role", "none");
      for (const auto* code : {"110", "333"}) x.add("status").set("code", code);
      return send_one(s.from, s.to, std::move(out));
    }
    return refuse(s, xmpp::condition::item_not_found);
  }
  caf::anon_send(room, std::make_shared<const room_stanza>(std::move(s)));
}

void room_service::run(const xmpp::jid& room, room_task t) {
  if (const auto actor = get(room, true)) caf::anon_send(actor, std::move(t));
  else (*t.done)(false);
}

void room_service::lose(std::function<bool(const xmpp::jid&)> lost) {
  const auto shared = std::make_shared<const std::function<bool(const xmpp::jid&)>>(std::move(lost));
  for (const auto& room : actors()) caf::anon_send(room, lose_clients{shared});
}

void room_service::shut_down() {
  std::vector<caf::actor> all;
  {
    const std::lock_guard hold(lock_);
    ended_ = true;
    for (const auto& [name, e] : rooms_) all.push_back(e.actor);
  }
  for (const auto& room : all) caf::anon_send(room, end_room{});
}

std::vector<caf::actor> room_service::actors() const {
  const std::lock_guard hold(lock_);
  std::vector<caf::actor> all;
  for (const auto& [name, e] : rooms_) all.push_back(e.actor);
  return all;
}

void room_service::send_one(const xmpp::jid& to, const xmpp::jid& from, xmpp::element e) const {
  e.set("from", from.text());
  outlet_({std::make_shared<const xmpp::element>(std::move(e)), std::make_shared<const std::vector<xmpp::jid>>(1, to), {}}, from);
}

void room_service::refuse(const room_stanza& s, xmpp::condition why, std::string_view text) {
  if (xmpp::is_answer(*s.what)) return;
  auto answer = xmpp::error_reply(*s.what, why, text);
  if (s.what->name == "presence") answer.add("x", xmpp::space::muc);
  send_one(s.from, s.to, std::move(answer));
}

void room_service::answer(const room_stanza& s) {
  const auto& iq = *s.what;
  if (!xmpp::is_request(iq)) return iq.name == "iq" ? void() : refuse(s, xmpp::condition::service_unavailable);
  const auto* q = iq.first();
  if (q == nullptr) return refuse(s, xmpp::condition::bad_request);
  auto out = xmpp::iq_result(iq);
  if (iq.get("type") != "get") return refuse(s, xmpp::condition::not_allowed);
  if (q->is("ping", xmpp::space::ping)) return send_one(s.from, s.to, std::move(out));
  if (q->is("query", xmpp::space::disco_info) && q->get("node").empty()) {
    auto& info = out.add("query", xmpp::space::disco_info);
    info.add("identity").set("category", "conference").set("type", "text").set("name", "Chat rooms");
    for (const auto var : {xmpp::space::disco_info, xmpp::space::disco_items, xmpp::space::muc, xmpp::space::result_sets, xmpp::space::ping})
      info.add("feature").set("var", var);
    return send_one(s.from, s.to, std::move(out));
  }
  if (!q->is("query", xmpp::space::disco_items) || !q->get("node").empty()) return refuse(s, xmpp::condition::service_unavailable);
  const auto* set = q->child("set", xmpp::space::result_sets);
  std::size_t max = rooms_a_page_max;
  std::optional<std::string> after, before;
  if (set != nullptr) {
    if (const auto n = base::parse_u32(set->child_text("max", xmpp::space::result_sets))) max = std::min<std::size_t>(max, *n);
    if (set->child("after", xmpp::space::result_sets) != nullptr) after = set->child_text("after", xmpp::space::result_sets);
    if (set->child("before", xmpp::space::result_sets) != nullptr) before = set->child_text("before", xmpp::space::result_sets);
  }
  const auto page = list_.rows(s.to.domain, max, after, before, false);
  auto& items = out.add("query", xmpp::space::disco_items);
  for (const auto& r : page.rows) {
    auto& item = items.add("item");
    item.set("jid", xmpp::jid{r.local, s.to.domain, {}}.text());
    item.set("name", r.entry.title.empty() ? r.local : r.entry.title);
  }
  if (set != nullptr || page.rows.size() < page.total) {
    auto& r = items.add("set", xmpp::space::result_sets);
    if (!page.rows.empty()) {
      auto& first = r.add("first");
      first.set("index", std::to_string(page.first));
      first.add_text(page.rows.front().local);
      r.add("last").add_text(page.rows.back().local);
    }
    r.add("count").add_text(std::to_string(page.total));
  }
  send_one(s.from, s.to, std::move(out));
}

} // namespace rookery::actors
