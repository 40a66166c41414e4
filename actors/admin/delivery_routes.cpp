// Queues, routes, host logins and gateways.
#include "actors/admin/document_family.hpp"
#include "actors/config/delivery_documents.hpp"
#include "actors/config/gateway_documents.hpp"
#include "base/text.hpp"
#include "policy/routing/address_form.hpp"

#include <map>
#include <utility>

namespace rookery::admin {
namespace {

namespace dir = storage::directory;

constexpr std::size_t custom_queues_max = 10'000;
constexpr std::size_t gateways_max = 10'000;

/// A queue that a route names has to be there.
bool queue_is_there(const call_ptr& c, const std::string&, const std::string& content) {
  const auto read = json::parse(content);
  const auto queue = read ? read->get_string("queue") : std::nullopt;
  if (!queue || queue_is_known(*c->node->table(), *queue)) return true;
  c->refuse(base::error_kind::not_found, "there is no queue " + std::string(*queue));
  return false;
}

constexpr family queues = {dir::document_kind::queue, "name", "queue", config::canonical_queue, config::change_queue, config::show_queue, custom_queues_max};
constexpr family routes = {dir::document_kind::route, "domain", "route", config::canonical_domain_pattern,
                           [](std::string_view, std::string_view content, const json::value& patch, const base::secret_box* s) {
                             return config::change_route(content, patch, s);
                           },
                           config::show_route, 0, queue_is_there};
constexpr family logins = {dir::document_kind::host_login, "host", "host login", config::canonical_host_pattern,
                           [](std::string_view, std::string_view content, const json::value& patch, const base::secret_box* s) {
                             return config::change_host_login(content, patch, s);
                           },
                           config::show_host_login};
constexpr family gateways = {dir::document_kind::gateway, "domain", "gateway", routing::canonical_domain, config::change_gateway,
                             config::show_gateway, gateways_max};

/// The gateway that mail in this queue is for, or "".
std::string gateway_of(const dir::config_table& table, std::string_view queue) {
  std::string out;
  table.for_each(gateways.kind, {}, [&](const dir::document_ptr& d) {
    if (delivery::gateway_queue(d->key) == queue) out = d->key;
    return out.empty();
  });
  return out;
}

/// One queue with what is written of it and what waits in it.
json::value queue_row(const std::string& name, const dir::document* d, const storage::queue::queue_counts& counts) {
  auto row = d != nullptr ? config::show_queue(*d) : json::value(json::object{});
  if (d == nullptr) {
    row.set("name", name);
    row.set("custom", !delivery::is_built_in(name));
  }
  if (row.find("frozen") == nullptr) row.set("frozen", false);
  row.set("messages", counts.messages);
  row.set("held", counts.held);
  row.set("recipients", counts.recipients);
  row.set("octets", counts.octets);
  return row;
}

std::map<std::string, storage::queue::queue_counts, std::less<>> counts_of(const call_ptr& c) {
  std::map<std::string, storage::queue::queue_counts, std::less<>> out;
  if (const auto spool = c->node->spool())
    for (auto& q : spool->counts()) out.emplace(q.queue, q);
  return out;
}

void set_frozen(const call_ptr& c, bool frozen) {
  const auto name = name_in_path(c, queues);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = table->find(queues.kind, *name);
  if (d == nullptr && !queue_is_known(*table, *name))
    return c->refuse(base::error_kind::not_found, "there is no queue " + *name);
  json::value wanted{json::object{}};
  wanted.set("frozen", frozen);
  auto content = config::change_queue(*name, d != nullptr ? std::string_view(d->content) : std::string_view(), wanted, nullptr);
  if (!content) return c->refuse(content.error());
  put_document(c, queues, *name, d != nullptr ? d->version : dir::expect::absent, std::move(*content), 200, "the queue was changed meanwhile");
}

} // namespace

bool queue_is_known(const dir::config_table& table, std::string_view name) {
  return delivery::is_built_in(name) || table.find(queues.kind, name) != nullptr || !gateway_of(table, name).empty();
}

// Built-in queues, written ones, and those that have messages though nothing is written of them.
void list_queues(const call_ptr& c) {
  const auto table = c->node->table();
  const auto counts = counts_of(c);
  std::map<std::string, const dir::document*, std::less<>> rows;
  for (const auto name : delivery::built_in_queues) rows.emplace(name, nullptr);
  table->for_each(gateways.kind, {}, [&](const dir::document_ptr& d) {
    rows.emplace(delivery::gateway_queue(d->key), nullptr);
    return true;
  });
  for (const auto& [name, q] : counts) rows.emplace(name, nullptr);
  table->for_each(queues.kind, {}, [&](const dir::document_ptr& d) {
    rows[d->key] = d.get();
    return true;
  });
  json::array items;
  for (const auto& [name, d] : rows) {
    const auto found = counts.find(name);
    items.push_back(queue_row(name, d, found == counts.end() ? storage::queue::queue_counts{} : found->second));
  }
  const auto total = items.size();
  c->reply(page_body(std::move(items), {}, total));
}

void add_queue(const call_ptr& c) {
  if (delivery::is_built_in(config::canonical_queue(c->what.body.get_string("name").value_or("")).value_or("")))
    return c->refuse(base::error_kind::exists, "this queue is always there; change it");
  add_document(c, queues);
}

void show_queue(const call_ptr& c) {
  const auto name = name_in_path(c, queues);
  if (!name) return;
  const auto table = c->node->table();
  const auto counts = counts_of(c);
  const auto* d = table->find(queues.kind, *name);
  const auto found = counts.find(*name);
  if (d == nullptr && found == counts.end() && !queue_is_known(*table, *name))
    return c->refuse(base::error_kind::not_found, "there is no queue " + *name);
  c->reply(queue_row(*name, d, found == counts.end() ? storage::queue::queue_counts{} : found->second));
}

void change_queue(const call_ptr& c) {
  const auto name = name_in_path(c, queues);
  if (!name) return;
  const auto table = c->node->table();
  const bool always_there = delivery::is_built_in(*name) || !gateway_of(*table, *name).empty();
  if (!always_there || table->find(queues.kind, *name) != nullptr) return change_document(c, queues);
  auto content = config::change_queue(*name, {}, c->what.body, c->node->secrets());
  if (!content) return c->refuse(content.error());
  put_document(c, queues, *name, dir::expect::absent, std::move(*content), 200, "the queue was changed meanwhile");
}

void remove_queue(const call_ptr& c) {
  const auto name = name_in_path(c, queues);
  if (!name) return;
  if (!delivery::is_built_in(*name) && gateway_of(*c->node->table(), *name).empty()) {
    const auto counts = counts_of(c);
    if (const auto found = counts.find(*name); found != counts.end())
      return c->refuse(base::error_kind::conflict, "the queue still has " + std::to_string(found->second.messages) + " messages; move or remove them first");
    std::string user;
    c->node->table()->for_each(routes.kind, {}, [&](const dir::document_ptr& d) {
      const auto content = json::parse(d->content);
      if (content && content->get_string("queue") == *name) user = d->key;
      return user.empty();
    });
    if (!user.empty()) return c->refuse(base::error_kind::conflict, "the route of " + user + " leads into the queue; change it first");
  }
  remove_document(c, queues);
}

void freeze_queue(const call_ptr& c) { set_frozen(c, true); }
void unfreeze_queue(const call_ptr& c) { set_frozen(c, false); }

void list_destinations(const call_ptr& c) {
  destination_question q;
  q.after = c->query("after");
  q.max = c->limit();
  c->node->destinations(std::move(q), [c](base::result<json::value> r) {
    if (!r) return c->refuse(r.error());
    const auto* rows = r->get_array("items");
    auto items = rows != nullptr ? *rows : json::array{};
    const auto total = items.size();
    const std::string next(items.size() == c->limit() ? items.back().get_string("destination").value_or("") : "");
    c->reply(page_body(std::move(items), next, total));
  });
}

/// POST /v1/destinations/NAME/pause, /resume, /retry
void change_destination(const call_ptr& c) {
  destination_question q;
  q.destination = c->name();
  const auto& word = c->what.path[3];
  if (word == "pause") q.what = destination_question::verb::pause;
  else if (word == "resume") q.what = destination_question::verb::resume;
  else if (word == "retry") q.what = destination_question::verb::retry;
  else return c->refuse(base::error_kind::not_found, "there is no such thing to do to a destination");
  q.because = base::printable(c->what.body.get_string("because").value_or("by the administrator"));
  c->node->destinations(std::move(q), [c](base::result<json::value> r) {
    if (!r) return c->refuse(r.error());
    c->reply(std::move(*r));
  });
}

void list_routes(const call_ptr& c) { list_documents(c, routes); }
void add_route(const call_ptr& c) { add_document(c, routes); }
void show_route(const call_ptr& c) { show_document(c, routes); }
void change_route(const call_ptr& c) { change_document(c, routes); }
void remove_route(const call_ptr& c) { remove_document(c, routes); }

void list_host_logins(const call_ptr& c) { list_documents(c, logins); }
void add_host_login(const call_ptr& c) { add_document(c, logins); }
void show_host_login(const call_ptr& c) { show_document(c, logins); }
void change_host_login(const call_ptr& c) { change_document(c, logins); }
void remove_host_login(const call_ptr& c) { remove_document(c, logins); }

void list_gateways(const call_ptr& c) { list_documents(c, gateways); }
void change_gateway(const call_ptr& c) { change_document(c, gateways); }

void add_gateway(const call_ptr& c) {
  const auto given = routing::canonical_domain(c->what.body.get_string("domain").value_or(""));
  if (given && c->node->table()->find(dir::document_kind::domain, *given) != nullptr)
    return c->refuse(base::error_kind::conflict, "the domain " + *given + " has its mailboxes here");
  add_document(c, gateways);
}

void show_gateway(const call_ptr& c) {
  const auto name = name_in_path(c, gateways);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find_document(c, *table, gateways, *name);
  if (d == nullptr) return;
  auto row = config::show_gateway(*d);
  const auto counts = counts_of(c);
  const auto found = counts.find(delivery::gateway_queue(*name));
  row.set("messages", found == counts.end() ? 0 : found->second.messages);
  row.set("octets", found == counts.end() ? 0 : found->second.octets);
  c->reply(std::move(row));
}

/// Its mail has no other way: it goes, or is given another, first.
void remove_gateway(const call_ptr& c) {
  const auto name = name_in_path(c, gateways);
  if (!name) return;
  const auto counts = counts_of(c);
  if (const auto found = counts.find(delivery::gateway_queue(*name)); found != counts.end() && found->second.messages > 0)
    return c->refuse(base::error_kind::conflict, "its queue still has " + std::to_string(found->second.messages) + " messages; move or remove them first");
  remove_document(c, gateways);
}

} // namespace rookery::admin
