#include "actors/config/config_history.hpp"

#include "actors/config/config_follower.hpp"
#include "actors/config/documents.hpp"
#include "actors/config/mailbox_documents.hpp"
#include "base/text.hpp"
#include "storage/directory/agreed_command.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace rookery::config {
namespace {

namespace dir = storage::directory;
using dir::document_kind;
using place = std::pair<document_kind, std::string>;

struct kind_name {
  document_kind kind;
  std::string_view name;
  bool ours; ///< written by people, so that a file or a rollback may change it
};
constexpr std::array kinds{
    kind_name{document_kind::domain, "domain", true}, kind_name{document_kind::account, "account", true},
    kind_name{document_kind::alias, "alias", true}, kind_name{document_kind::setting, "setting", true},
    kind_name{document_kind::certificate, "certificate", false}, kind_name{document_kind::node, "node", false},
    kind_name{document_kind::queue, "queue", true}, kind_name{document_kind::route, "route", true},
    kind_name{document_kind::host_login, "host-login", true}, kind_name{document_kind::gateway, "gateway", true},
    kind_name{document_kind::collection, "collection", true}, kind_name{document_kind::archive, "archive", true},
    kind_name{document_kind::mailbox_template, "template", true}, kind_name{document_kind::expiry, "expiry", true},
    kind_name{dir::cluster_document, "cluster", false}, kind_name{pending_document, "confirmation", false}};

/// Members of documents that nobody is shown.
constexpr std::array<std::string_view, 5> secrets{"salt", "stored_key", "server_key", "sealed_password", "authority_key"};

bool is_ours(document_kind k) noexcept {
  return std::any_of(kinds.begin(), kinds.end(), [k](const kind_name& n) { return n.kind == k && n.ours; });
}

bool is_secret(std::string_view member) noexcept { return std::find(secrets.begin(), secrets.end(), member) != secrets.end(); }

/// A setting is a scalar; everything else an object.
json::value parsed(std::string_view content) { return json::parse(content).value_or(json::value(std::string(content))); }

void hide_secrets(json::value& v) {
  if (auto* all = v.as_array())
    for (auto& each : *all) hide_secrets(each);
  auto* members = v.as_object();
  if (members == nullptr) return;
  for (auto& [name, member] : *members)
    if (is_secret(name)) member = json::value(kept_secret);
    else hide_secrets(member);
}

/// Secrets that are to be kept come from `present`. False: there is none.
bool keep_secrets(json::value& v, const json::value* present) {
  auto* members = v.as_object();
  if (members == nullptr) return true;
  for (auto& [name, member] : *members) {
    const auto* there = present != nullptr && present->as_object() != nullptr ? present->as_object()->find(name) : nullptr;
    const auto* text = member.as_string();
    if (!is_secret(name) || text == nullptr || *text != kept_secret) {
      if (!keep_secrets(member, there)) return false;
    } else if (there == nullptr) {
      return false;
    } else {
      member = *there;
    }
  }
  return true;
}

std::optional<std::string> content_at(const dir::config_table& t, const place& p) {
  const auto* d = t.find(p.first, p.second);
  return d == nullptr ? std::nullopt : std::optional(d->content);
}

std::string label(document_kind kind, const std::string& key) { return std::string(name_of(kind)) + ' ' + key; }

/// What the table has at each place that later commands touched, once those are taken back.
base::result<std::map<place, std::optional<std::string>>> as_it_was(const dir::config_table& now, const std::vector<dir::history_entry>& history,
                                                                    std::uint64_t version) {
  if (version > now.version()) return base::fail(base::error_kind::invalid, "there is no version " + std::to_string(version) + " yet");
  std::map<place, std::optional<std::string>> out;
  std::uint64_t reaches = now.version();
  for (const auto& e : history) {
    if (e.version <= version) {
      reaches = version;
      break;
    }
    if (!e.before)
      return base::fail(base::error_kind::not_found, "what version " + std::to_string(e.version) + " changed is not remembered: there is no way back past it");
    for (const auto& b : *e.before) out[{b.kind, b.key}] = b.there ? std::optional(b.content) : std::nullopt;
    reaches = e.version - 1;
  }
  if (reaches > version)
    return base::fail(base::error_kind::not_found, "the history goes back to version " + std::to_string(reaches) + " only");
  return out;
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
        missing = label(kind, d->key);
      return missing.empty();
    });
  if (!missing.empty()) return base::fail(base::error_kind::invalid, missing + " would be without its domain");
  return {};
}

base::result<planned_change> checked(const dir::config_table& now, std::vector<document_change> changes, std::vector<std::string> left) {
  if (auto fits = check_table(now, changes); !fits) return base::fail(fits.error());
  planned_change out;
  // Removals go first: an alias may take an account's address, or the other way round.
  std::stable_partition(changes.begin(), changes.end(), [](const auto& c) { return !c.after; });
  for (const auto& c : changes) out.commands.push_back(command_for(now, c));
  out.changes = std::move(changes);
  out.left = std::move(left);
  return out;
}

