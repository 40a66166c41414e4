#include "actors/admin/document_family.hpp"

namespace rookery::admin {

namespace dir = storage::directory;

std::optional<std::string> name_in_path(const call_ptr& c, const family& f) {
  auto name = f.canonical(c->name());
  if (!name) c->refuse(base::error_kind::invalid, std::string("this names no ") + f.word);
  return name;
}

const dir::document* find_document(const call_ptr& c, const dir::config_table& table, const family& f, const std::string& name) {
  const auto* d = table.find(f.kind, name);
  if (d == nullptr) c->refuse(base::error_kind::not_found, std::string("there is no ") + f.word + ' ' + name);
  return d;
}

void put_document(const call_ptr& c, const family& f, const std::string& name, std::uint64_t expected, std::string content, unsigned status,
                  std::string lost) {
  if (f.fits != nullptr && !f.fits(c, name, content)) return;
  change(c, {dir::put{f.kind, name, expected, std::move(content)}}, std::move(lost), [c, &f, name, status](const auto&) {
    const auto table = c->node->table();
    const auto* d = table->find(f.kind, name);
    c->reply(d == nullptr ? json::value() : f.show(*d), status);
  });
}

void list_documents(const call_ptr& c, const family& f, json::array items) {
  const auto table = c->node->table();
  const auto rows = table->page(f.kind, c->query("after"), c->limit());
  for (const auto& d : rows) items.push_back(f.show(*d));
  const auto total = items.size() - rows.size() + table->count(f.kind);
  c->reply(page_body(std::move(items), rows.size() == c->limit() ? rows.back()->key : std::string(), total));
}

void add_document(const call_ptr& c, const family& f) {
  if (f.most != 0 && c->node->table()->count(f.kind) >= f.most)
    return c->refuse(base::error_kind::over_limit, "of this kind (" + std::string(f.word) + ") there are " + std::to_string(f.most) + " already");
  const auto given = c->what.body.get_string(f.member);
  const auto name = given ? f.canonical(*given) : std::nullopt;
  if (!name) return c->refuse(base::error_kind::invalid, std::string(f.member) + " is missing or names no " + f.word);
  auto patch = c->what.body;
  patch.as_object()->erase(f.member);
  auto content = f.change(*name, {}, patch, c->node->secrets());
  if (!content) return c->refuse(content.error());
  put_document(c, f, *name, dir::expect::absent, std::move(*content), 201, std::string("the ") + f.word + ' ' + *name + " exists already");
}

void show_document(const call_ptr& c, const family& f) {
  const auto name = name_in_path(c, f);
  if (!name) return;
  const auto table = c->node->table();
  if (const auto* d = find_document(c, *table, f, *name)) c->reply(f.show(*d));
}

void change_document(const call_ptr& c, const family& f) {
  const auto name = name_in_path(c, f);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find_document(c, *table, f, *name);
  if (d == nullptr) return;
  auto content = f.change(*name, d->content, c->what.body, c->node->secrets());
  if (!content) return c->refuse(content.error());
  put_document(c, f, *name, c->expected(d->version), std::move(*content), 200, std::string("the ") + f.word + " was changed meanwhile");
}

void remove_document(const call_ptr& c, const family& f) {
  const auto name = name_in_path(c, f);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find_document(c, *table, f, *name);
  if (d == nullptr) return;
  change(c, {dir::remove{f.kind, *name, c->expected(d->version)}}, std::string("the ") + f.word + " was changed meanwhile",
         [c](const auto&) { c->reply(json::value(json::object{})); });
}

} // namespace rookery::admin
