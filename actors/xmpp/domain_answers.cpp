#include "actors/xmpp/domain_answers.hpp"

#include "actors/xmpp/router.hpp"
#include "protocols/xmpp/date_time.hpp"
#include "protocols/xmpp/disco.hpp"

#include <string>

namespace rookery::actors {

std::variant<std::monostate, xmpp::element, xmpp::condition> answer_of_domain(const node& n, const chat_router& router, std::string_view domain,
                                                                              const xmpp::element& iq) {
  if (iq.get("type") != "get") return {};
  const auto& what = *iq.first();
  auto answer = xmpp::iq_result(iq);
  if (what.is("ping", xmpp::space::ping)) {
  } else if (what.is("query", xmpp::space::disco_info)) {
    const auto node_name = what.get("node");
    auto info = xmpp::server_info();
    if (!node_name.empty() && node_name != std::string(xmpp::caps_node) + "#" + xmpp::caps_version(info)) return xmpp::condition::item_not_found;
    answer.add(xmpp::shown(info, node_name));
  } else if (what.is("query", xmpp::space::disco_items)) {
    if (!what.get("node").empty()) return xmpp::condition::item_not_found;
    auto& q = answer.add("query", xmpp::space::disco_items);
    for (const auto& s : router.services())
      if (!s.shown || s.shown(domain)) q.add("item").set("jid", s.prefix + "." + std::string(domain)).set("name", s.name);
  } else if (what.is("query", xmpp::space::version)) {
    auto& q = answer.add("query", xmpp::space::version);
    q.add("name").add_text("Rookery");
    q.add("version").add_text(n.version);
  } else if (what.is("time", xmpp::space::time)) {
    auto& t = answer.add("time", xmpp::space::time);
    t.add("tzo").add_text("+00:00");
    t.add("utc").add_text(xmpp::date_time(n.clock->wall()));
  } else if (what.is("query", xmpp::space::last_activity)) {
    const auto up = std::chrono::duration_cast<std::chrono::seconds>(n.clock->now() - n.started);
    answer.add("query", xmpp::space::last_activity).set("seconds", std::to_string(up.count()));
  } else {
    return {};
  }
  return answer;
}

} // namespace rookery::actors