base::failure<base::error> unfit_file(const std::string& why) { return base::fail(base::error_kind::invalid, why); }

/// What a person would be told who wrote these members one by one. Kinds with passwords for other servers are left to
/// `check_table`: their rules want the password itself.
base::result<void> check_members(document_kind kind, json::value content) {
  base::result<std::string> made = std::string();
  switch (kind) {
  case document_kind::domain: made = change_domain({}, content); break;
  case document_kind::alias: made = change_alias({}, content); break;
  case document_kind::expiry: made = change_expiry({}, content); break;
  case document_kind::mailbox_template: made = change_template({}, content); break;
  case document_kind::account: {
    json::value open{json::object{}};
    for (auto& [name, member] : *content.as_object())
      if (!is_secret(name) && name != "iterations" && name != "scram_sha_1" && name != "certificates" && !name.starts_with("forward"))
        open.set(name, std::move(member));
    made = change_account({}, open);
    break;
  }
  default: break;
  }
  if (!made) return base::fail(made.error());
  return {};
}

struct file_document {
  document_kind kind{};
  std::string key, content;
};

base::result<file_document> read_file_document(const dir::config_table& now, const json::value& row) {
  const auto kind = kind_named(row.get_string("kind").value_or(""));
  const auto key = row.get_string("key");
  const auto* content = row.find("content");
  if (!kind || !is_ours(*kind)) return unfit_file("kind is none that a file can have: " + std::string(row.get_string("kind").value_or("(missing)")));
  if (!key || key->empty() || key->size() > dir::key_octets_max) return unfit_file("a " + std::string(name_of(*kind)) + " has no key");
  const auto what = label(*kind, std::string(*key));
  if (base::to_lower(*key) != *key) return unfit_file(what + ": names are written in lower case");
  if (content == nullptr) return unfit_file(what + " has no content");
  if ((*kind == document_kind::setting) == (content->as_object() != nullptr || content->as_array() != nullptr))
    return unfit_file("the content of " + what + (*kind == document_kind::setting ? " is a single value" : " is an object"));
  auto value = *content;
  const auto* present = now.find(*kind, *key);
  const auto there = present != nullptr ? parsed(present->content) : json::value();
  if (!keep_secrets(value, present != nullptr ? &there : nullptr)) return unfit_file(what + " has a secret that is to be kept, but there is none here");
  if (*kind == document_kind::setting) {
    const auto* s = find_setting(*key);
    if (s == nullptr) return unfit_file("there is no setting " + std::string(*key));
    const auto* text = value.as_string();
    auto scalar = check_setting(*s, text != nullptr ? *text : json::to_text(value));
    if (!scalar) return unfit_file(what + ": " + scalar.error().client.value);
    return file_document{*kind, std::string(*key), std::move(*scalar)};
  }
  if (const auto fits = check_members(*kind, value); !fits) return unfit_file(what + ": " + fits.error().client.value);
  return file_document{*kind, std::string(*key), json::to_text(value)};
}

} // namespace

std::string_view name_of(document_kind k) noexcept {
  const auto at = std::find_if(kinds.begin(), kinds.end(), [k](const kind_name& n) { return n.kind == k; });
  return at == kinds.end() ? "other" : at->name;
}

std::optional<document_kind> kind_named(std::string_view name) noexcept {
  const auto at = std::find_if(kinds.begin(), kinds.end(), [name](const kind_name& n) { return n.name == name; });
  if (at == kinds.end()) return {};
  return at->kind;
}

base::result<std::vector<document_change>> changes_between(const dir::config_table& now, const std::vector<dir::history_entry>& history,
                                                           std::uint64_t from, std::uint64_t to) {
  const auto before = as_it_was(now, history, from), after = as_it_was(now, history, to);
  if (!before) return base::fail(before.error());
  if (to < from) return base::fail(base::error_kind::invalid, "the first version is the earlier one");
  if (!after) return base::fail(after.error());
  std::vector<document_change> out;
  for (const auto& [where, content] : *before) {
    const auto later = after->find(where);
    auto then = later != after->end() ? later->second : content_at(now, where);
    if (content != then) out.push_back({where.first, where.second, content, std::move(then)});
  }
  return out;
}

base::result<planned_change> plan_rollback(const dir::config_table& now, const std::vector<dir::history_entry>& history, std::uint64_t to) {
  auto since = changes_between(now, history, to, now.version());
  if (!since) return base::fail(since.error());
  std::vector<document_change> changes;
  std::vector<std::string> left;
  for (auto& c : *since) {
    if (!is_ours(c.kind)) continue;
    std::swap(c.before, c.after);
    if (c.kind == document_kind::account && c.before && !c.after) left.push_back(label(c.kind, c.key) + " was made since and stays");
    else if (c.kind == document_kind::account && !c.before) left.push_back(label(c.kind, c.key) + " was removed since and does not come back: its mail is gone");
    else changes.push_back(std::move(c));
  }
  return checked(now, std::move(changes), std::move(left));
}

