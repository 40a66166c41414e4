// Logins by a token that a client was given at an earlier one (XEP-0484).
#include "actors/relay/homes.hpp"
#include "actors/xmpp/c2s_host.hpp"
#include "actors/xmpp/router.hpp"
#include "base/crypto/crypto.hpp"
#include "base/crypto/secret_box.hpp"
#include "base/text.hpp"
#include "storage/chat/chat_view.hpp"

#include <optional>
#include <utility>

namespace rookery::actors {
namespace {

constexpr std::chrono::seconds account_time{30};

/// Another one with another password.
std::string print_of(std::string_view stored_key) { return base::to_hex(base::view(base::sha256("token " + std::string(stored_key)))).substr(0, 32); }

std::string key_of(std::string_view client_id) { return base::to_hex(base::view(base::sha256(client_id))); }

} // namespace

std::string token_purpose(std::string_view owner, std::string_view client_key, std::string_view id) {
  return std::string("chat token ").append(owner).append(" ").append(client_key).append(" ").append(id);
}

void c2s_host::handle(const xmpp::stream_event::find_tokens& q) {
  tokens_ = {};
  const auto account = node_.directory->get()->login(login_name(q.user));
  if (!account || !account->may_log_in() || !node_.secrets) return session_.tokens_found({});
  // Its tokens are at its home.
  if (!at_home(node_, *account) && session_.wire_kind().empty()) return session_.tokens_found({});
  if (!at_home(node_, *account)) return hand_over(*account);
  if (node_.chat.empty()) return session_.tokens_found({}); // the node has left its cluster since the stream began without a volume
  // What it proves with is an heir of this key.
  const auto heir_of = entry_.find(login_name(q.user));
  if (!heir_of.known) return session_.tokens_found({});
  const auto owner = storage::chat::account_owner(account->id);
  const auto key = key_of(q.client_id);
  const auto found = std::make_shared<std::optional<storage::chat::stored_record>>();
  const bool taken = node_.readers->run(
      link(), [found, owner, key, &n = node_] { *found = n.chat_of(owner).record(owner, storage::chat::record_kind::login_token, key); },
      [this, found, owner, key, print = print_of(heir_of.credentials.stored_key), mechanism = q.mechanism] {
        if (*found) tokens_ = xmpp::login_tokens::decode((*found)->value).value_or(xmpp::login_tokens{});
        std::vector<xmpp::known_token> known;
        const auto now = node_.clock->wall();
        // XEP-0484 §3.4: a token of another mechanism is none.
        for (const auto& t : tokens_.all())
          if (t.mechanism == mechanism)
            if (auto secret = node_.secrets->open(t.sealed, token_purpose(owner, key, t.id)))
              known.push_back({t.id, std::move(*secret), t.expires <= now || t.password != print});
        session_.tokens_found(known);
        for (auto& k : known) base::wipe(k.secret);
      });
  if (!taken) session_.refuse_login("temporary-auth-failure");
}

void c2s_host::handle(const xmpp::stream_event::settle_token& q) {
  const auto& account = *entry_.account();
  const auto days = router_.limits(session_.domain()).token_days;
  if (!by_password_ || !node_.secrets) return session_.token_settled();
  // The usual login: nothing is to be kept.
  const bool alone = tokens_.all().size() == 1 && !tokens_.is_due(q.used, node_.clock->wall());
  if (q.mechanism.empty() && !q.forget && (q.used.empty() || alone)) return session_.token_settled();
  const auto actor = router_.account(chat_router::address_of(account));
  if (!actor) return session_.token_settled();
  link().ask<token_made>(
      actor, account_time, settle_token{key_of(q.client_id), q.used, q.mechanism, print_of(account.credentials().stored_key), q.forget, days},
      [this, forget = q.forget](const token_made& made) {
        if (made.done || !forget) return session_.token_settled(made.token, made.expires);
        session_.end(xmpp::stream_fault::internal_server_error, "The token is still good");
      },
      [this, forget = q.forget] {
        if (!forget) return session_.token_settled();
        session_.end(xmpp::stream_fault::internal_server_error, "The token is still good");
      });
}

} // namespace rookery::actors
