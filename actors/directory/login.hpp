/// Logging in, for every protocol: who is it, is the password right, may he come in.
///
/// Verified passwords are remembered (password_cache); others go to a few worker actors.
/// Failures are answered late, later with each one from the same address, counted, and
/// written to the authentication-failure log. Thread-safe.
#pragma once

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
  wrong,       ///< unknown user or wrong password: the client is not told which
  not_allowed, ///< right password, but the account is disabled or frozen
  busy,        ///< too many passwords to check: try later
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
  login_service(std::shared_ptr<published<routing::directory_view>> directory, std::shared_ptr<worker_pool> workers);

  /// Checks a password; `then` runs in the connection's thread, at once when the password
  /// is remembered, late when it is wrong. `authzid` must be empty or name the same account.
  void check(net::connection& from, std::string_view authzid, std::string_view user, std::string_view password,
             std::function<void(const login_outcome&)> then);
  /// For SCRAM.
  found_credentials credentials(std::string_view user) const;
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
  void log_failure(net::connection& from, std::string_view user, bool account_known, std::string_view why) const;
  void refuse(net::connection& from, std::string_view user, bool account_known, login_verdict, std::string_view why,
              std::function<void(const login_outcome&)> then);

  std::shared_ptr<published<routing::directory_view>> directory_;
  std::shared_ptr<worker_pool> workers_;
  password_cache cache_;
  std::string decoy_key_;
  std::mutex lock_;
  std::unordered_map<std::string, failures> by_address_;
};

} // namespace rookery::actors
