#include "actors/admin/call.hpp"

#include "policy/routing/address_form.hpp"

namespace rookery::admin {
namespace {

/// The account that the body names; 0: all. Nothing, and answered, when there is none of that name.
std::optional<base::account_id> account_in_body(const call_ptr& c) {
  const auto given = c->what.body.get_string("account");
  if (!given) return base::account_id{};
  const auto canonical = routing::canonical_address(*given);
  const auto table = c->node->table();
  const auto* account = canonical ? table->find(storage::directory::document_kind::account, *canonical) : nullptr;
  if (account == nullptr) {
    c->refuse(base::error_kind::not_found, "there is no account " + std::string(*given));
    return std::nullopt;
  }
  return base::account_id{account->id};
}

void change(const call_ptr& c, node_access::search_work work) {
  const auto account = account_in_body(c);
  if (!account) return;
  if (!c->node->change_search(work, *account)) return c->refuse(base::error_kind::unsupported, "nothing is indexed here: the node does not run");
  c->reply(json::value(json::object{}), 202);
}

} // namespace

void show_search(const call_ptr& c) { c->reply(c->node->search_state()); }
void rebuild_search(const call_ptr& c) { change(c, node_access::search_work::rebuild); }
void remove_search(const call_ptr& c) { change(c, node_access::search_work::remove); }
void tidy_search(const call_ptr& c) { change(c, node_access::search_work::tidy); }

} // namespace rookery::admin
