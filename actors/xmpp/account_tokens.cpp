/// Tokens for the next logins of the account's clients (XEP-0484): who may have one is decided, this keeps them.
#include "actors/xmpp/chat_account.hpp"
#include "base/crypto/crypto.hpp"
#include "base/crypto/secret_box.hpp"
#include "base/log.hpp"
#include "protocols/xmpp/login_tokens.hpp"

#include <algorithm>

namespace rookery::actors {

struct chat_account::token_records {
  std::optional<storage::chat::stored_record> own;
  std::vector<storage::chat::stored_record> all; ///< when a client comes that has none
};

caf::response_promise chat_account::settle(const settle_token& t) {
  auto promise = make_response_promise();
  const auto found = std::make_shared<token_records>();
  read(
      [found, key = t.client_key, &n = node_, owner = owner_] {
        using storage::chat::record_kind;
        found->own = n.chat_of(owner).record(owner, record_kind::login_token, key);
        if (!found->own) found->all = n.chat_of(owner).records(owner, record_kind::login_token, 2 * xmpp::token_clients_max);
      },
      [this, found, t, promise] { write_tokens(promise, t, *found); },
      [promise]() mutable { promise.deliver(token_made{}); });
  return promise;
}

void chat_account::write_tokens(caf::response_promise promise, const settle_token& t, const token_records& found) {
  using namespace storage::chat;
  const auto now = node_.clock->wall();
  auto tokens = found.own ? xmpp::login_tokens::decode(found.own->value).value_or(xmpp::login_tokens{}) : xmpp::login_tokens{};
  bool changed = tokens.drop_ended(now, t.password);
  const bool due = t.days > 0 && !t.forget && tokens.is_due(t.used, now);
  if (!t.used.empty()) changed = tokens.used(t.used) || changed;
  std::string mechanism = t.mechanism;
  if (mechanism.empty() && due)
    for (const auto& one : tokens.all())
      if (one.id == t.used) mechanism = one.mechanism;
  if (t.forget) changed = tokens.forget(t.used) || changed;
  token_made made;
  std::vector<storage::shard_command> commands;
  if (!mechanism.empty() && t.days > 0 && node_.secrets) {
    xmpp::login_token fresh;
    made.token = base::random_token(32);
    made.expires = fresh.expires = now + std::chrono::hours(24) * static_cast<std::int64_t>(t.days);
    fresh.id = base::random_token(12);
    fresh.mechanism = mechanism;
    fresh.password = t.password;
    fresh.issued = now;
    fresh.sealed = node_.secrets->seal(made.token, token_purpose(owner_, t.client_key, fresh.id));
    tokens.add(std::move(fresh), t.forget ? std::string_view() : std::string_view(t.used));
    changed = true;
    // Room for one more: those that ended, or the one that ends first.
    std::vector<std::pair<base::wall_time, std::string>> others;
    for (const auto& r : found.all) others.emplace_back(xmpp::login_tokens::decode(r.value).value_or(xmpp::login_tokens{}).until(), r.key);
    std::sort(others.begin(), others.end());
    for (std::size_t i = 0; i < others.size(); ++i)
      if (others[i].first <= now || others.size() - i >= xmpp::token_clients_max) commands.push_back(command(drop_records{record_kind::login_token, others[i].second, false}));
  }
  made.done = true;
  if (!changed) return promise.deliver(std::move(made));
  if (tokens.empty()) commands.push_back(command(drop_records{record_kind::login_token, t.client_key, false}));
  else commands.push_back(command(put_records{{{record_kind::login_token, t.client_key, tokens.encode()}}}));
  commit(std::move(commands), [promise, made = std::move(made), empty = tokens.empty()](const commit_done& d) mutable {
    const auto what = d.error || d.results.empty() ? storage::outcome::over_limit : d.results.back().what;
    const bool kept = what == storage::outcome::done || (empty && what == storage::outcome::no_such_record);
    if (!kept) base::log_event(base::severity::warning, "chat.token_not_kept").text("error", d.error ? d.error->log.value : std::string("refused by the store"));
    promise.deliver(kept ? std::move(made) : token_made{});
  });
}

} // namespace rookery::actors
