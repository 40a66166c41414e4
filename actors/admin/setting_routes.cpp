#include "actors/admin/call.hpp"
#include "actors/config/settings.hpp"

namespace rookery::admin {
namespace {

namespace dir = storage::directory;
constexpr auto kind = dir::document_kind::setting;

json::value show(const config::setting_info& s, const config::settings& values, const dir::config_table& table) {
  static const config::settings defaults;
  json::value out{json::object{}};
  out.set("key", s.key);
  out.set("value", json::parse(config::print_setting(values, s)).value_or(json::value()));
  out.set("default", json::parse(config::print_setting(defaults, s)).value_or(json::value()));
  out.set("type", config::name_of(s.type));
  if (const auto unit = config::unit_of(s.type); !unit.empty()) out.set("unit", unit);
  if (s.most != 0) {
    out.set("least", s.least);
    out.set("most", s.most);
  }
  if (!s.choices.empty()) out.set("choices", s.choices);
  out.set("sentence", s.sentence);
  const auto* d = table.find(kind, s.key);
  out.set("set", d != nullptr);
  if (d != nullptr) out.set("version", d->version);
  return out;
}

const config::setting_info* named(const call_ptr& c) {
  const auto* s = config::find_setting(c->name());
  if (s == nullptr) c->refuse(base::error_kind::not_found, "there is no setting of this name");
  return s;
}

void reply_with(const call_ptr& c, const config::setting_info& s) {
  const auto table = c->node->table();
  c->reply(show(s, config::settings_of(*table), *table));
}

} // namespace

void list_settings(const call_ptr& c) {
  const auto table = c->node->table();
  const auto values = config::settings_of(*table);
  json::array items;
  for (const auto& s : config::schema()) items.push_back(show(s, values, *table));
  // What a newer node has set is kept, and shown as it is.
  table->for_each(kind, {}, [&](const dir::document_ptr& d) {
    if (config::find_setting(d->key) != nullptr) return true;
    json::value row{json::object{}};
    row.set("key", d->key);
    row.set("value", json::parse(d->content).value_or(json::value()));
    row.set("sentence", "not known to this version");
    row.set("set", true);
    items.push_back(std::move(row));
    return true;
  });
  const auto total = items.size();
  c->reply(page_body(std::move(items), {}, total));
}

void show_setting(const call_ptr& c) {
  if (const auto* s = named(c)) reply_with(c, *s);
}

void set_setting(const call_ptr& c) {
  const auto* s = named(c);
  if (s == nullptr) return;
  const auto* given = c->what.body.find("value");
  if (given == nullptr) return c->refuse(base::error_kind::invalid, "value is missing");
  const auto* text = given->as_string();
  auto scalar = config::check_setting(*s, text != nullptr ? *text : json::to_text(*given));
  if (!scalar) return c->refuse(scalar.error());
  if (s->type == config::setting_type::domain && *scalar != "\"\"") {
    const auto name = scalar->substr(1, scalar->size() - 2);
    if (c->node->table()->find(dir::document_kind::domain, name) == nullptr)
      return c->refuse(base::error_kind::not_found, "there is no domain " + name);
  }
  change(c, {dir::put{kind, std::string(s->key), c->expected(dir::expect::any), std::move(*scalar)}},
         "the setting was changed meanwhile", [c, s](const auto&) { reply_with(c, *s); });
}

void unset_setting(const call_ptr& c) {
  const auto* s = named(c);
  if (s == nullptr) return;
  if (c->node->table()->find(kind, s->key) == nullptr) return reply_with(c, *s);
  change(c, {dir::remove{kind, std::string(s->key), c->expected(dir::expect::any)}}, "the setting was changed meanwhile",
         [c, s](const auto&) { reply_with(c, *s); });
}

} // namespace rookery::admin
