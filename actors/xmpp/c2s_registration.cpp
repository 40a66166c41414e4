// Accounts that strangers make by chat, where the setting `chat.registration` allows it (XEP-0077).
#include "actors/config/documents.hpp"
#include "actors/config/mailbox_documents.hpp"
#include "actors/xmpp/c2s_host.hpp"
#include "actors/xmpp/router.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "policy/passwords/strength.hpp"
#include "policy/routing/address_form.hpp"
#include "policy/routing/recipient_route.hpp"
#include "storage/directory/config_command.hpp"
#include "storage/directory/config_table.hpp"

#include <memory>
#include <utility>

namespace rookery::actors {
namespace {

namespace dir = storage::directory;

} // namespace

void c2s_host::handle(const xmpp::stream_event::make_account& q) {
  using xmpp::condition;
  const auto values = node_.settings->get();
  const auto address = routing::canonical_address(login_name(q.user));
  if (!values->chat_registration) return session_.account_made(condition::not_allowed);
  if (!router_.may_register(link().facts().peer_address)) {
    base::log_event(base::severity::info, "chat.registration_refused").text("session", link().facts().session_id).text("peer", link().facts().peer_address);
    return session_.account_made(condition::resource_constraint, "Too many accounts were asked for; try again later");
  }
  if (!address || routing::is_system(*address, values->system_local_part)) return session_.account_made(condition::not_acceptable, "This name cannot be chosen");
  if (const auto verdict = passwords::judge(q.password, *address, values->password_characters_min); verdict != passwords::verdict::fit)
    return session_.account_made(condition::not_acceptable, passwords::reason(verdict));
  if (node_.directory->get()->login(*address)) return session_.account_made(condition::conflict);
  const auto keys = std::make_shared<config::password_keys>();
  const auto password = std::make_shared<std::string>(q.password);
  const bool taken = node_.passwords->run(
      link(),
      [keys, password, values] {
        *keys = config::make_keys(*password, *values);
        base::wipe(*password);
      },
      [this, keys, address = *address] { make_account(address, *keys); });
  if (!taken) session_.account_made(condition::resource_constraint);
}

void c2s_host::make_account(const std::string& address, const config::password_keys& keys) {
  using xmpp::condition;
  const auto table = node_.config->table();
  const std::string domain(routing::sides(address).domain);
  json::value patch{json::object{}};
  auto begun = config::begin_with_template(*table, address, *node_.settings->get(), patch);
  auto content = begun ? config::change_account({}, patch) : base::result<std::string>(base::fail(begun.error()));
  if (!content) return session_.account_made(condition::internal_server_error);
  dir::config_command command;
  command.author = ("chat registration from " + link().facts().peer_address).substr(0, dir::author_octets_max);
  command.time = node_.clock->wall();
  command.changes = {dir::require{dir::document_kind::domain, domain, dir::expect::present}, dir::require{dir::document_kind::alias, address, dir::expect::absent},
                     dir::put{dir::document_kind::account, address, dir::expect::absent, config::with_keys(*content, keys)}};
  auto payload = dir::encode(command);
  if (!payload) return session_.account_made(condition::internal_server_error);
  commits_.send_configuration(link(), node_, std::move(*payload), [this, address](const commit_done& d) {
    const bool good = !d.error && !d.results.empty() && d.results.front().what == storage::outcome::done;
    const bool conflict = !d.error && !d.results.empty() && d.results.front().what == storage::outcome::conflict;
    base::log_event(base::severity::info, "chat.registered").text("session", link().facts().session_id).text("account", address)
        .text("peer", link().facts().peer_address).flag("ok", good).text("error", d.error ? d.error->log.value : std::string(conflict ? "there is such a name" : ""));
    session_.account_made(good ? std::nullopt : std::optional(conflict ? condition::conflict : condition::resource_constraint));
  });
}

} // namespace rookery::actors
