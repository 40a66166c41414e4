#include "actors/account/account_entry.hpp"

#include "base/log.hpp"
#include "policy/quiet/quiet_hours.hpp"
#include "policy/routing/address_form.hpp"

#include <string>
#include <utility>

namespace rookery::actors {
namespace {

/// A shard that does not answer in this time is not going to.
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

/// A session that began without a volume asks for one that is not there when the node has just left its cluster.
bool has_shard_of(const node& n, base::account_id a) { return n.shard_of(a).value < n.machines.size(); }

bool has_key(const routing::account_record& a, std::string_view stored_key) {
  return a.credentials().stored_key == stored_key || (a.further != nullptr && a.further->sha_1 && a.further->sha_1->stored_key == stored_key);
}

} // namespace

void account_entry::check(net::connection& link, std::string_view authzid, std::string_view user,
                          std::string_view password, std::function<void(login_verdict)> then) {
  checked_ = {};
  node_.login->check(link, authzid, user, password, [this, then = std::move(then)](const login_outcome& o) {
    checked_ = o;
    if (o.verdict == login_verdict::ok && quiet_now(*o.account)) checked_ = {login_verdict::quiet, nullptr};
    then(checked_.verdict);
  });
}

void account_entry::check(net::connection& link, const sasl::check_proof& proof, std::function<void(login_verdict)> then) {
  checked_ = {};
  node_.login->check(link, proof, [this, then = std::move(then)](const login_outcome& o) {
    checked_ = o;
    if (o.verdict == login_verdict::ok && quiet_now(*o.account)) checked_ = {login_verdict::quiet, nullptr};
    then(checked_.verdict);
  });
}

found_credentials account_entry::find(std::string_view user, sasl::scram_digest digest) {
  auto found = node_.login->credentials(user, digest);
  proved_with_ = found.credentials.stored_key;
  return found;
}

bool account_entry::quiet_now(const routing::account_record& account) const {
  return quiet::judge(*node_.directory->get(), account, quiet::service_named(protocol_), node_.clock->wall()).refused;
}

bool account_entry::quiet_for(std::string_view user) const {
  const auto directory = node_.directory->get();
  if (const auto account = directory->login(user)) return quiet_now(*account);
  const auto domain = routing::canonical_domain(routing::sides(user).domain);
  const auto* record = domain ? directory->domain(*domain) : nullptr;
  return record != nullptr && record->quiet != nullptr &&
         quiet::judge(*record->quiet, quiet::service_named(protocol_), user, false, node_.clock->wall()).refused;
}

void account_entry::failed(net::connection& link, std::string_view user, sasl::failure why, std::function<void()> then) {
  link.after(node_.login->failed(link, user, words_of(why)), std::move(then));
}

login_verdict account_entry::admit(net::connection& link, std::string_view mechanism, std::string_view authzid,
                                   std::string_view user) {
  auto outcome = std::exchange(checked_, {});
  if (mechanism.starts_with("SCRAM") || mechanism.starts_with("HT-")) {
    outcome = node_.login->admitted(link, authzid, user);
    // The password may have been changed while the client took its time.
    if (outcome.account && !has_key(*outcome.account, proved_with_)) outcome = {};
  }
  if (outcome.verdict == login_verdict::ok && quiet_now(*outcome.account)) outcome = {login_verdict::quiet, nullptr};
  if (outcome.verdict == login_verdict::quiet)
    base::log_event(base::severity::info, "login.quiet").text("protocol", protocol_).text("session", link.facts().session_id).text("logon", user);
  if (outcome.verdict != login_verdict::ok) return outcome.verdict;
  account_ = std::move(outcome.account);
  proved_with_ = {}; // and its memory: a session may last for days
  base::log_event(base::severity::info, std::string(protocol_) + ".login")
      .text("session", link.facts().session_id)
      .text("account", account_->address)
      .text("mechanism", mechanism)
      .text("peer", link.facts().peer_address)
      .flag("tls", link.facts().tls);
  return login_verdict::ok;
}

login_verdict account_entry::admit_handed_over(net::connection& link, base::account_id id, std::string_view address) {
  auto account = node_.directory->get()->account(id);
  // This node may not have heard yet of what the other knows.
  if (!account || account->address != address) return login_verdict::busy;
  if (!account->may_log_in()) return login_verdict::not_allowed;
  if (quiet_now(*account)) return login_verdict::quiet;
  account_ = std::move(account);
  base::log_event(base::severity::info, std::string(protocol_) + ".login")
      .text("session", link.facts().session_id)
      .text("account", account_->address)
      .text("mechanism", "handed over")
      .text("peer", link.facts().peer_address)
      .flag("tls", link.facts().tls);
  return login_verdict::ok;
}

void account_entry::begin_watch(net::connection& link) {
  watch_ = std::make_shared<account_watch>();
  watch_->protocol = protocol_;
  watch_->session_id = link.facts().session_id;
}

/// Who joined before the account was closed is told; who joins after sees it here.
bool account_entry::still_open() const {
  const auto now = node_.directory->get()->account(account_->id);
  return routing::sessions_may_stay(*account_, now.get()) && !quiet_now(*now);
}

void account_entry::open(net::connection& link, std::function<void(bool)> then) {
  if (!has_shard_of(node_, id())) return then(false);
  begin_watch(link);
  link.ask<account_handles>(
      node_.shard_actor(id()), shard_time, open_account{id(), caf::actor_cast<caf::actor>(&link), watch_},
      [this, then](const account_handles& h) {
        handles_ = h;
        if (still_open()) return then(true);
        leave();
        then(false);
      },
      [then] { then(false); });
}

bool account_entry::join(net::connection& link) {
  if (!has_shard_of(node_, id())) return false;
  begin_watch(link);
  watch_->signaled = true; // of news it wants to hear nothing
  link.send(node_.shard_actor(id()), join_account{id(), caf::actor_cast<caf::actor>(&link), watch_});
  return still_open();
}

void account_entry::leave() {
  if (watch_ && handles_.account) caf::anon_send(handles_.account, unwatch_account{watch_});
  watch_.reset();
  handles_ = {};
}

void account_entry::forget() {
  leave();
  account_.reset();
  checked_ = {};
  proved_with_.clear();
}

} // namespace rookery::actors
