#include "actors/admin/call.hpp"
#include "actors/config/archive_documents.hpp"

namespace rookery::admin {
namespace {

namespace dir = storage::directory;
constexpr auto kind = dir::document_kind::archive;

std::optional<std::string> named(const call_ptr& c) {
  auto name = config::canonical_archive(c->name());
  if (!name) c->refuse(base::error_kind::invalid, "this names no archive");
  return name;
}

const dir::document* find(const call_ptr& c, const dir::config_table& table, const std::string& name) {
  const auto* d = table.find(kind, name);
  if (d == nullptr) c->refuse(base::error_kind::not_found, "there is no archive " + name);
  return d;
}

void reply_with(const call_ptr& c, const std::string& name, unsigned status) {
  const auto table = c->node->table();
  const auto* d = table->find(kind, name);
  c->reply(d == nullptr ? json::value() : config::show_archive(*d), status);
}

} // namespace

void list_archives(const call_ptr& c) {
  const auto table = c->node->table();
  const auto rows = table->page(kind, c->query("after"), c->limit());
  json::array items;
  for (const auto& d : rows) items.push_back(config::show_archive(*d));
  c->reply(page_body(std::move(items), rows.size() == c->limit() ? rows.back()->key : std::string(), table->count(kind)));
}

void add_archive(const call_ptr& c) {
  const auto name = config::canonical_archive(c->what.body.get_string("name").value_or(""));
  if (!name) return c->refuse(base::error_kind::invalid, "name is missing, or has more than letters, digits, '-', '_' and '.'");
  auto patch = c->what.body;
  patch.as_object()->erase("name");
  auto content = config::change_archive({}, patch);
  if (!content) return c->refuse(content.error());
  if (c->node->table()->count(kind) >= archiving::archive_rules_max)
    return c->refuse(base::error_kind::over_limit, "there are at most " + std::to_string(archiving::archive_rules_max) + " archives");
  change(c, {dir::put{kind, *name, dir::expect::absent, std::move(*content)}}, "the archive " + *name + " exists already",
         [c, name = *name](const auto&) { reply_with(c, name, 201); });
}

void show_archive(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  if (const auto* d = find(c, *table, *name)) c->reply(config::show_archive(*d));
}

void change_archive(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr) return;
  auto content = config::change_archive(d->content, c->what.body);
  if (!content) return c->refuse(content.error());
  change(c, {dir::put{kind, *name, c->expected(d->version), std::move(*content)}}, "the archive was changed meanwhile",
         [c, name = *name](const auto&) { reply_with(c, name, 200); });
}

void remove_archive(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr) return;
  change(c, {dir::remove{kind, *name, c->expected(d->version)}}, "the archive was changed meanwhile",
         [c](const auto&) { c->reply(json::value(json::object{})); });
}

} // namespace rookery::admin
