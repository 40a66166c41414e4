/// One request at work: what the routes share. Private to actors/admin.
#pragma once

#include "actors/admin/admin_api.hpp"
#include "actors/config/documents.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
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
void hash_password(const call_ptr&, std::string password, std::function<void(config::password_keys)> then);

/// "2026-11-21", "2026-11-21 08:30" or "2026-11-21T08:30:00Z", all UTC; or how long ago, as "3h".
std::optional<base::wall_time> read_moment(std::string_view text, base::wall_time now);
/// Runs the task in a worker and answers with what it gives.
void reply_from_worker(const call_ptr&, node_access::task);

// Messages in the spool, for the routes that show and change them.
/// Null, and answered, when this node has no spool.
std::shared_ptr<const storage::queue::spool_view> spool_of(const call_ptr&);
/// 16 hex digits, as the logs have it.
std::string id_text(base::message_id);
std::optional<base::message_id> read_id(std::string_view text);
/// The id in the path; nothing, and answered, when it is none.
std::optional<base::message_id> message_named(const call_ptr&);
/// From members of these names: queue, sender, sender_domain, recipient, domain, reason, held, older,
/// newer (durations). The refusal names one that is wrong.
base::result<storage::queue::spool_filter> read_filter(const std::function<std::string(const char*)>& member, base::wall_time now);

/// True, and answered, when no account or alias may have this address: it is that of the system account.
bool is_system(const call_ptr&, const std::string& address);

/// Built in, written, or a gateway's.
bool queue_is_known(const storage::directory::config_table&, std::string_view name);

// Routes by resource; admin_api.cpp has the table.
void list_domains(const call_ptr&);
void add_domain(const call_ptr&);
void show_domain(const call_ptr&);
void change_domain(const call_ptr&);
void remove_domain(const call_ptr&);

void list_folders(const call_ptr&);
void add_folder(const call_ptr&);
void show_folder(const call_ptr&);
void change_folder(const call_ptr&);
void remove_folder(const call_ptr&);

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
void list_account_certificates(const call_ptr&);
void add_account_certificate(const call_ptr&);
void remove_account_certificate(const call_ptr&);

void list_aliases(const call_ptr&);
void add_alias(const call_ptr&);
void show_alias(const call_ptr&);
void change_alias(const call_ptr&);
void remove_alias(const call_ptr&);

void list_archives(const call_ptr&);
void add_archive(const call_ptr&);
void show_archive(const call_ptr&);
void change_archive(const call_ptr&);
void remove_archive(const call_ptr&);

void list_rooms(const call_ptr&);
void create_room(const call_ptr&);
void show_room(const call_ptr&);
void configure_room(const call_ptr&);
void destroy_room(const call_ptr&);
void list_room_members(const call_ptr&);
void set_room_member(const call_ptr&);
void show_room_history(const call_ptr&);

void list_templates(const call_ptr&);
void add_template(const call_ptr&);
void show_template(const call_ptr&);
void change_template(const call_ptr&);
void remove_template(const call_ptr&);
/// Is the template there that this content of a domain or account names? False: answered.
bool template_is_there(const call_ptr&, const std::string& content);

void list_expiry(const call_ptr&);
void add_expiry(const call_ptr&);
void show_expiry(const call_ptr&);
void change_expiry(const call_ptr&);
void remove_expiry(const call_ptr&);
void run_expiry(const call_ptr&);
void list_mailboxes(const call_ptr&);
void list_removed(const call_ptr&);
void restore_mailboxes(const call_ptr&);

void list_collections(const call_ptr&);
void add_collection(const call_ptr&);
void show_collection(const call_ptr&);
void change_collection(const call_ptr&);
void remove_collection(const call_ptr&);
void run_collection(const call_ptr&);
/// Those of an account that goes.
std::vector<storage::directory::change> removals_of_collections(const storage::directory::config_table&, base::account_id);

void list_transfers(const call_ptr&);
void start_transfer(const call_ptr&);
void show_transfer(const call_ptr&);
void stop_transfer(const call_ptr&);

void list_chat_sessions(const call_ptr&);
void kick_from_chat(const call_ptr&);
void list_chat_streams(const call_ptr&);
void end_chat_streams(const call_ptr&);
void announce_in_chat(const call_ptr&);
void send_in_chat(const call_ptr&);
void list_chat_archive(const call_ptr&);
void purge_chat_archive(const call_ptr&);
void list_chat_uploads(const call_ptr&);
void purge_chat_uploads(const call_ptr&);

void show_search(const call_ptr&);
void rebuild_search(const call_ptr&);
void remove_search(const call_ptr&);
void tidy_search(const call_ptr&);

void list_settings(const call_ptr&);
void show_setting(const call_ptr&);
void set_setting(const call_ptr&);
void unset_setting(const call_ptr&);

void list_queue(const call_ptr&);
void count_queue(const call_ptr&);
void show_queued(const call_ptr&);
void export_queued(const call_ptr&);
void remove_queued(const call_ptr&);
void change_queued(const call_ptr&);
void change_many_queued(const call_ptr&);

void list_queues(const call_ptr&);
void add_queue(const call_ptr&);
void show_queue(const call_ptr&);
void change_queue(const call_ptr&);
void remove_queue(const call_ptr&);
void freeze_queue(const call_ptr&);
void unfreeze_queue(const call_ptr&);
void list_destinations(const call_ptr&);
void change_destination(const call_ptr&);
void list_sent(const call_ptr&);
void show_sent(const call_ptr&);
void list_routes(const call_ptr&);
void add_route(const call_ptr&);
void show_route(const call_ptr&);
void change_route(const call_ptr&);
void remove_route(const call_ptr&);
void list_host_logins(const call_ptr&);
void add_host_login(const call_ptr&);
void show_host_login(const call_ptr&);
void change_host_login(const call_ptr&);
void remove_host_login(const call_ptr&);
void list_gateways(const call_ptr&);
void add_gateway(const call_ptr&);
void show_gateway(const call_ptr&);
void change_gateway(const call_ptr&);
void remove_gateway(const call_ptr&);

void list_tls_counters(const call_ptr&);
void list_tls_sent(const call_ptr&);
void list_tls_received(const call_ptr&);
void show_tls_received(const call_ptr&);
void send_tls_reports(const call_ptr&);

void show_status(const call_ptr&);
void show_history(const call_ptr&);
void show_config_changes(const call_ptr&);
void roll_back_config(const call_ptr&);
void export_config(const call_ptr&);
void apply_config(const call_ptr&);
void confirm_config(const call_ptr&);
void check_store(const call_ptr&);
void back_up(const call_ptr&);
void list_certificates(const call_ptr&);
void add_certificate(const call_ptr&);
void show_certificate(const call_ptr&);
void change_certificate(const call_ptr&);
void remove_certificate(const call_ptr&);
void reload_certificates(const call_ptr&);
void trace_id(const call_ptr&);

} // namespace rookery::admin
