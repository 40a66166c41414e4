#include "actors/admin/call.hpp"
#include "actors/config/documents.hpp"
#include "actors/config/homes.hpp"
#include "actors/config/mailbox_documents.hpp"
#include "base/text.hpp"
#include "policy/forwarding/forward_rule.hpp"
#include "policy/passwords/strength.hpp"
#include "policy/routing/address_form.hpp"
#include "policy/submission/send_quota.hpp"

namespace rookery::admin {
namespace {

namespace dir = storage::directory;
constexpr auto kind = dir::document_kind::account;

std::optional<std::string> named(const call_ptr& c) {
  auto name = routing::canonical_address(c->name());
  if (!name) c->refuse(base::error_kind::invalid, "this is no address");
  return name;
}

const dir::document* find(const call_ptr& c, const dir::config_table& table, const std::string& name) {
  const auto* d = table.find(kind, name);
  if (d == nullptr) c->refuse(base::error_kind::not_found, "there is no account " + name);
  return d;
}

void reply_with(const call_ptr& c, const std::string& name, unsigned status) {
  const auto table = c->node->table();
  const auto* d = table->find(kind, name);
  c->reply(d == nullptr ? json::value() : config::show_account(*d, *c->node->values()), status);
}

/// False, and answered, when the password is not fit.
bool fit(const call_ptr& c, std::string_view password, std::string_view address) {
  const auto verdict = passwords::judge(password, address, c->node->values()->password_characters_min);
  if (verdict == passwords::verdict::fit) return true;
  c->refuse(base::error_kind::invalid, std::string(passwords::reason(verdict)));
  return false;
}

void make(const call_ptr& c, const std::string& name, std::string content) {
  const std::string domain(routing::sides(name).domain);
  change(c,
         {dir::require{dir::document_kind::domain, domain, dir::expect::present},
          dir::require{dir::document_kind::alias, name, dir::expect::absent},
          dir::put{kind, name, dir::expect::absent, std::move(content)}},
         name + " exists already", [c, name](const auto&) { reply_with(c, name, 201); });
}

/// Replaces the content of an account by what `patch` makes of it.
void change_by(const call_ptr& c, json::value patch) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr) return;
  if (auto done = config::resolve_home(*table, patch); !done) return c->refuse(done.error());
  auto content = config::change_account(d->content, patch, c->node->secrets());
  if (!content) return c->refuse(content.error());
  if (!template_is_there(c, *content)) return;
  change(c, {dir::put{kind, *name, c->expected(d->version), std::move(*content)}}, "the account was changed meanwhile",
         [c, name = *name](const auto&) { reply_with(c, name, 200); });
}

/// What it may send a day: its own number, its domain's, or the setting. 0: no limit.
std::uint64_t send_quota_of(const call_ptr& c, const dir::config_table& table, const dir::document& d) {
  const auto account = config::read_account(d, *c->node->values());
  if (account && account->send_quota) return *account->send_quota;
  const auto* domain = table.find(dir::document_kind::domain, std::string(routing::sides(d.key).domain));
  if (domain != nullptr)
    if (const auto read = config::read_domain(*domain); read && read->send_quota) return *read->send_quota;
  return c->node->values()->submission_messages_a_day;
}

void set_state(const call_ptr& c, const char* state) {
  json::value patch{json::object{}};
  patch.set("state", state);
  change_by(c, patch);
}

} // namespace

void list_accounts(const call_ptr& c) {
  const auto table = c->node->table();
  const auto values = c->node->values();
  const auto domain = c->query("domain");
  const auto state = c->query("state");
  const auto limit = c->limit();
  json::array items;
  std::string next;
  table->for_each(kind, c->query("after"), [&](const dir::document_ptr& d) {
    if (!domain.empty() && routing::sides(d->key).domain != domain) return true;
    auto row = config::show_account(*d, *values);
    if (!state.empty() && row.get_string("state") != state) return true;
    items.push_back(std::move(row));
    if (items.size() == limit) next = d->key;
    return items.size() < limit;
  });
  c->reply(page_body(std::move(items), next, table->count(kind)));
}

void add_account(const call_ptr& c) {
  auto patch = c->what.body;
  const auto given = patch.get_string("address");
  const auto name = given ? routing::canonical_address(*given) : std::nullopt;
  if (!name) return c->refuse(base::error_kind::invalid, "address is missing or no address");
  std::optional<std::string> password;
  if (const auto text = patch.get_string("password")) password = *text;
  patch.as_object()->erase("address");
  patch.as_object()->erase("password");
  if (auto begun = config::begin_with_template(*c->node->table(), *name, *c->node->values(), patch); !begun) return c->refuse(begun.error());
  if (auto done = config::resolve_home(*c->node->table(), patch); !done) return c->refuse(done.error());
  auto content = config::change_account({}, patch, c->node->secrets());
  if (!content) return c->refuse(content.error());
  if (is_system(c, *name)) return;
  const auto table = c->node->table();
  const std::string domain(routing::sides(*name).domain);
  if (table->find(dir::document_kind::domain, domain) == nullptr)
    return c->refuse(base::error_kind::not_found, "there is no domain " + domain);
  if (table->find(kind, *name) != nullptr) return c->refuse(base::error_kind::exists, *name + " exists already");
  if (!password) return make(c, *name, std::move(*content));
  if (!fit(c, *password, *name)) return;
  hash_password(c, std::move(*password), [c, name = *name, content = std::move(*content)](const config::password_keys& made) {
    make(c, name, config::with_keys(content, made));
  });
}

