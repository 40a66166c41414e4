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
                             std::shared_ptr<worker_pool> workers, std::shared_ptr<login_trust> trust)
    : directory_(std::move(directory)), workers_(std::move(workers)), trust_(std::move(trust)), decoy_key_(base::random_octets(32)) {}

void login_service::check(net::connection& from, std::string_view authzid, std::string_view user,
                          std::string_view password, std::function<void(const login_outcome&)> then) {
  static auto& ok = base::counter_named("rookery_logins_total", "", "Successful logins");
  static auto& hashed = base::counter_named("rookery_passwords_hashed_total", "", "Passwords checked with the slow hash");
  const auto directory = directory_->get();
  const auto account = directory->login(user);
  if (!authzid.empty() && directory->login(authzid) != account)
    return refuse(from, user, account != nullptr, login_verdict::wrong, "another identity was asked for", std::move(then));
  const auto now = from.now();
  if (account && account->has_password() && cache_.known(account->id, account->version, password, now)) {
    if (!account->may_log_in())
      return refuse(from, user, true, login_verdict::not_allowed, "account is not enabled", std::move(then));
    ok.add();
    return then({login_verdict::ok, account});
  }
  // An unknown user costs the same as a wrong password: the hash runs over made-up credentials.
  hashed.add();
  const auto credentials = account && account->has_password() ? account->credentials() : this->credentials(user).credentials;
  const auto right = std::make_shared<bool>(false);
  const auto secret = std::make_shared<std::string>(password);
  const bool taken = workers_->run(
      from, [right, secret, credentials] { *right = sasl::verify(*secret, credentials); },
      [this, &from, right, secret, account, name = std::string(user), then]() mutable {
        const bool good = *right && account && account->has_password();
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

namespace {

const sasl::scram_credentials* sha_1_of(const routing::account_record& a) {
  return a.further != nullptr && a.further->sha_1 ? &*a.further->sha_1 : nullptr;
}

} // namespace

found_credentials login_service::credentials(std::string_view user, sasl::scram_digest digest) const {
  const bool sha_1 = digest == sasl::scram_digest::sha_1;
  if (const auto account = directory_->get()->login(user); account && account->may_log_in()) {
    if (!sha_1 && account->has_password()) return {account->credentials(), true};
    if (const auto* found = sha_1_of(*account); sha_1 && found != nullptr) return {*found, true};
  }
  const auto seed = base::hmac_sha256(decoy_key_, base::to_lower(user) + (sha_1 ? "\n1" : ""));
  const auto more = base::hmac_sha256(decoy_key_, base::view(seed));
  const auto octets = sasl::digest_octets(digest);
  return {{std::string(base::view(seed).substr(0, 16)), decoy_iterations, std::string(base::view(more).substr(0, octets)),
           std::string(base::view(seed).substr(0, octets))},
          false};
}

void login_service::check(net::connection& from, const sasl::check_proof& proof, std::function<void(const login_outcome&)> then) {
  if (proof.what == sasl::check_proof::kind::certificate) return check_certificate(from, proof.authzid, std::move(then));
  check_token(from, proof, std::move(then));
}

void login_service::check_certificate(net::connection& from, const std::string& authzid, std::function<void(const login_outcome&)> then) {
  const auto shown = from.facts().tls_client;
  if (!shown) return refuse(from, authzid, false, login_verdict::wrong, "no certificate was shown", std::move(then));
  const auto directory = directory_->get();
  auto opens = directory->with_certificate(shown->sha256);
  auto said = shown->addresses;
  // RFC 6120 §13.7.1.3: an address of chat is for chat.
  if (from.of().service == "xmpp") said.insert(said.end(), shown->xmpp_addresses.begin(), shown->xmpp_addresses.end());
  if (shown->trusted)
    for (const auto& address : said)
      // A name without a domain would be one of the default domain.
      if (auto a = address.find('@') != std::string::npos ? directory->login(address) : nullptr;
          a && std::find(opens.begin(), opens.end(), a) == opens.end())
        opens.push_back(std::move(a));
  const auto& called = authzid.empty() ? shown->subject : authzid;
  if (authzid.empty()) {
    if (opens.size() == 1) return let_in(from, called, std::move(opens.front()), std::move(then));
    return refuse(from, called, false, login_verdict::wrong,
                  opens.empty() ? "certificate is nobody's" + (shown->fault.empty() ? "" : ": " + shown->fault)
                                : "certificate is of several accounts",
                  std::move(then));
  }
  auto wanted = directory->login(authzid);
  if (wanted && std::find(opens.begin(), opens.end(), wanted) != opens.end()) return let_in(from, called, std::move(wanted), std::move(then));
  refuse(from, called, wanted != nullptr, login_verdict::wrong, "certificate is not of this account", std::move(then));
}

void login_service::check_token(net::connection& from, const sasl::check_proof& proof, std::function<void(const login_outcome&)> then) {
  const auto verifier = trust_ ? trust_->tokens() : nullptr;
  if (!verifier) return refuse(from, proof.authzid, false, login_verdict::busy, "tokens cannot be verified", std::move(then));
  verifier->verify(from, proof.token, [this, &from, authzid = proof.authzid, then = std::move(then)](const oauth::token_verdict& v) mutable {
    const auto directory = directory_->get();
    if (v.fault != oauth::token_fault::none)
      return refuse(from, authzid, directory->login(authzid) != nullptr, login_verdict::wrong, "token: " + std::string(oauth::name(v.fault)), std::move(then));
    // The issuer's names are addresses: one without a domain is none of ours.
    auto account = v.user.find('@') != std::string::npos ? directory->login(v.user) : nullptr;
    if (!account) return refuse(from, v.user, false, login_verdict::wrong, "token names no account", std::move(then));
    if (!authzid.empty() && directory->login(authzid) != account)
      return refuse(from, v.user, true, login_verdict::wrong, "another identity was asked for", std::move(then));
    let_in(from, v.user, std::move(account), std::move(then));
  });
}

void login_service::let_in(net::connection& from, std::string_view user, routing::account_ptr account, std::function<void(const login_outcome&)> then) {
  static auto& ok = base::counter_named("rookery_logins_total", "", "Successful logins");
  if (!account->may_log_in()) return refuse(from, user, true, login_verdict::not_allowed, "account is not enabled", std::move(then));
  ok.add();
  then({login_verdict::ok, std::move(account)});
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
