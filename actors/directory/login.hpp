/// Logging in, for every protocol: who is it, is the password right, may he come in.
///
/// Verified passwords are remembered (password_cache); others go to a few worker actors.
/// Failures are answered late, later with each one from the same address, counted, and
/// written to the authentication-failure log. Thread-safe.
#pragma once

#include "actors/directory/login_trust.hpp"
#include "actors/directory/password_cache.hpp"
#include "actors/net/connection.hpp"
#include "actors/system/published.hpp"
#include "actors/system/worker_pool.hpp"
#include "policy/routing/directory_view.hpp"
#include "protocols/sasl/server_exchange.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rookery::actors {

enum class login_verdict : std::uint8_t {
  ok,
  wrong,       ///< unknown user or wrong password, certificate or token: the client is not told which
  not_allowed, ///< right, but the account is disabled or frozen
  busy,        ///< it cannot be checked now: try later
  quiet        ///< right password, but these are quiet hours of the domain (account_entry says it)
};

struct login_outcome {
  login_verdict verdict = login_verdict::wrong;
  routing::account_ptr account; ///< set when ok
};

struct found_credentials {
  sasl::scram_credentials credentials;
  bool known = false;           ///< else made up, the same each time for a name
};

class login_service {
public:
  /// `trust` may be null: no certificate and no token is right then.
  login_service(std::shared_ptr<published<routing::directory_view>> directory, std::shared_ptr<worker_pool> workers,
                std::shared_ptr<login_trust> trust = nullptr);

  /// Checks a password; `then` runs in the connection's thread, at once when the password
  /// is remembered, late when it is wrong. `authzid` must be empty or name the same account.
  void check(net::connection& from, std::string_view authzid, std::string_view user, std::string_view password,
             std::function<void(const login_outcome&)> then);
  /// Whose are the certificate of the connection or the token, and may he come in? `then` as above.
  /// A certificate opens the accounts that have it, and when a trusted authority vouches for it those of its
  /// addresses; `authzid` says which, and may be empty when there is but one. A token names its account;
  /// `authzid` must be empty or name the same.
  void check(net::connection& from, const sasl::check_proof&, std::function<void(const login_outcome&)> then);
  /// For SCRAM. An account whose password was set before it had such keys has none.
  found_credentials credentials(std::string_view user, sasl::scram_digest = sasl::scram_digest::sha_256) const;
  /// SCRAM has succeeded for `user`: may the account come in?
  login_outcome admitted(net::connection& from, std::string_view authzid, std::string_view user) const;
  /// An exchange failed in the session itself (SCRAM proof, bad channel binding). Gives the
  /// time after which the client should be told.
  std::chrono::milliseconds failed(net::connection& from, std::string_view user, std::string_view why);

private:
  struct failures {
    std::uint32_t count = 0;
    base::instant last{};
  };
  std::chrono::milliseconds penalty(const net::connection& from);
  void check_certificate(net::connection& from, const std::string& authzid, std::function<void(const login_outcome&)> then);
  void check_token(net::connection& from, const sasl::check_proof&, std::function<void(const login_outcome&)> then);
  void let_in(net::connection& from, std::string_view user, routing::account_ptr, std::function<void(const login_outcome&)> then);
  void log_failure(net::connection& from, std::string_view user, bool account_known, std::string_view why) const;
  void refuse(net::connection& from, std::string_view user, bool account_known, login_verdict, std::string_view why,
              std::function<void(const login_outcome&)> then);

  std::shared_ptr<published<routing::directory_view>> directory_;
  std::shared_ptr<worker_pool> workers_;
  std::shared_ptr<login_trust> trust_;
  password_cache cache_;
  std::string decoy_key_;
  std::mutex lock_;
  std::unordered_map<std::string, failures> by_address_;
};

} // namespace rookery::actors