base::result<planned_change> plan_undo(const dir::config_table& now, const std::vector<dir::history_entry>& history, std::uint64_t version) {
  const auto entry = std::find_if(history.begin(), history.end(), [version](const auto& e) { return e.version == version; });
  if (entry == history.end() || !entry->before)
    return base::fail(base::error_kind::not_found, "what version " + std::to_string(version) + " changed is not remembered");
  std::vector<document_change> changes;
  std::vector<std::string> left;
  for (const auto& b : *entry->before) {
    if (!is_ours(b.kind)) continue;
    const auto* d = now.find(b.kind, b.key);
    auto before = b.there ? std::optional(b.content) : std::nullopt;
    if (d != nullptr && d->version != version) left.push_back(label(b.kind, b.key) + " was changed again and stays");
    else if (b.kind == document_kind::account && (d == nullptr || !b.there)) left.push_back(label(b.kind, b.key) + " stays as it is: its mail would not follow");
    else if (content_at(now, {b.kind, b.key}) != before) changes.push_back({b.kind, b.key, content_at(now, {b.kind, b.key}), std::move(before)});
  }
  return checked(now, std::move(changes), std::move(left));
}

std::optional<pending_change> pending_in(const dir::config_table& now) {
  const auto* d = now.find(pending_document, pending_key);
  if (d == nullptr) return {};
  const auto content = parsed(d->content);
  return pending_change{d->version, base::from_milliseconds(content.get_integer("until").value_or(0)),
                        std::string(content.get_string("author").value_or(""))};
}

dir::change wait_for_confirmation(base::wall_time until, std::string_view author) {
  json::value content{json::object{}};
  content.set("until", base::to_milliseconds(until));
  content.set("author", author);
  return dir::put{pending_document, std::string(pending_key), dir::expect::absent, json::to_text(content)};
}

base::result<planned_change> plan_file(const dir::config_table& now, const json::value& file, bool prune) {
  const auto* rows = file.get_array("documents");
  if (rows == nullptr) return unfit_file("documents is an array of {\"kind\", \"key\", \"content\"}");
  if (rows->size() > file_documents_max) return base::fail(base::error_kind::over_limit, "a file has at most " + std::to_string(file_documents_max) + " documents");
  std::set<place> named;
  std::set<document_kind> kinds_there;
  std::vector<document_change> changes;
  std::vector<std::string> left;
  for (const auto& row : *rows) {
    auto d = read_file_document(now, row);
    if (!d) return base::fail(d.error());
    if (!named.emplace(d->kind, d->key).second) return unfit_file(label(d->kind, d->key) + " is there twice");
    kinds_there.insert(d->kind);
    auto present = content_at(now, {d->kind, d->key});
    if (present && parsed(*present) == parsed(d->content)) continue;
    changes.push_back({d->kind, d->key, std::move(present), std::move(d->content)});
  }
  for (const auto kind : kinds_there) {
    if (!prune) break;
    now.for_each(kind, {}, [&](const dir::document_ptr& d) {
      if (named.contains({kind, d->key})) return true;
      if (kind == document_kind::account) left.push_back(label(kind, d->key) + " stays: rookery account remove takes it away with its mail");
      else changes.push_back({kind, d->key, d->content, std::nullopt});
      return true;
    });
  }
  return checked(now, std::move(changes), std::move(left));
}

json::value export_documents(const dir::config_table& now, const std::vector<document_kind>& wanted) {
  json::array rows;
  for (const auto kind : now.kinds()) {
    if (!is_ours(kind)) continue;
    if (wanted.empty() ? kind == document_kind::account : std::find(wanted.begin(), wanted.end(), kind) == wanted.end()) continue;
    now.for_each(kind, {}, [&](const dir::document_ptr& d) {
      json::value row{json::object{}};
      row.set("kind", name_of(kind));
      row.set("key", d->key);
      row.set("content", shown_content(d->content));
      rows.push_back(std::move(row));
      return true;
    });
  }
  json::value out{json::object{}};
  out.set("version", now.version());
  out.set("documents", std::move(rows));
  return out;
}

json::value shown_content(std::string_view content) {
  auto out = parsed(content);
  hide_secrets(out);
  return out;
}

json::value show_change(const document_change& c) {
  json::value out{json::object{}};
  out.set("kind", name_of(c.kind));
  out.set("key", c.key);
  out.set("verb", !c.before ? "made" : !c.after ? "removed" : "changed");
  json::array members;
  const auto old = c.before ? parsed(*c.before) : json::value(), now = c.after ? parsed(*c.after) : json::value();
  const auto add = [&](std::string_view member, const json::value* before, const json::value* after) {
    if (before != nullptr && after != nullptr && *before == *after) return;
    json::value row{json::object{}};
    row.set("member", member);
    const auto show = [&](const char* side, const json::value* v) {
      if (v == nullptr) return;
      auto shown = *v;
      hide_secrets(shown);
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
