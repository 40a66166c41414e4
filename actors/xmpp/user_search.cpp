#include "actors/xmpp/user_search.hpp"

#include "actors/xmpp/router.hpp"
#include "protocols/charset/idna.hpp"
#include "protocols/json/value.hpp"
#include "protocols/xmpp/user_search.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace rookery::actors {
namespace {

using storage::directory::document_kind;
using storage::directory::document_ptr;

constexpr std::string_view prefix = "search";

/// In a reader's thread.
std::vector<xmpp::search_person> find(const node& n, const chat_router& router, const xmpp::search_wish& wish, std::string_view only_domain) {
  std::vector<xmpp::search_person> all;
  const auto directory = n.directory->get();
  const auto rules = router.rules();
  n.config->table()->for_each(document_kind::account, {}, [&](const document_ptr& d) {
    const auto account = directory->account(base::account_id{d->id});
    if (!account || account->state != routing::account_state::enabled || !rules->may_chat(*account)) return true;
    if (!only_domain.empty() && account->domain() != only_domain) return true;
    const auto* domain = directory->domain(account->domain());
    if (domain == nullptr || !domain->enabled || domain->public_account == account->address) return true;
    xmpp::search_person who{account->display_name, account->address, chat_router::address_of(*account)};
    if (wish.fits(who)) all.push_back(std::move(who));
    return all.size() < search_results_max;
  });
  return all;
}

void answer(node& n, chat_router& router, const routed_stanza_ptr& s) {
  const auto& iq = *s->what;
  const auto refuse = [&](xmpp::condition why, std::string_view text = {}) { router.refuse(*s, why, text); };
  if (!xmpp::is_request(iq)) return iq.name == "iq" ? void() : refuse(xmpp::condition::service_unavailable);
  if (!s->to.local.empty()) return refuse(xmpp::condition::item_not_found);
  const auto& asked = *iq.first();
  const bool get = iq.get("type") == "get";
  auto out = xmpp::iq_result(iq);
  const auto whom = router.limits(s->to.domain.substr(prefix.size() + 1)).search;
  if (whom == search_scope::nobody) return refuse(xmpp::condition::service_unavailable);
  if (get && asked.is("ping", xmpp::space::ping)) {
  } else if (get && asked.is("query", xmpp::space::disco_info)) {
    auto& q = out.add("query", xmpp::space::disco_info);
    q.add("identity").set("category", "directory").set("type", "user").set("name", "People");
    for (const auto var : {xmpp::space::disco_info, xmpp::space::forms, xmpp::search_space, xmpp::space::ping}) q.add("feature").set("var", var);
  } else if (get && asked.is("query", xmpp::space::disco_items)) {
    out.add("query", xmpp::space::disco_items);
  } else if (asked.is("query", xmpp::search_space)) {
    if (!router.serves(s->from.domain)) return refuse(xmpp::condition::forbidden);
    if (get) {
      out.add(xmpp::search_form());
    } else {
      auto wish = xmpp::read_search(asked);
      if (!wish) return refuse(xmpp::condition::not_acceptable);
      if (wish->empty()) return refuse(xmpp::condition::bad_request, "Say whom you look for");
      std::string only;
      if (whom == search_scope::domain) {
        // Each finds the people of his own domain, whichever service he asks.
        const auto name = charset::domain_to_ascii(s->from.domain);
        if (!name) return refuse(xmpp::condition::forbidden);
        only = *name;
      }
      const bool taken = n.readers->run([&n, &router, s, only, wish = std::move(*wish), back = std::move(out)]() mutable {
        back.add(xmpp::search_answer(wish, find(n, router, wish, only)));
        router.route(std::move(back), s->receipt);
      });
      if (!taken) refuse(xmpp::condition::resource_constraint);
      return;
    }
  } else {
    return refuse(xmpp::condition::service_unavailable);
  }
  router.route(std::move(out), s->receipt);
}

} // namespace

void open_user_search(node& n, chat_router& router) {
  chat_router::service service;
  service.prefix = prefix;
  service.category = "directory";
  service.type = "user";
  service.name = "People";
  service.take = [&n, &router](const routed_stanza_ptr& s) { answer(n, router, s); };
  service.shown = [&router](std::string_view domain) { return router.limits(domain).search != search_scope::nobody; };
  router.add_service(std::move(service));
}

} // namespace rookery::actors
