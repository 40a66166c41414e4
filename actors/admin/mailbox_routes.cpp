// Mailbox templates, expiry rules, mailboxes of an account and what was removed from them.
#include "actors/admin/document_family.hpp"
#include "actors/config/mailbox_documents.hpp"
#include "base/text.hpp"
#include "policy/delivery/retry_plan.hpp"
#include "policy/routing/address_form.hpp"

#include <chrono>

namespace rookery::admin {
namespace {

namespace dir = storage::directory;

constexpr family templates = {dir::document_kind::mailbox_template, "name", "template", config::canonical_rule_name,
                              changed_by<config::change_template>, config::show_template, config::templates_max};
constexpr family rules = {dir::document_kind::expiry, "name", "expiry rule", config::canonical_rule_name,
                          changed_by<config::change_expiry>, config::show_expiry, mailboxes::expiry_rules_max};

/// The one that is there without a document.
bool is_built_in(const call_ptr& c, std::string_view name) {
  return name == mailboxes::standard_template_name && c->node->table()->find(templates.kind, name) == nullptr;
}

/// The account in the path; nothing, and answered, when there is none.
std::optional<base::account_id> account_named(const call_ptr& c) {
  const auto address = routing::canonical_address(c->name());
  const auto table = c->node->table();
  const auto* d = address ? table->find(dir::document_kind::account, *address) : nullptr;
  if (d == nullptr) {
    c->refuse(base::error_kind::not_found, "there is no account " + base::printable(c->name(), 300));
    return std::nullopt;
  }
  return base::account_id{d->id};
}

node_access::task_done answering(const call_ptr& c) {
  return [c](base::result<json::value> r) {
    if (r) c->reply(std::move(*r));
    else c->refuse(r.error());
  };
}

} // namespace

std::optional<base::wall_time> read_moment(std::string_view text, base::wall_time now) {
  if (const auto ago = delivery::parse_span(text)) return now - *ago;
  if (text.ends_with('Z')) text.remove_suffix(1);
  constexpr std::string_view form = "0000-00-00 00:00:00";
  if (text.size() != 10 && text.size() != 16 && text.size() != form.size()) return std::nullopt;
  unsigned parts[6] = {};
  std::size_t part = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (form[i] == '0') {
      if (text[i] < '0' || text[i] > '9') return std::nullopt;
      parts[part] = parts[part] * 10 + static_cast<unsigned>(text[i] - '0');
    } else {
      if (text[i] != form[i] && !(form[i] == ' ' && text[i] == 'T')) return std::nullopt;
      ++part;
    }
  }
  const auto day = std::chrono::year(static_cast<int>(parts[0])) / parts[1] / parts[2];
  if (!day.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return std::nullopt;
  return base::wall_time(std::chrono::sys_days(day)) + std::chrono::hours(parts[3]) + std::chrono::minutes(parts[4]) + std::chrono::seconds(parts[5]);
}

bool template_is_there(const call_ptr& c, const std::string& content) {
  const auto read = json::parse(content);
  const auto name = read ? read->get_string("template") : std::nullopt;
  if (!name || config::template_named(*c->node->table(), *name)) return true;
  c->refuse(base::error_kind::not_found, "there is no template " + std::string(*name));
  return false;
}

void list_templates(const call_ptr& c) {
  json::array built_in;
  if (c->query("after").empty() && is_built_in(c, mailboxes::standard_template_name)) built_in.push_back(config::show_standard_template());
  list_documents(c, templates, std::move(built_in));
}
void add_template(const call_ptr& c) {
  if (c->what.body.get_string("name") == mailboxes::no_template_name)
    return c->refuse(base::error_kind::exists, "none is the template without mailboxes");
  add_document(c, templates);
}
void show_template(const call_ptr& c) {
  if (is_built_in(c, c->name())) return c->reply(config::show_standard_template());
  show_document(c, templates);
}
void change_template(const call_ptr& c) { change_document(c, templates); }
void remove_template(const call_ptr& c) {
  const auto name = name_in_path(c, templates);
  if (!name) return;
  std::string user = c->node->values()->mailboxes_template == *name ? "the setting mailboxes.template" : "";
  c->node->table()->for_each(dir::document_kind::domain, {}, [&](const dir::document_ptr& d) {
    const auto content = json::parse(d->content);
    if (content && content->get_string("template") == *name) user = "the domain " + d->key;
    return user.empty();
  });
  if (!user.empty() && *name != mailboxes::standard_template_name)
    return c->refuse(base::error_kind::conflict, user + " names the template; change it first");
  remove_document(c, templates);
}

void list_expiry(const call_ptr& c) { list_documents(c, rules); }
void add_expiry(const call_ptr& c) { add_document(c, rules); }
void show_expiry(const call_ptr& c) { show_document(c, rules); }
void change_expiry(const call_ptr& c) { change_document(c, rules); }
void remove_expiry(const call_ptr& c) { remove_document(c, rules); }


void run_expiry(const call_ptr& c) {
  const auto given = c->what.body.get_string("rule").value_or("");
  const auto name = given.empty() ? std::optional<std::string>("") : rules.canonical(given);
  if (!name) return c->refuse(base::error_kind::invalid, "rule names no expiry rule");
  const auto table = c->node->table();
  if (!name->empty() && find_document(c, *table, rules, *name) == nullptr) return;
  c->node->tidy_mailboxes(*name, c->what.body.get_bool("pretend").value_or(false), answering(c));
}

void list_mailboxes(const call_ptr& c) {
  if (const auto account = account_named(c)) c->node->mailboxes(*account, false, answering(c));
}
void list_removed(const call_ptr& c) {
  if (const auto account = account_named(c)) c->node->mailboxes(*account, true, answering(c));
}
void restore_mailboxes(const call_ptr& c) {
  const auto account = account_named(c);
  if (!account) return;
  const auto text = c->what.body.get_string("as_of");
  const auto now = c->node->now();
  const auto moment = text ? read_moment(*text, now) : std::nullopt;
  if (!moment || *moment > now)
    return c->refuse(base::error_kind::invalid, "as_of is a moment of the past in UTC, as 2026-11-21T08:30:00Z, or how long ago, as 3h or 2d");
  c->node->restore(*account, std::string(c->what.body.get_string("mailbox").value_or("")), *moment,
                   c->what.body.get_bool("pretend").value_or(false), answering(c));
}

} // namespace rookery::admin
