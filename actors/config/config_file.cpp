#include "actors/config/config_file.hpp"

#include "actors/config/certificate_documents.hpp"
#include "actors/config/documents.hpp"
#include "actors/config/mailbox_documents.hpp"
#include "actors/config/plan_rules.hpp"
#include "actors/config/settings.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace rookery::config {
namespace {

namespace dir = storage::directory;
using dir::document_kind;

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

base::failure<base::error> unfit_file(const std::string& why) { return base::fail(base::error_kind::invalid, why); }

/// What a person would be told who wrote these members one by one. Kinds with passwords for other servers are left to
/// `check_table`: their rules want the password itself.
base::result<void> check_members(document_kind kind, json::value content, const json::value& present) {
  base::result<std::string> made = std::string();
  switch (kind) {
  case document_kind::certificate: return check_certificate_in_file(content, present);
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
  const auto what = document_label(*kind, std::string(*key));
  if (base::to_lower(*key) != *key) return unfit_file(what + ": names are written in lower case");
  if (content == nullptr) return unfit_file(what + " has no content");
  if ((*kind == document_kind::setting) == (content->as_object() != nullptr || content->as_array() != nullptr))
    return unfit_file("the content of " + what + (*kind == document_kind::setting ? " is a single value" : " is an object"));
  auto value = *content;
  const auto* present = now.find(*kind, *key);
  const auto there = present != nullptr ? parsed_content(present->content) : json::value();
  if (!keep_secrets(value, present != nullptr ? &there : nullptr)) return unfit_file(what + " has a secret that is to be kept, but there is none here");
  if (*kind == document_kind::setting) {
    const auto* s = find_setting(*key);
    if (s == nullptr) return unfit_file("there is no setting " + std::string(*key));
    const auto* text = value.as_string();
    auto scalar = check_setting(*s, text != nullptr ? *text : json::to_text(value));
    if (!scalar) return unfit_file(what + ": " + scalar.error().client.value);
    return file_document{*kind, std::string(*key), std::move(*scalar)};
  }
  if (const auto fits = check_members(*kind, value, there); !fits) return unfit_file(what + ": " + fits.error().client.value);
  return file_document{*kind, std::string(*key), json::to_text(value)};
}

} // namespace

base::result<planned_change> plan_file(const dir::config_table& now, const json::value& file, bool prune) {
  const auto* rows = file.get_array("documents");
  if (rows == nullptr) return unfit_file("documents is an array of {\"kind\", \"key\", \"content\"}");
  if (rows->size() > file_documents_max) return base::fail(base::error_kind::over_limit, "a file has at most " + std::to_string(file_documents_max) + " documents");
  std::set<document_place> named;
  std::set<document_kind> kinds_there;
  std::vector<document_change> changes;
  std::vector<std::string> left;
  for (const auto& row : *rows) {
    auto d = read_file_document(now, row);
    if (!d) return base::fail(d.error());
    if (!named.emplace(d->kind, d->key).second) return unfit_file(document_label(d->kind, d->key) + " is there twice");
    kinds_there.insert(d->kind);
    auto present = content_at(now, {d->kind, d->key});
    if (present && parsed_content(*present) == parsed_content(d->content)) continue;
    changes.push_back({d->kind, d->key, std::move(present), std::move(d->content)});
  }
  for (const auto kind : kinds_there) {
    if (!prune) break;
    now.for_each(kind, {}, [&](const dir::document_ptr& d) {
      if (named.contains({kind, d->key})) return true;
      if (kind == document_kind::account) left.push_back(document_label(kind, d->key) + " stays: rookery account remove takes it away with its mail");
      else changes.push_back({kind, d->key, d->content, std::nullopt});
      return true;
    });
  }
  return checked_plan(now, std::move(changes), std::move(left));
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

} // namespace rookery::config
