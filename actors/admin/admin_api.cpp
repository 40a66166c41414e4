#include "actors/admin/admin_api.hpp"

#include "actors/admin/call.hpp"
#include "actors/config/config_follower.hpp"
#include "actors/config/documents.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "policy/routing/recipient_route.hpp"
#include "protocols/json/page.hpp"

#include <algorithm>

namespace rookery::admin {
namespace {

namespace dir = storage::directory;

struct route {
  std::string_view method;
  std::string_view pattern; ///< segments behind v1; '*' is any one
  void (*run)(const call_ptr&);
};

// The whole interface. A fixed word stands before a '*' of the same shape.
constexpr route routes[] = {
    {"GET", "status", show_status},
    {"GET", "history", show_history},
    {"GET", "config/changes", show_config_changes},
    {"POST", "config/rollback", roll_back_config},
    {"GET", "config/export", export_config},
    {"POST", "config/apply", apply_config},
    {"POST", "config/confirm", confirm_config},
    {"GET", "domains", list_domains},
    {"POST", "domains", add_domain},
    {"GET", "domains/*", show_domain},
    {"PATCH", "domains/*", change_domain},
    {"DELETE", "domains/*", remove_domain},
    {"GET", "domains/*/folders", list_folders},
    {"POST", "domains/*/folders", add_folder},
    {"GET", "domains/*/folders/*", show_folder},
    {"PATCH", "domains/*/folders/*", change_folder},
    {"DELETE", "domains/*/folders/*", remove_folder},
    {"GET", "accounts", list_accounts},
    {"POST", "accounts", add_account},
    {"POST", "accounts/import", import_accounts},
    {"GET", "accounts/*", show_account},
    {"PATCH", "accounts/*", change_account},
    {"DELETE", "accounts/*", remove_account},
    {"POST", "accounts/*/password", set_account_password},
    {"POST", "accounts/*/enable", enable_account},
    {"POST", "accounts/*/disable", disable_account},
    {"POST", "accounts/*/freeze", freeze_account},
    {"POST", "accounts/*/rename", rename_account},
    {"GET", "accounts/*/certificates", list_account_certificates},
    {"POST", "accounts/*/certificates", add_account_certificate},
    {"DELETE", "accounts/*/certificates/*", remove_account_certificate},
    {"GET", "aliases", list_aliases},
    {"POST", "aliases", add_alias},
    {"GET", "aliases/*", show_alias},
    {"PATCH", "aliases/*", change_alias},
    {"DELETE", "aliases/*", remove_alias},
    {"GET", "archives", list_archives},
    {"POST", "archives", add_archive},
    {"GET", "archives/*", show_archive},
    {"PATCH", "archives/*", change_archive},
    {"DELETE", "archives/*", remove_archive},
    {"GET", "templates", list_templates},
    {"POST", "templates", add_template},
    {"GET", "templates/*", show_template},
    {"PATCH", "templates/*", change_template},
    {"DELETE", "templates/*", remove_template},
    {"GET", "expiry", list_expiry},
    {"POST", "expiry", add_expiry},
    {"POST", "expiry/run", run_expiry},
    {"GET", "expiry/*", show_expiry},
    {"PATCH", "expiry/*", change_expiry},
    {"DELETE", "expiry/*", remove_expiry},
    {"GET", "mailboxes/*", list_mailboxes},
    {"GET", "mailboxes/*/removed", list_removed},
    {"POST", "mailboxes/*/restore", restore_mailboxes},
    {"GET", "collections", list_collections},
    {"POST", "collections", add_collection},
    {"GET", "collections/*/*", show_collection},
    {"PATCH", "collections/*/*", change_collection},
    {"DELETE", "collections/*/*", remove_collection},
    {"POST", "collections/*/*/run", run_collection},
    {"GET", "chat/sessions", list_chat_sessions},
    {"POST", "chat/kick", kick_from_chat},
    {"POST", "chat/announce", announce_in_chat},
    {"POST", "chat/send", send_in_chat},
    {"GET", "chat/archive", list_chat_archive},
    {"POST", "chat/archive/purge", purge_chat_archive},
    {"GET", "chat/uploads", list_chat_uploads},
    {"POST", "chat/uploads/purge", purge_chat_uploads},
    {"GET", "chat/streams", list_chat_streams},
    {"POST", "chat/streams/end", end_chat_streams},
    {"GET", "search", show_search},
    {"POST", "search/rebuild", rebuild_search},
    {"POST", "search/remove", remove_search},
    {"POST", "search/tidy", tidy_search},
    {"GET", "settings", list_settings},
    {"GET", "settings/*", show_setting},
    {"PUT", "settings/*", set_setting},
    {"DELETE", "settings/*", unset_setting},
    {"GET", "queue", list_queue},
    {"GET", "queue/counts", count_queue},
    {"POST", "queue/change", change_many_queued},
    {"GET", "queue/*", show_queued},
    {"DELETE", "queue/*", remove_queued},
    {"GET", "queue/*/content", export_queued},
    {"POST", "queue/*/*", change_queued},
    {"GET", "queues", list_queues},
    {"POST", "queues", add_queue},
    {"GET", "queues/*", show_queue},
    {"PATCH", "queues/*", change_queue},
    {"DELETE", "queues/*", remove_queue},
    {"POST", "queues/*/freeze", freeze_queue},
    {"POST", "queues/*/unfreeze", unfreeze_queue},
    {"GET", "destinations", list_destinations},
    {"POST", "destinations/*/*", change_destination},
    {"GET", "recall", list_sent},
    {"GET", "recall/*", show_sent},
    {"GET", "chat/rooms", list_rooms},
    {"POST", "chat/rooms", create_room},
    {"GET", "chat/rooms/*", show_room},
    {"PATCH", "chat/rooms/*", configure_room},
    {"DELETE", "chat/rooms/*", destroy_room},
    {"GET", "chat/rooms/*/members", list_room_members},
    {"POST", "chat/rooms/*/members", set_room_member},
    {"GET", "chat/rooms/*/history", show_room_history},
    {"GET", "routes", list_routes},
    {"POST", "routes", add_route},
    {"GET", "routes/*", show_route},
    {"PATCH", "routes/*", change_route},
    {"DELETE", "routes/*", remove_route},
    {"GET", "host-logins", list_host_logins},
    {"POST", "host-logins", add_host_login},
    {"GET", "host-logins/*", show_host_login},
    {"PATCH", "host-logins/*", change_host_login},
    {"DELETE", "host-logins/*", remove_host_login},
    {"GET", "tlsrpt/counters", list_tls_counters},
    {"GET", "tlsrpt/sent", list_tls_sent},
    {"POST", "tlsrpt/send", send_tls_reports},
    {"GET", "tlsrpt/received", list_tls_received},
    {"GET", "tlsrpt/received/*", show_tls_received},
    {"GET", "gateways", list_gateways},
    {"POST", "gateways", add_gateway},
    {"GET", "gateways/*", show_gateway},
    {"PATCH", "gateways/*", change_gateway},
    {"DELETE", "gateways/*", remove_gateway},
    {"GET", "transfers", list_transfers},
    {"POST", "transfers", start_transfer},
    {"GET", "transfers/*", show_transfer},
    {"DELETE", "transfers/*", stop_transfer},
    {"POST", "check", check_store},
    {"POST", "backup", back_up},
    {"GET", "certificates", list_certificates},
    {"POST", "certificates", add_certificate},
    {"POST", "certificates/reload", reload_certificates},
    {"GET", "certificates/*", show_certificate},
    {"PATCH", "certificates/*", change_certificate},
    {"DELETE", "certificates/*", remove_certificate},
    {"GET", "trace/*", trace_id},
};

bool matches(std::string_view pattern, const std::vector<std::string>& path) {
  const auto parts = base::split(pattern, '/');
  if (parts.size() + 1 != path.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (parts[i] != "*" && parts[i] != path[i + 1]) return false;
  return true;
}

} // namespace

void handle(std::shared_ptr<node_access> node, request what, answer done) {
  const auto c = std::make_shared<call>(call{std::move(node), std::move(what), std::move(done)});
  if (c->what.path.empty() || c->what.path.front() != "v1")
    return c->refuse(base::error_kind::not_found, "the interface begins with /v1/");
  bool there = false;
  for (const auto& r : routes) {
    if (!matches(r.pattern, c->what.path)) continue;
    there = true;
    if (r.method == c->what.method) return r.run(c);
  }
  if (!there) return c->refuse(base::error_kind::not_found, "there is nothing of this name");
  json::value error{json::object{}};
  error.set("kind", "invalid");
  error.set("text", "this method does not go with this path");
  json::value body{json::object{}};
  body.set("error", std::move(error));
  c->reply(std::move(body), 405);
}

namespace {
void not_running(const node_access::task_done& done) { done(base::fail(base::error_kind::unsupported, "this server does not run")); }
} // namespace

void node_access::mailboxes(base::account_id, bool, task_done done) { not_running(done); }
void node_access::restore(base::account_id, std::string, base::wall_time, bool, task_done done) { not_running(done); }
void node_access::chat(chat_question, task_done done) { not_running(done); }
void node_access::tidy_mailboxes(std::string, bool, task_done done) { not_running(done); }

std::shared_ptr<const routing::directory_view> node_access::directory() const {
  config::config_follower one;
  return one.follow(table()).directory;
}

void node_access::mailboxes_of(base::account_id, mailboxes_found done) {
  done(base::fail(base::error_kind::unsupported, "only a running server does this"));
}

void node_access::change_mail(base::account_id, std::vector<storage::mail::any_command>, all_committed done) {
  done(base::fail(base::error_kind::unsupported, "only a running server does this"));
}

json::value node_access::search_state() const {
  return page_body({}, {}, 0);
}

std::size_t call::limit() const {
  const auto given = base::parse_u64(query("limit"));
  return given ? std::clamp<std::size_t>(*given, 1, page_rows_max) : page_rows_default;
}

std::uint64_t call::expected(std::uint64_t otherwise) const {
  return base::parse_u64(query("version")).value_or(otherwise);
}

void change(const call_ptr& c, std::vector<dir::change> changes, std::string conflict_text,
            std::function<void(const storage::command_result&)> then) {
  dir::config_command command;
  command.author = c->what.author;
  command.time = c->node->now();
  command.changes = std::move(changes);
  c->node->change_config(std::move(command), [c, conflict_text = std::move(conflict_text),
                                              then = std::move(then)](base::result<storage::command_result> r) {
    if (!r) return c->refuse(r.error());
    switch (r->what) {
    case storage::outcome::done: return then(*r);
    case storage::outcome::conflict: return c->refuse(base::error_kind::conflict, conflict_text);
    case storage::outcome::no_such_record: return c->refuse(base::error_kind::not_found, "there is none of this name");
    default: return c->refuse(base::error_kind::invalid, "the change was refused by the store");
    }
  });
}

bool is_system(const call_ptr& c, const std::string& address) {
  if (!routing::is_system(address, c->node->values()->system_local_part)) return false;
  c->refuse(base::error_kind::denied, address + " is the address of the system account (setting system.local_part)");
  return true;
}

void reply_from_worker(const call_ptr& c, node_access::task task) {
  c->node->in_worker(std::move(task), [c](base::result<json::value> r) {
    if (!r) return c->refuse(r.error());
    c->reply(std::move(*r));
  });
}

json::value page_body(json::array items, const std::string& next, std::size_t total) {
  auto body = json::page_of(std::move(items), next.empty() ? std::nullopt : std::optional(next));
  body.set("total", total);
  return body;
}

void hash_password(const call_ptr& c, std::string password, std::function<void(config::password_keys)> then) {
  const auto made = std::make_shared<config::password_keys>();
  c->node->in_worker(
      [made, values = c->node->values(), password = std::move(password)]() mutable -> base::result<json::value> {
        *made = config::make_keys(password, *values);
        base::wipe(password);
        return json::value();
      },
      [c, made, then = std::move(then)](base::result<json::value> r) {
        if (!r) return c->refuse(r.error());
        then(std::move(*made));
      });
}

} // namespace rookery::admin
