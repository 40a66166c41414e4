#include "actors/admin/call.hpp"
#include "actors/config/collection_documents.hpp"
#include "base/text.hpp"
#include "policy/routing/address_form.hpp"

#include <map>

namespace rookery::admin {
namespace {

namespace dir = storage::directory;
constexpr auto kind = dir::document_kind::collection;

/// An account and one of its collections.
struct place {
  std::string address, name, key;
};

/// Nothing, and answered, when there is no such account or name.
std::optional<place> place_of(const call_ptr& c, std::string_view address, std::string_view name) {
  const auto canonical = routing::canonical_address(address);
  const auto plain = config::canonical_collection(name);
  if (!canonical || !plain) {
    c->refuse(base::error_kind::invalid, canonical ? "this names no collection" : "this is no address");
    return {};
  }
  const auto table = c->node->table();
  const auto* account = table->find(dir::document_kind::account, *canonical);
  if (account == nullptr) {
    c->refuse(base::error_kind::not_found, "there is no account " + *canonical);
    return {};
  }
  return place{*canonical, *plain, config::collection_key(base::account_id{account->id}, *plain)};
}

std::optional<place> named(const call_ptr& c) { return place_of(c, c->what.path[2], c->what.path[3]); }

const dir::document* find(const call_ptr& c, const dir::config_table& table, const place& p) {
  const auto* d = table.find(kind, p.key);
  if (d == nullptr) c->refuse(base::error_kind::not_found, p.address + " has no collection " + p.name);
  return d;
}

json::value shown(const call_ptr& c, const dir::document& d, std::string_view address) {
  auto out = config::show_collection(d, address);
  const auto state = c->node->collection_state(d.id);
  if (const auto* members = state.as_object())
    for (const auto& [member, v] : *members) out.set(member, v);
  return out;
}

void reply_with(const call_ptr& c, const place& p, unsigned status) {
  const auto table = c->node->table();
  const auto* d = table->find(kind, p.key);
  c->reply(d == nullptr ? json::value() : shown(c, *d, p.address), status);
}

/// Collections of one account begin with its id.
std::size_t count_of(const dir::config_table& table, const std::string& prefix) {
  std::size_t count = 0;
  table.for_each(kind, prefix, [&](const dir::document_ptr& d) {
    if (!d->key.starts_with(prefix)) return false;
    ++count;
    return true;
  });
  return count;
}

} // namespace

void list_collections(const call_ptr& c) {
  const auto table = c->node->table();
  std::map<std::uint64_t, std::string> addresses; // few accounts collect: looked up by their ids once
  table->for_each(kind, {}, [&](const dir::document_ptr& d) {
    addresses.emplace(base::parse_u64(std::string_view(d->key).substr(0, d->key.find('/'))).value_or(0), "");
    return true;
  });
  if (!addresses.empty())
    table->for_each(dir::document_kind::account, {}, [&](const dir::document_ptr& a) {
      if (const auto found = addresses.find(a->id); found != addresses.end()) found->second = a->key;
      return true;
    });
  const auto wanted = routing::canonical_address(c->query("account"));
  const auto limit = c->limit();
  json::array items;
  std::string next;
  table->for_each(kind, c->query("after"), [&](const dir::document_ptr& d) {
    const auto& address = addresses[base::parse_u64(std::string_view(d->key).substr(0, d->key.find('/'))).value_or(0)];
    if (wanted && address != *wanted) return true;
    items.push_back(shown(c, *d, address));
    if (items.size() == limit) next = d->key;
    return items.size() < limit;
  });
  c->reply(page_body(std::move(items), next, table->count(kind)));
}

void add_collection(const call_ptr& c) {
  const auto p = place_of(c, c->what.body.get_string("account").value_or(""), c->what.body.get_string("name").value_or(""));
  if (!p) return;
  auto patch = c->what.body;
  patch.as_object()->erase("account");
  patch.as_object()->erase("name");
  auto content = config::change_collection({}, patch, c->node->secrets());
  if (!content) return c->refuse(content.error());
  const auto table = c->node->table();
  const auto prefix = p->key.substr(0, p->key.find('/') + 1);
  if (count_of(*table, prefix) >= config::collections_max)
    return c->refuse(base::error_kind::over_limit, "an account has at most " + std::to_string(config::collections_max) + " collections");
  change(c,
         {dir::require{dir::document_kind::account, p->address, dir::expect::present},
          dir::put{kind, p->key, dir::expect::absent, std::move(*content)}},
         "the collection " + p->name + " exists already", [c, p = *p](const auto&) { reply_with(c, p, 201); });
}

void show_collection(const call_ptr& c) {
  const auto p = named(c);
  if (!p) return;
  const auto table = c->node->table();
  if (const auto* d = find(c, *table, *p)) c->reply(shown(c, *d, p->address));
}

void change_collection(const call_ptr& c) {
  const auto p = named(c);
  if (!p) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *p);
  if (d == nullptr) return;
  auto content = config::change_collection(d->content, c->what.body, c->node->secrets());
  if (!content) return c->refuse(content.error());
  change(c, {dir::put{kind, p->key, c->expected(d->version), std::move(*content)}}, "the collection was changed meanwhile",
         [c, p = *p](const auto&) { reply_with(c, p, 200); });
}

void remove_collection(const call_ptr& c) {
  const auto p = named(c);
  if (!p) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *p);
  if (d == nullptr) return;
  change(c, {dir::remove{kind, p->key, c->expected(d->version)}}, "the collection was changed meanwhile",
         [c](const auto&) { c->reply(json::value(json::object{})); });
}

void run_collection(const call_ptr& c) {
  const auto p = named(c);
  if (!p) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *p);
  if (d == nullptr) return;
  if (!c->node->collect(d->id)) return c->refuse(base::error_kind::unsupported, "nothing is collected here: the node does not run");
  c->reply(json::value(json::object{}), 202);
}

std::vector<dir::change> removals_of_collections(const dir::config_table& table, base::account_id account) {
  std::vector<dir::change> out;
  const auto prefix = config::collection_key(account, {});
  table.for_each(kind, prefix, [&](const dir::document_ptr& d) {
    if (!d->key.starts_with(prefix)) return false;
    out.emplace_back(dir::remove{kind, d->key, dir::expect::any});
    return true;
  });
  return out;
}

} // namespace rookery::admin
