/// One request at work: what the routes share. Private to actors/admin.
#pragma once

#include "actors/admin/admin_api.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::admin {

struct call {
  std::shared_ptr<node_access> node;
  request what;
  answer done;

  /// The segment behind the resource's name: "ann@x" of /v1/accounts/ann@x.
  const std::string& name() const { return what.path[2]; }
  std::string query(const char* key) const {
    const auto found = what.query.find(key);
    return found == what.query.end() ? std::string() : found->second;
  }
  /// Rows of a page.
  std::size_t limit() const;
  /// The version that the caller has seen (?version=7), else `expect::any`/`present`.
  std::uint64_t expected(std::uint64_t otherwise) const;

  void reply(json::value body, unsigned status = 200) const { done({status, std::move(body)}); }
  void refuse(const base::error& e) const { done(refusal(e)); }
  void refuse(base::error_kind kind, std::string text) const { refuse(base::make_error(kind, std::move(text))); }
};
using call_ptr = std::shared_ptr<call>;

/// Commits the changes; `then` runs when they are in the table, a refusal is answered here.
/// `conflict_text` is for the person whose change lost.
void change(const call_ptr&, std::vector<storage::directory::change>, std::string conflict_text,
            std::function<void(const storage::command_result&)> then);

/// {"items": […], "next": "key" or null, "total": n}
json::value page_body(json::array items, const std::string& next, std::size_t total);

/// Makes credentials in a worker.
void hash_password(const call_ptr&, std::string password, std::function<void(sasl::scram_credentials)> then);

// Routes by resource; admin_api.cpp has the table.
void list_domains(const call_ptr&);
void add_domain(const call_ptr&);
void show_domain(const call_ptr&);
void change_domain(const call_ptr&);
void remove_domain(const call_ptr&);

void list_accounts(const call_ptr&);
void add_account(const call_ptr&);
void import_accounts(const call_ptr&);
void show_account(const call_ptr&);
void change_account(const call_ptr&);
void remove_account(const call_ptr&);
void set_account_password(const call_ptr&);
void enable_account(const call_ptr&);
void disable_account(const call_ptr&);
void freeze_account(const call_ptr&);
void rename_account(const call_ptr&);

void list_aliases(const call_ptr&);
void add_alias(const call_ptr&);
void show_alias(const call_ptr&);
void change_alias(const call_ptr&);
void remove_alias(const call_ptr&);

void list_settings(const call_ptr&);
void show_setting(const call_ptr&);
void set_setting(const call_ptr&);
void unset_setting(const call_ptr&);

void list_queue(const call_ptr&);
void count_queue(const call_ptr&);
void show_queued(const call_ptr&);
void remove_queued(const call_ptr&);
void hold_queued(const call_ptr&);
void release_queued(const call_ptr&);

void show_status(const call_ptr&);
void show_history(const call_ptr&);
void check_store(const call_ptr&);
void back_up(const call_ptr&);
void list_certificates(const call_ptr&);
void reload_certificates(const call_ptr&);
void trace_id(const call_ptr&);

} // namespace rookery::admin
