#include "actors/directory/login.hpp"

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

/// The first wrong password costs so much; each further one from the address adds as much.
constexpr std::chrono::milliseconds penalty_step{500};
constexpr std::chrono::milliseconds penalty_max{5000};
/// After this time an address is forgiven.
constexpr std::chrono::minutes forgiven_after{10};
/// Addresses remembered at most; when full, all are forgiven.
constexpr std::size_t addresses_max = 100'000;
/// What an unknown user's made-up credentials say: as new passwords have.
constexpr std::uint32_t decoy_iterations = 60'000;

} // namespace

login_service::login_service(std::shared_ptr<published<routing::directory_view>> directory,
                             std::shared_ptr<worker_pool> workers)
    : directory_(std::move(directory)), workers_(std::move(workers)), decoy_key_(base::random_octets(32)) {}

void login_service::check(net::connection& from, std::string_view authzid, std::string_view user,
                          std::string_view password, std::function<void(const login_outcome&)> then) {
  static auto& ok = base::counter_named("rookery_logins_total", "", "Successful logins");
  static auto& hashed = base::counter_named("rookery_passwords_hashed_total", "", "Passwords checked with the slow hash");
  const auto directory = directory_->get();
  const auto account = directory->login(user);
  if (!authzid.empty() && directory->login(authzid) != account)
    return refuse(from, user, account != nullptr, login_verdict::wrong, "another identity was asked for", std::move(then));
  const auto now = from.now();
  if (account && account->iterations != 0 && cache_.known(account->id, account->version, password, now)) {
    if (!account->may_log_in())
      return refuse(from, user, true, login_verdict::not_allowed, "account is not enabled", std::move(then));
    ok.add();
    return then({login_verdict::ok, account});
  }
  // An unknown user costs the same as a wrong password: the hash runs over made-up credentials.
  hashed.add();
  const auto credentials = account && account->iterations != 0 ? account->credentials() : this->credentials(user).credentials;
  const auto right = std::make_shared<bool>(false);
  const auto secret = std::make_shared<std::string>(password);
  const bool taken = workers_->run(
      from, [right, secret, credentials] { *right = sasl::verify(*secret, credentials); },
      [this, &from, right, secret, account, name = std::string(user), then]() mutable {
        const bool good = *right && account && account->iterations != 0;
        if (good) cache_.remember(account->id, account->version, *secret, from.now());
        base::wipe(*secret);
        if (!good) return refuse(from, name, account != nullptr, login_verdict::wrong, "wrong password", std::move(then));
        if (!account->may_log_in())
          return refuse(from, name, true, login_verdict::not_allowed, "account is not enabled", std::move(then));
        ok.add();
        then({login_verdict::ok, account});
      });
  if (!taken) refuse(from, user, account != nullptr, login_verdict::busy, "too many logins at once", std::move(then));
}

found_credentials login_service::credentials(std::string_view user) const {
  if (const auto account = directory_->get()->login(user); account && account->may_log_in())
    return {account->credentials(), true};
  const auto seed = base::hmac_sha256(decoy_key_, base::to_lower(user));
  const auto more = base::hmac_sha256(decoy_key_, base::view(seed));
  return {{std::string(base::view(seed).substr(0, 16)), decoy_iterations, std::string(base::view(more)),
           std::string(base::view(seed))},
          false};
}

login_outcome login_service::admitted(net::connection& from, std::string_view authzid, std::string_view user) const {
  const auto directory = directory_->get();
  const auto account = directory->login(user);
  if (!account || (!authzid.empty() && directory->login(authzid) != account)) {
    log_failure(from, user, account != nullptr, "another identity was asked for");
    return {login_verdict::wrong, nullptr};
  }
  if (!account->may_log_in()) {
    log_failure(from, user, true, "account is not enabled");
    return {login_verdict::not_allowed, nullptr};
  }
  return {login_verdict::ok, account};
}

std::chrono::milliseconds login_service::failed(net::connection& from, std::string_view user, std::string_view why) {
  log_failure(from, user, directory_->get()->login(user) != nullptr, why);
  return penalty(from);
}

std::chrono::milliseconds login_service::penalty(const net::connection& from) {
  const std::lock_guard hold(lock_);
  if (by_address_.size() >= addresses_max) by_address_.clear();
  auto& f = by_address_[from.facts().peer_address];
  if (from.now() - f.last > forgiven_after) f.count = 0;
  f.last = from.now();
  ++f.count;
  return std::min(penalty_max, penalty_step * f.count);
}

void login_service::log_failure(net::connection& from, std::string_view user, bool account_known,
                                std::string_view why) const {
  static auto& count = base::counter_named("rookery_login_failures_total", "", "Failed logins");
  count.add();
  base::log_event(base::severity::notice, "login.failed")
      .authentication_failure()
      .text("protocol", from.of().service)
      .text("session", from.facts().session_id)
      .text("peer", from.facts().peer_address)
      .text("logon", user)
      .flag("account", account_known)
      .text("why", why);
}

void login_service::refuse(net::connection& from, std::string_view user, bool account_known, login_verdict verdict,
                           std::string_view why, std::function<void(const login_outcome&)> then) {
  log_failure(from, user, account_known, why);
  from.after(penalty(from), [verdict, then = std::move(then)] { then({verdict, nullptr}); });
}

} // namespace rookery::actors
