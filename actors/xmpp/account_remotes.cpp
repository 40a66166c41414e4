// Clients of contacts at other servers: which news each of them wishes for, by its presence. XEP-0163 §4.1, §4.2; XEP-0115.
#include "actors/xmpp/chat_account.hpp"
#include "actors/xmpp/router.hpp"
#include "protocols/xmpp/caps.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

/// Remembered of one contact, and of all; further ones get no news.
constexpr std::size_t clients_a_contact_max = 20;
constexpr std::size_t remotes_max = 2'000;

} // namespace

/// Presence of a contact. Its client is asked for its abilities, unless one of its kind has told.
void chat_account::look_at_remote(const routed_stanza& r) {
  if (r.from.is_bare() || router_.serves(r.from.domain)) return;
  const auto type = r.what->get("type");
  if (type == "unavailable" || type == "error") {
    remotes_.erase(r.from);
    return;
  }
  if (!type.empty()) return;
  const auto item = roster_.find(r.from.bare());
  const auto caps = xmpp::caps_of(*r.what);
  if (!caps || item == roster_.end() || !(item->second.from || item->second.to)) {
    remotes_.erase(r.from);
    return;
  }
  auto at = remotes_.find(r.from);
  if (at == remotes_.end()) {
    std::size_t of_contact = 0;
    for (auto one = remotes_.lower_bound(r.from.bare()); one != remotes_.end() && one->first.same_bare(r.from); ++one) ++of_contact;
    if (of_contact >= clients_a_contact_max || remotes_.size() >= remotes_max) return;
    at = remotes_.emplace(r.from, remote_client{}).first;
  }
  auto& c = at->second;
  if (caps->version == c.version) return;
  c.version = caps->version;
  c.asked.clear();
  if (auto known = router_.caps().find(caps->version); known && caps->hash == "sha-1") return wish(r.from, c, std::move(known));
  c.asked = "caps" + std::to_string(++last_question_);
  auto iq = xmpp::make_iq("get", c.asked);
  iq.set("from", bare_.text()).set("to", r.from.text());
  iq.add("query", xmpp::space::disco_info).set("node", caps->query_node());
  router_.route({std::make_shared<const xmpp::element>(std::move(iq)), bare_, r.from, nullptr, nullptr, {}, 0, {}, nullptr});
}

/// False: it is no answer to a question of ours.
bool chat_account::heard_remote_caps(const routed_stanza& r) {
  const auto at = remotes_.find(r.from);
  if (at == remotes_.end() || at->second.asked.empty() || r.what->get("id") != at->second.asked) return false;
  auto& c = at->second;
  c.asked.clear();
  const auto* q = r.what->child("query", xmpp::space::disco_info);
  if (r.what->get("type") != "result" || q == nullptr) return true;
  auto nodes = xmpp::wished_nodes(*q);
  // XEP-0115 §5.4: what does not fit its digest holds for this client alone.
  if (xmpp::caps_digest(*q) == c.version) wish(r.from, c, router_.caps().put(c.version, std::move(nodes)));
  else wish(r.from, c, std::make_shared<const std::set<std::string>>(std::move(nodes)));
  return true;
}

/// XEP-0163 §4.1: who comes, or wishes for more, gets the last items.
void chat_account::wish(const xmpp::jid& who, remote_client& c, wish_list now) {
  std::set<std::string> fresh;
  for (const auto& node : *now)
    if (!c.wishes || c.wishes->count(node) == 0) fresh.insert(node);
  c.wishes = std::move(now);
  if (fresh.empty()) return;
  grant_wishes({nullptr, who, bare_, nullptr, nullptr, {}, 0, {}, std::make_shared<const std::set<std::string>>(std::move(fresh))});
}

/// From now on it sees our presence.
void chat_account::grant_remotes(const xmpp::jid& contact) {
  for (auto at = remotes_.lower_bound(contact); at != remotes_.end() && at->first.same_bare(contact); ++at)
    if (at->second.wishes) grant_wishes({nullptr, at->first, bare_, nullptr, nullptr, {}, 0, {}, at->second.wishes});
}

void chat_account::spread_to_remotes(const xmpp::jid& contact, const std::string& node, const std::function<xmpp::element(const xmpp::jid&)>& news) {
  for (auto at = remotes_.lower_bound(contact); at != remotes_.end() && at->first.same_bare(contact); ++at) {
    if (!at->second.wishes || at->second.wishes->count(node) == 0) continue;
    router_.route({std::make_shared<const xmpp::element>(news(at->first)), bare_, at->first, nullptr, nullptr, {}, 0, {}, nullptr});
  }
}

} // namespace rookery::actors
