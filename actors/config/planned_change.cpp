#include "actors/config/planned_change.hpp"

#include "actors/config/certificate_documents.hpp"
#include "actors/config/config_follower.hpp"
#include "actors/config/config_history.hpp"
#include "actors/config/plan_rules.hpp"
#include "storage/directory/agreed_command.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace rookery::config {
namespace {

namespace dir = storage::directory;
using dir::document_kind;

struct kind_name {
  document_kind kind;
  std::string_view name;
  bool ours; ///< written by people, so that a file or a rollback may change it
};
constexpr std::array kinds{
    kind_name{document_kind::domain, "domain", true}, kind_name{document_kind::account, "account", true},
    kind_name{document_kind::alias, "alias", true}, kind_name{document_kind::setting, "setting", true},
    kind_name{document_kind::certificate, "certificate", true}, kind_name{document_kind::node, "node", false},
    kind_name{document_kind::queue, "queue", true}, kind_name{document_kind::route, "route", true},
    kind_name{document_kind::host_login, "host-login", true}, kind_name{document_kind::gateway, "gateway", true},
    kind_name{document_kind::collection, "collection", true}, kind_name{document_kind::archive, "archive", true},
    kind_name{document_kind::mailbox_template, "template", true}, kind_name{document_kind::expiry, "expiry", true},
    kind_name{dir::cluster_document, "cluster", false}, kind_name{pending_document, "confirmation", false}};

/// Members of documents that nobody is shown.
constexpr std::array<std::string_view, 6> secrets{"salt", "stored_key", "server_key", "sealed_password", "sealed_key", "authority_key"};

void hide_secrets(json::value& v) {
  if (auto* all = v.as_array())
    for (auto& each : *all) hide_secrets(each);
  auto* members = v.as_object();
  if (members == nullptr) return;
  for (auto& [name, member] : *members)
    if (is_secret(name)) member = json::value(kept_secret);
    else hide_secrets(member);
}

dir::change command_for(const dir::config_table& now, const document_change& c) {
  const auto* d = now.find(c.kind, c.key);
  if (!c.after) return dir::remove{c.kind, c.key, d->version};
  return dir::put{c.kind, c.key, d != nullptr ? d->version : dir::expect::absent, *c.after};
}

/// The table as the changes would leave it.
std::shared_ptr<const dir::config_table> with_changes(const dir::config_table& now, const std::vector<document_change>& changes) {
  dir::config_table::editor editor(now);
  auto next_id = std::uint64_t{1} << 62; // of documents that have none yet
  for (const auto& c : changes) {
    if (!c.after) {
      editor.remove(c.kind, c.key);
      continue;
    }
    const auto* old = now.find(c.kind, c.key);
    auto d = std::make_shared<dir::document>();
    d->kind = c.kind;
    d->key = c.key;
    d->id = old != nullptr ? old->id : next_id++;
    d->version = now.version() + 1;
    d->content = *c.after;
    editor.put(std::move(d));
  }
  return editor.finish(now.version() + 1);
}

/// A node could work with it: every document can be read, and addresses have their domains.
base::result<void> check_table(const dir::config_table& now, const std::vector<document_change>& changes) {
  const auto next = with_changes(now, changes);
  config_follower before, after;
  before.follow(with_changes(now, {}));
  after.follow(next);
  const std::set<std::string> known(before.faults().begin(), before.faults().end());
  for (const auto& f : after.faults())
    if (!known.contains(f)) return base::fail(base::error_kind::invalid, f);
  std::string missing;
  for (const auto kind : {document_kind::account, document_kind::alias})
    next->for_each(kind, {}, [&](const dir::document_ptr& d) {
      const auto at = d->key.rfind('@');
      if (at != std::string::npos && next->find(document_kind::domain, d->key.substr(at + 1)) == nullptr &&
          (now.find(kind, d->key) == nullptr || now.find(document_kind::domain, d->key.substr(at + 1)) != nullptr))
        missing = document_label(kind, d->key);
      return missing.empty();
    });
  if (!missing.empty()) return base::fail(base::error_kind::invalid, missing + " would be without its domain");
  return {};
}

} // namespace

