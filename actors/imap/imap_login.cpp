#include "actors/imap/imap_host.hpp"

#include "actors/imap/compression.hpp"
#include "base/log.hpp"

namespace rookery::actors {
namespace {

constexpr std::chrono::seconds shard_time{30};

std::string_view words_of(sasl::failure why) {
  switch (why) {
    case sasl::failure::malformed: return "malformed exchange";
    case sasl::failure::aborted: return "aborted by the client";
    case sasl::failure::wrong: return "wrong proof";
    case sasl::failure::channel_binding: return "channel binding does not match";
    case sasl::failure::too_long: return "exchange too long";
  }
  return "failed";
}

} // namespace

void imap_host::handle(imap::find_credentials& q) {
  const auto found = node_.login->credentials(q.user);
  session_.credentials_found(found.credentials, found.known);
}

void imap_host::handle(imap::check_password& q) {
  outcome_.reset();
  node_.login->check(link(), q.authzid, q.user, q.password, [this](const login_outcome& o) {
    // "Busy" and "not allowed" are told by refuse_login, when the exchange is over.
    if (o.verdict != login_verdict::wrong) outcome_ = std::make_unique<login_outcome>(o);
    session_.password_verified(o.verdict != login_verdict::wrong);
  });
}

void imap_host::handle(imap::authenticated& a) {
  auto outcome = std::move(outcome_);
  const bool by_proof = a.mechanism.starts_with("SCRAM");
  if (by_proof) outcome = std::make_unique<login_outcome>(node_.login->admitted(link(), a.authzid, a.user));
  const auto verdict = outcome ? outcome->verdict : login_verdict::wrong;
  switch (verdict) {
    case login_verdict::ok: return enter_account(outcome->account, a.mechanism);
    case login_verdict::wrong: return session_.refuse_login("AUTHORIZATIONFAILED", "Not allowed to act for that user");
    case login_verdict::not_allowed: return session_.refuse_login("AUTHORIZATIONFAILED", "The account is not enabled");
    case login_verdict::busy: return session_.refuse_login("UNAVAILABLE", "Too many logins at the moment, try again later");
  }
}

void imap_host::handle(imap::authentication_failed& f) {
  outcome_.reset();
  // A wrong password was counted, and told late, when it was checked; a proof fails in the session itself.
  if (f.held) link().after(node_.login->failed(link(), f.user, words_of(f.why)), [this] { session_.say_failure(); });
}

void imap_host::enter_account(const routing::account_ptr& account, std::string_view mechanism) {
  account_ = account->id;
  watch_ = std::make_shared<account_watch>();
  watch_->protocol = "imap";
  watch_->session_id = link().facts().session_id;
  base::log_event(base::severity::info, "imap.login")
      .text("session", link().facts().session_id)
      .text("account", account->address)
      .text("mechanism", mechanism)
      .text("peer", link().facts().peer_address)
      .flag("tls", link().facts().tls);
  link()
      .request(node_.shard_actor(account_), shard_time,
               open_account{account_, caf::actor_cast<caf::actor>(&link()), watch_})
      .then(
          [this](const account_handles& h) {
            handles_ = h;
            session_.accept_login();
          },
          [this](const caf::error&) { session_.refuse_login("UNAVAILABLE", "The account cannot be opened, try again later"); });
}

void imap_host::handle(imap::start_tls&) { link().start_tls(); }

void imap_host::handle(imap::compress&) {
  link().start_compression(std::make_unique<compression>());
  session_.compress_started();
}

void imap_host::handle(imap::client_id& id) {
  base::log_event event(base::severity::debug, "imap.client");
  event.text("session", link().facts().session_id);
  for (const auto& [name, value] : id.pairs)
    if (name == "name" || name == "version") event.text(name, value);
}

} // namespace rookery::actors
