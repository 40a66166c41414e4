#include "protocols/xmpp/pubsub/bookmarks.hpp"

#include "protocols/xmpp/data_form.hpp"
#include "protocols/xmpp/jid.hpp"

#include <algorithm>

namespace rookery::xmpp::pubsub {
namespace {

xml::element renamed(const xml::element& from, std::string_view to_space) {
  xml::element out("conference", to_space);
  if (from.has("name")) out.set("name", from.get("name"));
  out.set("autojoin", read_flag(from.get("autojoin")).value_or(false) ? "true" : "false");
  for (const auto* part : {"nick", "password"})
    if (from.child(part, from.space) != nullptr) out.add(part).add_text(from.child_text(part, from.space));
  return out;
}

const bookmark* find(const std::vector<bookmark>& all, const std::string& id) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const auto& b) { return b.first == id; });
  return at == all.end() ? nullptr : &*at;
}

} // namespace

std::vector<bookmark> read_storage(const xml::element& storage) {
  std::vector<bookmark> all;
  for (const auto* c : storage.elements("conference", storage_space)) {
    const auto room = read_jid(c->get("jid"));
    if (!room || find(all, room->text()) != nullptr) continue;
    all.emplace_back(room->text(), renamed(*c, bookmarks_node));
  }
  return all;
}

xml::element to_storage(const std::vector<bookmark>& all) {
  xml::element storage("storage", storage_space);
  for (const auto& [room, c] : all) {
    auto one = renamed(c, storage_space);
    one.set("jid", room);
    storage.add(std::move(one));
  }
  return storage;
}

bookmark_changes differences(const std::vector<bookmark>& now, const std::vector<bookmark>& wanted) {
  bookmark_changes out;
  for (const auto& [id, c] : wanted) {
    const auto* was = find(now, id);
    auto next = c;
    if (was != nullptr) {
      if (renamed(was->second, bookmarks_node) == c) continue;
      if (const auto* more = was->second.child("extensions", bookmarks_node)) next.add(*more);
    }
    out.published.emplace_back(id, std::move(next));
  }
  for (const auto& [id, c] : now)
    if (find(wanted, id) == nullptr) out.retracted.push_back(id);
  return out;
}

} // namespace rookery::xmpp::pubsub
