#include "actors/admin/call.hpp"
#include "actors/config/documents.hpp"
#include "policy/routing/address_form.hpp"

namespace rookery::admin {
namespace {

namespace dir = storage::directory;
constexpr auto kind = dir::document_kind::alias;

std::optional<std::string> named(const call_ptr& c) {
  auto name = routing::canonical_address(c->name());
  if (!name) c->refuse(base::error_kind::invalid, "this is no address");
  return name;
}

const dir::document* find(const call_ptr& c, const dir::config_table& table, const std::string& name) {
  const auto* d = table.find(kind, name);
  if (d == nullptr) c->refuse(base::error_kind::not_found, "there is no alias " + name);
  return d;
}

void reply_with(const call_ptr& c, const std::string& name, unsigned status) {
  const auto table = c->node->table();
  const auto* d = table->find(kind, name);
  c->reply(d == nullptr ? json::value() : config::show_alias(*d), status);
}

} // namespace

void list_aliases(const call_ptr& c) {
  const auto table = c->node->table();
  const auto domain = c->query("domain");
  const auto limit = c->limit();
  json::array items;
  std::string next;
  table->for_each(kind, c->query("after"), [&](const dir::document_ptr& d) {
    if (!domain.empty() && routing::sides(d->key).domain != domain) return true;
    items.push_back(config::show_alias(*d));
    if (items.size() == limit) next = d->key;
    return items.size() < limit;
  });
  c->reply(page_body(std::move(items), next, table->count(kind)));
}

void add_alias(const call_ptr& c) {
  const auto given = c->what.body.get_string("address");
  const auto name = given ? routing::canonical_address(*given) : std::nullopt;
  if (!name) return c->refuse(base::error_kind::invalid, "address is missing or no address");
  if (is_system(c, *name)) return;
  auto patch = c->what.body;
  patch.as_object()->erase("address");
  auto content = config::change_alias({}, patch);
  if (!content) return c->refuse(content.error());
  const std::string domain(routing::sides(*name).domain);
  const auto table = c->node->table();
  if (table->find(dir::document_kind::domain, domain) == nullptr)
    return c->refuse(base::error_kind::not_found, "there is no domain " + domain);
  change(c,
         {dir::require{dir::document_kind::domain, domain, dir::expect::present},
          dir::require{dir::document_kind::account, *name, dir::expect::absent},
          dir::put{kind, *name, dir::expect::absent, std::move(*content)}},
         *name + " exists already", [c, name = *name](const auto&) { reply_with(c, name, 201); });
}

void show_alias(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  if (const auto* d = find(c, *table, *name)) c->reply(config::show_alias(*d));
}

void change_alias(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr) return;
  auto content = config::change_alias(d->content, c->what.body);
  if (!content) return c->refuse(content.error());
  change(c, {dir::put{kind, *name, c->expected(d->version), std::move(*content)}}, "the alias was changed meanwhile",
         [c, name = *name](const auto&) { reply_with(c, name, 200); });
}

void remove_alias(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr) return;
  change(c, {dir::remove{kind, *name, c->expected(d->version)}}, "the alias was changed meanwhile",
         [c](const auto&) { c->reply(json::value(json::object{})); });
}

} // namespace rookery::admin
