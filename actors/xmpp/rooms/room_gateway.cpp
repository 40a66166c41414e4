#include "actors/xmpp/rooms/room_gateway.hpp"

#include "actors/xmpp/router.hpp"
#include "protocols/charset/idna.hpp"
#include "protocols/json/value.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {
namespace {

constexpr std::string_view prefix = "conference";

room_defaults defaults_of(const node& n, const chat_router& router, std::string_view domain) {
  room_defaults d;
  d.served = domain.size() > prefix.size() && domain.starts_with(prefix) && domain[prefix.size()] == '.' && router.serves(domain.substr(prefix.size() + 1));
  d.elsewhere = d.served && router.away({{}, std::string(domain), {}}) != 0;
  d.served = d.served && !d.elsewhere;
  if (!d.served) return d;
  const auto name = charset::domain_to_ascii(domain.substr(prefix.size() + 1));
  const auto table = n.config->table();
  const auto* document = name ? table->find(storage::directory::document_kind::domain, *name) : nullptr;
  const auto content = document != nullptr ? json::parse(document->content) : base::result<json::value>(json::value());
  if (!content) return d;
  d.may_create = content->get_bool("chat_rooms_by_users").value_or(true);
  const auto values = router.limits(domain.substr(prefix.size() + 1));
  d.rooms_max = values.rooms_max;
  d.limits.occupants = values.room_occupants_max;
  d.limits.history_messages = values.room_history_max;
  d.limits.stanzas_a_second = static_cast<std::uint32_t>(values.room_stanzas_a_second);
  d.limits.burst_stanzas = 10 * d.limits.stanzas_a_second;
  d.config.persistent = content->get_bool("chat_rooms_persistent").value_or(false);
  return d;
}

} // namespace

std::shared_ptr<room_service> open_rooms(node& n, chat_router& router) {
  const auto send = [&router](const xmpp::muc::send& s, const xmpp::jid& room) {
    const auto from = xmpp::read_jid(s.stanza->get("from")).value_or(room);
    const auto type = s.stanza->get("type");
    // Errors and what is not of a room's talk take the way of all stanzas.
    if ((s.stanza->name == "message" && type == "groupchat") || (s.stanza->name == "presence" && (type.empty() || type == "unavailable")))
      return router.route_shared(std::make_shared<const shared_stanza>(s.stanza, from), *s.to, s.except);
    for (const auto& to : *s.to) {
      if (std::find(s.except.begin(), s.except.end(), to) != s.except.end()) continue;
      auto copy = *s.stanza;
      copy.set("to", to.text());
      router.route({std::make_shared<const xmpp::element>(std::move(copy)), from, to, nullptr, nullptr, {}, 0});
    }
  };
  auto rooms = std::make_shared<room_service>(n, send, [&n, &router](std::string_view domain) { return defaults_of(n, router, domain); });
  rooms->load();
  chat_router::service service{std::string(prefix), "conference", "text", "Chat rooms", [rooms](const routed_stanza_ptr& s) { rooms->take({s->what, s->from, s->to, s->receipt, s->origin}); }};
  service.at_home = true;
  router.add_service(std::move(service));
  return rooms;
}

} // namespace rookery::actors
