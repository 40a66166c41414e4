// Many accounts in one command: all are there afterwards, or none.
#include "actors/admin/call.hpp"
#include "actors/config/documents.hpp"
#include "actors/config/mailbox_documents.hpp"
#include "base/crypto/crypto.hpp"
#include "policy/passwords/strength.hpp"
#include "policy/routing/address_form.hpp"
#include "policy/routing/recipient_route.hpp"

#include <map>
#include <set>

namespace rookery::admin {
namespace {

namespace dir = storage::directory;
constexpr auto kind = dir::document_kind::account;

enum class on_existing { refuse, skip, change };

struct row {
  std::string address;
  std::string password; ///< "" = none
  std::string content;
  std::uint64_t expected = dir::expect::absent;
};

struct import_run {
  std::vector<row> rows;
  std::set<std::string> addresses;
  std::set<std::string> domains;
  std::map<std::string, config::password_keys> hashed; ///< by password: the slow part once each
  std::size_t made = 0, changed = 0, skipped = 0;
};
using import_ptr = std::shared_ptr<import_run>;

/// One line of the import; false when it was refused, with the reason in `fault`.
bool read_row(const call_ptr& c, const dir::config_table& table, const json::value& line, on_existing existing,
              bool weak_passwords, import_run& into, base::error& fault) {
  const auto refuse = [&](base::error_kind k, std::string text) {
    fault = base::make_error(k, std::move(text));
    return false;
  };
  const auto given = line.get_string("address");
  const auto address = given ? routing::canonical_address(*given) : std::nullopt;
  if (!address) return refuse(base::error_kind::invalid, "address is missing or no address");
  if (!into.addresses.insert(*address).second) return refuse(base::error_kind::exists, *address + " is there twice");
  if (routing::is_system(*address, c->node->values()->system_local_part))
    return refuse(base::error_kind::denied, *address + " is the address of the system account");
  const std::string domain(routing::sides(*address).domain);
  if (table.find(dir::document_kind::domain, domain) == nullptr)
    return refuse(base::error_kind::not_found, "there is no domain " + domain);
  if (table.find(dir::document_kind::alias, *address) != nullptr)
    return refuse(base::error_kind::exists, *address + " is an alias");
  row out;
  out.address = *address;
  const auto* there = table.find(kind, *address);
  if (there != nullptr) {
    if (existing == on_existing::refuse) return refuse(base::error_kind::exists, *address + " exists already");
    if (existing == on_existing::skip) return ++into.skipped, true;
    out.expected = there->version;
  }
  auto patch = line;
  if (const auto password = patch.get_string("password")) {
    const auto least = weak_passwords ? 1 : c->node->values()->password_characters_min;
    if (const auto verdict = passwords::judge(*password, *address, least); verdict != passwords::verdict::fit)
      return refuse(base::error_kind::invalid, *address + ": " + std::string(passwords::reason(verdict)));
    out.password = *password;
    into.hashed.try_emplace(out.password);
  }
  patch.as_object()->erase("address");
  patch.as_object()->erase("password");
  if (there == nullptr)
    if (auto begun = config::begin_with_template(table, *address, *c->node->values(), patch); !begun)
      return refuse(begun.error().kind, *address + ": " + begun.error().client.value);
  auto content = config::change_account(there != nullptr ? std::string_view(there->content) : std::string_view(), patch);
  if (!content) return refuse(content.error().kind, *address + ": " + content.error().client.value);
  out.content = std::move(*content);
  ++(there != nullptr ? into.changed : into.made);
  into.domains.insert(domain);
  into.rows.push_back(std::move(out));
  return true;
}

void reply(const call_ptr& c, const import_run& all) {
  json::value body{json::object{}};
  body.set("made", all.made);
  body.set("changed", all.changed);
  body.set("skipped", all.skipped);
  c->reply(std::move(body));
}

void commit(const call_ptr& c, const import_ptr& all) {
  if (all->rows.empty()) return reply(c, *all);
  std::vector<dir::change> changes;
  changes.reserve(all->rows.size() + all->domains.size());
  for (const auto& domain : all->domains)
    changes.emplace_back(dir::require{dir::document_kind::domain, domain, dir::expect::present});
  for (auto& r : all->rows) {
    if (!r.password.empty()) r.content = config::with_keys(r.content, all->hashed[r.password]);
    base::wipe(r.password);
    changes.emplace_back(dir::put{kind, std::move(r.address), r.expected, std::move(r.content)});
  }
  change(c, std::move(changes), "one of the accounts was made or changed meanwhile; nothing was imported",
         [c, all](const storage::command_result&) { reply(c, *all); });
}

} // namespace

void import_accounts(const call_ptr& c) {
  const auto* lines = c->what.body.get_array("accounts");
  if (lines == nullptr) return c->refuse(base::error_kind::invalid, "accounts is missing: a list of accounts");
  if (lines->size() > import_accounts_max)
    return c->refuse(base::error_kind::over_limit, "one import takes at most " + std::to_string(import_accounts_max) + " accounts");
  const auto word = c->what.body.get_string("existing").value_or("refuse");
  const auto existing = word == "skip" ? on_existing::skip : word == "change" ? on_existing::change : on_existing::refuse;
  if (existing == on_existing::refuse && word != "refuse")
    return c->refuse(base::error_kind::invalid, "existing is refuse, skip or change");
  const bool weak_passwords = c->what.body.get_bool("weak_passwords").value_or(false);
  const auto all = std::make_shared<import_run>();
  const auto table = c->node->table();
  for (std::size_t i = 0; i < lines->size(); ++i) {
    base::error fault;
    if ((*lines)[i].as_object() == nullptr) fault = base::make_error(base::error_kind::invalid, "is no object");
    else if (read_row(c, *table, (*lines)[i], existing, weak_passwords, *all, fault)) continue;
    fault.client.value = "account " + std::to_string(i + 1) + " of the list: " + fault.client.value;
    return c->refuse(fault);
  }
  if (c->what.body.get_bool("check").value_or(false)) return reply(c, *all); // what would be done
  if (all->hashed.empty()) return commit(c, all);
  c->node->in_worker(
      [all, values = c->node->values()]() -> base::result<json::value> {
        for (auto& [password, made] : all->hashed) made = config::make_keys(password, *values);
        return json::value();
      },
      [c, all](base::result<json::value> r) {
        if (!r) return c->refuse(r.error());
        commit(c, all);
      });
}

} // namespace rookery::admin
