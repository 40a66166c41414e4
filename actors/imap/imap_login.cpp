#include "actors/imap/imap_host.hpp"

#include "actors/config/mailbox_documents.hpp"
#include "actors/imap/compression.hpp"
#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "base/log.hpp"
#include "policy/quiet/quiet_hours.hpp"

#include <utility>

namespace rookery::actors {

void imap_host::handle(imap::find_credentials& q) {
  const auto found = entry_.find(q.user, q.digest);
  session_.credentials_found(found.credentials, found.known);
}

void imap_host::handle(imap::check_password& q) {
  // "Busy" and "not allowed" are told by refuse_login, when the exchange is over.
  entry_.check(link(), q.authzid, q.user, q.password,
               [this](login_verdict v) { session_.password_verified(v != login_verdict::wrong); });
}

void imap_host::handle(imap::check_proof& q) {
  entry_.check(link(), q.question, [this](login_verdict v) {
    if (v == login_verdict::busy) return session_.refuse_login("UNAVAILABLE", "Logins cannot be checked now, try again later");
    session_.proof_judged(v != login_verdict::wrong, entry_.account_checked());
  });
}

void imap_host::handle(imap::authenticated& a) {
  const auto taken = std::exchange(handed_over_, {});
  switch (taken.value != 0 ? entry_.admit_handed_over(link(), taken, a.user) : entry_.admit(link(), a.mechanism, a.authzid, a.user)) {
    case login_verdict::ok: break;
    case login_verdict::wrong: return session_.refuse_login("AUTHORIZATIONFAILED", "Not allowed to act for that user");
    case login_verdict::not_allowed: return session_.refuse_login("AUTHORIZATIONFAILED", "The account is not enabled");
    case login_verdict::quiet: return session_.refuse_login("UNAVAILABLE", quiet::quiet_text);
    case login_verdict::busy: return session_.refuse_login("UNAVAILABLE", "Too many logins at the moment, try again later");
  }
  if (taken.value == 0 && !at_home(node_, *entry_.account())) return hand_over();
  entry_.open(link(), [this](bool opened) {
    if (!opened) return session_.refuse_login("UNAVAILABLE", "The account cannot be opened, try again later");
    begin_account();
  });
}

/// The account is at home on another node: the session goes on there.
void imap_host::hand_over() {
  session_handover h;
  h.protocol = "imap";
  h.volume = homes_of(node_)->volume_of(*entry_.account());
  h.account = entry_.id();
  h.address = entry_.account()->address;
  h.tag = session_.tag();
  h.language = static_cast<std::uint8_t>(session_.mode().language);
  h.facts = link().facts();
  entry_.forget();
  const auto failed = [this](const std::string&) { session_.refuse_login("UNAVAILABLE", "The server with your mail cannot be reached, try again later"); };
  const auto relays = relays_of(node_);
  if (!relays) return failed({});
  relays->give(link(), std::move(h), "* BYE [UNAVAILABLE] The server with your mail was lost, connect again\r\n", failed);
}

/// At the first login: the mailboxes that the account begins with.
void imap_host::begin_account() {
  const auto accept = [this] { session_.accept_login(); };
  if (entry_.handles().cell->view()->begun) return accept();
  storage::mail::begin_account first;
  if (const auto found = config::template_of_account(*node_.config->table(), entry_.account()->address, *node_.settings->get()))
    for (const auto& m : found->mailboxes) first.mailboxes.push_back({m.name, m.special_use, m.subscribed});
  // When they cannot be made now, they are at the next login.
  change(std::move(first), [accept](const storage::command_result&) { accept(); }, accept);
}

void imap_host::handle(imap::authentication_failed& f) {
  // A wrong password was counted, and told late, when it was checked; a proof fails in the session itself.
  if (f.held) entry_.failed(link(), f.user, f.why, [this] { session_.say_failure(); });
}

void imap_host::run(imap::unauthenticate&) {
  notify_.reset();
  leave_mailbox();
  append_guest_.reset();
  guests_.reset();
  entry_.forget();
  session_.unauthenticated();
  end();
}

void imap_host::close_account(bool quiet_hours) {
  // Said of an account that was left meanwhile (RFC 8437).
  if (!entry_.account()) return;
  // In the middle of an answer there is no place for a BYE.
  if (rows_) return link().abort("the account was closed");
  session_.abort("UNAVAILABLE", quiet_hours ? quiet::quiet_text : "The account was closed, or its password changed");
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