bool is_ours(document_kind k) noexcept {
  return std::any_of(kinds.begin(), kinds.end(), [k](const kind_name& n) { return n.kind == k && n.ours; });
}

bool is_secret(std::string_view member) noexcept { return std::find(secrets.begin(), secrets.end(), member) != secrets.end(); }

/// A setting is a scalar; everything else an object.
json::value parsed_content(std::string_view content) { return json::parse(content).value_or(json::value(std::string(content))); }

std::optional<std::string> content_at(const dir::config_table& t, const document_place& p) {
  const auto* d = t.find(p.first, p.second);
  return d == nullptr ? std::nullopt : std::optional(d->content);
}

std::string document_label(document_kind kind, const std::string& key) { return std::string(name_of(kind)) + ' ' + key; }

base::result<planned_change> checked_plan(const dir::config_table& now, std::vector<document_change> changes, std::vector<std::string> left) {
  if (auto fits = check_table(now, changes); !fits) return base::fail(fits.error());
  planned_change out;
  // Removals go first: an alias may take an account's address, or the other way round.
  std::stable_partition(changes.begin(), changes.end(), [](const auto& c) { return !c.after; });
  for (const auto& c : changes) out.commands.push_back(command_for(now, c));
  out.changes = std::move(changes);
  out.left = std::move(left);
  return out;
}

std::string_view name_of(document_kind k) noexcept {
  const auto at = std::find_if(kinds.begin(), kinds.end(), [k](const kind_name& n) { return n.kind == k; });
  return at == kinds.end() ? "other" : at->name;
}

std::optional<document_kind> kind_named(std::string_view name) noexcept {
  const auto at = std::find_if(kinds.begin(), kinds.end(), [name](const kind_name& n) { return n.name == name; });
  if (at == kinds.end()) return {};
  return at->kind;
}

json::value shown_content(std::string_view content) {
  auto out = parsed_content(content);
  hide_secrets(out);
  return out;
}

json::value show_change(const document_change& c) {
  json::value out{json::object{}};
  out.set("kind", name_of(c.kind));
  out.set("key", c.key);
  out.set("verb", !c.before ? "made" : !c.after ? "removed" : "changed");
  json::array members;
  const auto old = c.before ? parsed_content(*c.before) : json::value(), now = c.after ? parsed_content(*c.after) : json::value();
  const auto add = [&](std::string_view member, const json::value* before, const json::value* after) {
    if (before != nullptr && after != nullptr && *before == *after) return;
    json::value row{json::object{}};
    row.set("member", member);
    const auto show = [&](const char* side, const json::value* v) {
      if (v == nullptr) return;
      auto shown = *v;
      hide_secrets(shown);
      if (c.kind == document_kind::certificate && member == "chain") shown = json::value(chain_label(v->as_string() != nullptr ? *v->as_string() : std::string()));
      row.set(side, is_secret(member) ? json::value("(secret)") : std::move(shown));
    };
    show("before", before);
    show("after", after);
    members.push_back(std::move(row));
  };
  if (old.as_object() == nullptr && now.as_object() == nullptr) {
    add("value", c.before ? &old : nullptr, c.after ? &now : nullptr);
  } else {
    static const json::object none;
    const auto& a = old.as_object() != nullptr ? *old.as_object() : none;
    const auto& b = now.as_object() != nullptr ? *now.as_object() : none;
    for (const auto& [name, v] : a) add(name, &v, b.find(name));
    for (const auto& [name, v] : b)
      if (a.find(name) == nullptr) add(name, nullptr, &v);
  }
  out.set("members", std::move(members));
  return out;
}

} // namespace rookery::config
