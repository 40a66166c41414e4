/// A new password that the account's owner asks for in chat (XEP-0077 §3.3). Accounts are made by the administration only.
#include "actors/config/documents.hpp"
#include "actors/xmpp/chat_account.hpp"
#include "actors/xmpp/router.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "policy/passwords/strength.hpp"
#include "storage/directory/config_command.hpp"
#include "storage/directory/config_table.hpp"

namespace rookery::actors {
namespace {

namespace dir = storage::directory;

/// Who the history says it was.
std::string author_of(const xmpp::jid& address) { return ("chat " + address.bare().text()).substr(0, dir::author_octets_max); }

} // namespace

bool chat_account::answer_registration(client& c, const stanza_ptr& iq, const receipt_ptr& receipt) {
  const auto* asked = iq->first();
  if (asked == nullptr || !asked->is("query", xmpp::space::registration)) return false;
  if (iq->get("type") == "get") {
    auto answer = xmpp::iq_result(*iq);
    auto& q = answer.add("query", xmpp::space::registration);
    q.add("registered");
    q.add("username").add_text(xmpp::unescape_local(bare_.local));
    q.add("password");
    return deliver(c, answer), true;
  }
  // Leaving is for the administration: the mail would go too.
  if (asked->child("remove", xmpp::space::registration) != nullptr) return refuse(c, *iq, xmpp::condition::not_allowed), true;
  const auto* wanted = asked->child("password", xmpp::space::registration);
  const auto* user = asked->child("username", xmpp::space::registration);
  const auto record = router_.find(bare_);
  if (wanted == nullptr) return refuse(c, *iq, xmpp::condition::bad_request), true;
  if (!record || (user != nullptr && user->text() != bare_.local && user->text() != xmpp::unescape_local(bare_.local)))
    return refuse(c, *iq, xmpp::condition::not_allowed), true;
  auto password = wanted->text();
  if (const auto verdict = passwords::judge(password, record->address, node_.settings->get()->password_characters_min); verdict != passwords::verdict::fit)
    return deliver(c, xmpp::error_reply(*iq, xmpp::condition::not_acceptable, passwords::reason(verdict))), true;
  if (changing_password_) return refuse(c, *iq, xmpp::condition::resource_constraint), true;
  change_password(c.id, iq, record->address, std::move(password), receipt);
  return true;
}

void chat_account::change_password(std::uint64_t client_id, const stanza_ptr& iq, const std::string& address, std::string password, const receipt_ptr& receipt) {
  changing_password_ = true;
  ++reads_; // so long this actor stays
  const auto keys = std::make_shared<config::password_keys>();
  const auto answer = [this, client_id, iq, receipt, keys](std::optional<xmpp::condition> fault) {
    changing_password_ = false;
    --reads_;
    auto* c = find(client_id);
    if (c == nullptr) return;
    deliver(*c, fault ? xmpp::error_reply(*iq, *fault) : xmpp::iq_result(*iq));
    // Also with a fault: what has no majority now may get one later.
    if (c->connection) send(c->connection, password_changed{keys->sha_256.stored_key});
  };
  const auto hashed = std::make_shared<std::function<void()>>([this, keys, address, client_id, answer] {
    // Read again: the hash took its time, and what changed meanwhile stays.
    const auto table = node_.config->table();
    const auto* account = table->find(dir::document_kind::account, address);
    if (account == nullptr) return answer(xmpp::condition::not_allowed);
    dir::config_command command;
    command.author = author_of(bare_);
    command.time = node_.clock->wall();
    command.changes = {dir::put{dir::document_kind::account, address, account->version, config::with_keys(account->content, *keys)}};
    auto payload = dir::encode(command);
    if (!payload) return answer(xmpp::condition::internal_server_error);
    // The account's other streams end with the old password.
    if (auto* c = find(client_id); c != nullptr && c->connection) send(c->connection, password_changes{});
    commits_.send_configuration(*this, node_, std::move(*payload), [answer, address](const commit_done& d) {
      const bool good = !d.error && !d.results.empty() && d.results.front().what == storage::outcome::done;
      const bool conflict = !d.error && !d.results.empty() && d.results.front().what == storage::outcome::conflict;
      base::log_event(base::severity::info, "chat.password_changed").text("account", address).flag("ok", good)
          .text("error", d.error ? d.error->log.value : std::string(conflict ? "the account was changed meanwhile" : ""));
      answer(good ? std::nullopt : std::optional(conflict ? xmpp::condition::conflict : xmpp::condition::resource_constraint));
    });
  });
  const auto self = caf::actor_cast<caf::actor>(this);
  if (node_.passwords->run([keys, values = node_.settings->get(), password = std::move(password), self, hashed]() mutable {
        *keys = config::make_keys(password, *values);
        base::wipe(password);
        caf::anon_send(self, account_task{hashed});
      }))
    return;
  answer(xmpp::condition::resource_constraint);
}

} // namespace rookery::actors
