#include "actors/admin/call.hpp"

#include <utility>

namespace rookery::admin {
namespace {

void order(const call_ptr& c, actors::room_order o) {
  o.max = c->limit();
  reply_from_worker(c, [node = c->node, o = std::move(o)] { return node->rooms(o); });
}

/// Of the room in the path: /v1/chat/rooms/ADDRESS.
actors::room_order about(const call_ptr& c, actors::room_order::verb what) {
  actors::room_order o;
  o.what = what;
  if (c->what.path.size() > 3) o.room = c->what.path[3];
  return o;
}

std::string member(const call_ptr& c, const char* path) { return std::string(c->what.body.get_string(path).value_or("")); }

json::value settings(const call_ptr& c) {
  const auto* found = c->what.body.find("/settings");
  return found == nullptr ? json::value() : *found;
}

} // namespace

/// ?domain=D restricts.
void list_rooms(const call_ptr& c) {
  auto o = about(c, actors::room_order::verb::list);
  o.room = c->query("domain");
  o.after = c->query("after");
  order(c, std::move(o));
}

/// {"room", "owner", "settings": {}}
void create_room(const call_ptr& c) {
  auto o = about(c, actors::room_order::verb::create);
  o.room = member(c, "/room");
  o.address = member(c, "/owner");
  o.settings = settings(c);
  order(c, std::move(o));
}

void show_room(const call_ptr& c) { order(c, about(c, actors::room_order::verb::show)); }

/// {"settings": {}}
void configure_room(const call_ptr& c) {
  auto o = about(c, actors::room_order::verb::configure);
  o.settings = settings(c);
  if (o.settings.is_null()) return c->refuse(base::error_kind::invalid, "settings is missing");
  order(c, std::move(o));
}

/// ?reason=R&alternate=ADDRESS
void destroy_room(const call_ptr& c) {
  auto o = about(c, actors::room_order::verb::destroy);
  o.text = c->query("reason");
  o.alternate = c->query("alternate");
  order(c, std::move(o));
}

void list_room_members(const call_ptr& c) {
  auto o = about(c, actors::room_order::verb::members);
  o.after = c->query("after");
  order(c, std::move(o));
}

/// {"address", "affiliation", "reason"}
void set_room_member(const call_ptr& c) {
  auto o = about(c, actors::room_order::verb::set_member);
  o.address = member(c, "/address");
  o.affiliation = member(c, "/affiliation");
  o.text = member(c, "/reason");
  order(c, std::move(o));
}

void show_room_history(const call_ptr& c) {
  auto o = about(c, actors::room_order::verb::history);
  o.after = c->query("after");
  order(c, std::move(o));
}

} // namespace rookery::admin