void show_account(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr) return;
  auto body = config::show_account(*d, *c->node->values());
  const auto limit = send_quota_of(c, *table, *d);
  const auto spool = c->node->spool();
  if (spool == nullptr) return c->reply(std::move(body));
  if (limit != 0) body.set("send_quota", limit);
  reply_from_worker(c, [body = std::move(body), spool, limited = limit != 0, id = d->id, key = submission::count_key(base::account_id{d->id}, c->node->now())]() mutable -> base::result<json::value> {
    if (limited) {
      const auto count = spool->note("sent-today", key);
      body.set("sent_today", count ? base::parse_u64(count->value).value_or(0) : 0);
    }
    if (const auto used = spool->note(forwarding::last_used_space, std::to_string(id)))
      if (const auto when = base::parse_u64(used->value)) body.set("forward_last_used", *when);
    return std::move(body);
  });
}

void change_account(const call_ptr& c) { change_by(c, c->what.body); }
void enable_account(const call_ptr& c) { set_state(c, "enabled"); }
void disable_account(const call_ptr& c) { set_state(c, "disabled"); }
void freeze_account(const call_ptr& c) { set_state(c, "frozen"); }

void set_account_password(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  if (find(c, *table, *name) == nullptr) return;
  const auto password = c->what.body.get_string("password");
  if (!password) return c->refuse(base::error_kind::invalid, "password is missing");
  if (!fit(c, *password, *name)) return;
  hash_password(c, std::string(*password), [c, name = *name](const config::password_keys& made) {
    // Read again: the hash took its time, and what changed meanwhile stays.
    const auto now = c->node->table();
    const auto* d = find(c, *now, name);
    if (d == nullptr) return;
    change(c, {dir::put{kind, name, c->expected(d->version), config::with_keys(d->content, made)}},
           "the account was changed meanwhile", [c, name](const auto&) { reply_with(c, name, 200); });
  });
}

void list_account_certificates(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr) return;
  auto rows = config::show_certificates(*d);
  const auto total = rows.as_array()->size();
  c->reply(page_body(std::move(*rows.as_array()), {}, total));
}

void add_account_certificate(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto sha256 = config::read_fingerprint(c->what.body.get_string("sha256").value_or(""));
  if (!sha256) return c->refuse(base::error_kind::invalid, "sha256 is missing or no SHA-256 fingerprint of 64 hex digits");
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr) return;
  auto content = config::with_certificate(d->content, *sha256, c->what.body.get_string("note").value_or(""));
  if (!content) return c->refuse(content.error());
  change(c, {dir::put{kind, *name, c->expected(d->version), std::move(*content)}}, "the account was changed meanwhile",
         [c](const auto&) { list_account_certificates(c); });
}

void remove_account_certificate(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto sha256 = config::read_fingerprint(c->what.path[4]);
  if (!sha256) return c->refuse(base::error_kind::invalid, "this is no SHA-256 fingerprint of 64 hex digits");
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr) return;
  auto content = config::without_certificate(d->content, *sha256);
  if (!content) return c->refuse(content.error());
  change(c, {dir::put{kind, *name, c->expected(d->version), std::move(*content)}}, "the account was changed meanwhile",
         [c](const auto&) { list_account_certificates(c); });
}

void rename_account(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto given = c->what.body.get_string("address");
  const auto to = given ? routing::canonical_address(*given) : std::nullopt;
  if (!to) return c->refuse(base::error_kind::invalid, "address is missing or no address");
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr || is_system(c, *to)) return;
  const std::string domain(routing::sides(*to).domain);
  if (table->find(dir::document_kind::domain, domain) == nullptr)
    return c->refuse(base::error_kind::not_found, "there is no domain " + domain);
  change(c,
         {dir::require{dir::document_kind::domain, domain, dir::expect::present},
          dir::require{dir::document_kind::alias, *to, dir::expect::absent},
          dir::rename{kind, *name, c->expected(d->version), *to}},
         *to + " exists already, or the account was changed meanwhile", [c, to = *to](const auto&) { reply_with(c, to, 200); });
}

void remove_account(const call_ptr& c) {
  const auto name = named(c);
  if (!name) return;
  const auto table = c->node->table();
  const auto* d = find(c, *table, *name);
  if (d == nullptr) return;
  const base::account_id id{d->id};
  auto changes = removals_of_collections(*table, id);
  changes.insert(changes.begin(), dir::remove{kind, *name, c->expected(d->version)});
  change(c, std::move(changes), "the account was changed meanwhile",
         [c, id](const auto&) {
           c->node->drop_mail(id, [c](base::result<storage::command_result> r) {
             if (!r) return c->refuse(r.error());
             c->reply(json::value(json::object{}));
           });
         });
}

} // namespace rookery::admin
