#include "actors/admin/call.hpp"
#include "actors/config/documents.hpp"
#include "actors/config/homes.hpp"
#include "base/text.hpp"
#include "policy/routing/address_form.hpp"

namespace rookery::admin {
namespace {

namespace dir = storage::directory;
constexpr auto kind = dir::document_kind::domain;

std::optional<std::string> named(const call_ptr& c) {
  auto name = routing::canonical_domain(c->name());
  if (!name) c->refuse(base::error_kind::invalid, "this is no domain name");
  return name;
}

const dir::document* find(const call_ptr& c, const dir::config_table& table, const std::string& name) {
  const auto* d = table.find(kind, name);
  if (d == nullptr) c->refuse(base::error_kind::not_found, "there is no domain " + name);
  return d;
}

void reply_with(const call_ptr& c, const std::string& name, unsigned status) {
  const auto table = c->node->table();
  const auto* d = table->find(kind, name);
  c->reply(d == nullptr ? json::value() : config::show_domain(*d), status);
}

/// What an operator of an MTA-STS policy must know: where it is served, what it says, the record for the zone.
void add_sts(const call_ptr& c, const dir::document& d, json::value& body) {
  const auto record = config::read_domain(d);
  if (!record) return;
  const auto policy = config::published_sts_policy(*record, *c->node->values(), c->node->facts().host_name);
  if (!policy) return;
  json::array lines;
  const auto text = mailauth::print_sts_policy(*policy);
  for (const auto line : base::split(text, '\n'))
    if (!base::trim(line).empty()) lines.emplace_back(std::string(base::trim(line)));
  body.set("mta_sts_url", mailauth::sts_policy_url(d.key));
  body.set("mta_sts_policy", std::move(lines));
  body.set("mta_sts_record", mailauth::sts_record_name(d.key) + ". IN TXT \"" + mailauth::print_sts_record(mailauth::sts_policy_id(*policy)) + '"');
}

/// Somebody who still lives in the domain, or "".
std::string inhabitant(const dir::config_table& table, const std::string& domain) {
  std::string found;
  for (const auto k : {dir::document_kind::account, dir::document_kind::alias}) {
    if (!found.empty()) break;
    table.for_each(k, {}, [&](const dir::document_ptr& d) {
      if (routing::sides(d->key).domain == domain) found = d->key;
      return found.empty();
    });
  }
  return found;
}

} // namespace

void list_domains(const call_ptr& c) {
  const auto table = c->node->table();
  json::array items;
  std::string last;
  const auto rows = table->page(kind, c->query("after"), c->limit());
  for (const auto& d : rows) items.push_back(config::show_domain(*d));
  if (rows.size() == c->limit()) last = rows.back()->key;
  c->reply(page_body(std::move(items), last, table->count(kind)));
}

void add_domain(const call_ptr& c) {
  const auto given = c->what.body.get_string("name");
  const auto name = given ? routing::canonical_domain(*given) : std::nullopt;
  if (!name) return c->refuse(base::error_kind::invalid, "name is missing or no domain name");
  if (c->node->table()->find(dir::document_kind::gateway, *name) != nullptr)
    return c->refuse(base::error_kind::conflict, "mail for " + *name + " is held for another server: remove the gateway first");
  auto patch = c->what.body;
  patch.as_object()->erase("name");
  if (auto done = config::resolve_home(*c->node->table(), patch); !done) return c->refuse(done.error());
  if (const auto home = config::home_for_new_domain(*c->node->table()); home != 0 && patch.find("home") == nullptr) patch.set("home", home);
  auto content = config::change_domain({}, patch);
  if (!content) return c->refuse(content.error());
  if (!template_is_there(c, *content)) return;
  change(c, {dir::require{dir::document_kind::gateway, *name, dir::expect::absent}, dir::put{kind, *name, dir::expect::absent, std::move(*content)}}, "the domain " + *name + " exists already",
         [c, name = *name](const auto&) { reply_with(c, name, 201); });
}

void show_domain(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr) return;
  auto body = config::show_domain(*d);
  std::size_t accounts = 0, aliases = 0;
  table->for_each(dir::document_kind::account, {}, [&](const dir::document_ptr& a) {
    accounts += routing::sides(a->key).domain == *name;
    return true;
  });
  table->for_each(dir::document_kind::alias, {}, [&](const dir::document_ptr& a) {
    aliases += routing::sides(a->key).domain == *name;
    return true;
  });
  body.set("accounts", accounts);
  body.set("aliases", aliases);
  add_sts(c, *d, body);
  c->reply(std::move(body));
}

void change_domain(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr) return;
  auto patch = c->what.body;
  if (auto done = config::resolve_home(*table, patch); !done) return c->refuse(done.error());
  auto content = config::change_domain(d->content, patch);
  if (!content) return c->refuse(content.error());
  if (!template_is_there(c, *content)) return;
  change(c, {dir::put{kind, *name, c->expected(d->version), std::move(*content)}}, "the domain was changed meanwhile",
         [c, name = *name](const auto&) { reply_with(c, name, 200); });
}

void remove_domain(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr) return;
  if (const auto who = inhabitant(*table, *name); !who.empty())
    return c->refuse(base::error_kind::conflict, "the domain still has " + who + "; remove its accounts and aliases first");
  change(c, {dir::remove{kind, *name, c->expected(d->version)}}, "the domain was changed meanwhile",
         [c](const auto&) { c->reply(json::value(json::object{})); });
}

} // namespace rookery::admin
