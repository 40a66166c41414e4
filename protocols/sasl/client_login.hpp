/// A login by SASL as POP3 and IMAP do it: which mechanism, what stands in each line, and what to
/// try when it is refused. Lines are base64; the owner puts "AUTH " or "AUTHENTICATE " before them.
///
/// Source: RFC 5034 §4, RFC 9051 §6.2.2. SCRAM comes first; where the server refuses that (it may
/// keep passwords in another form) PLAIN or LOGIN is tried once, if the password may travel at all.
#pragma once

#include "protocols/remote_login.hpp"
#include "protocols/sasl/client_exchange.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::sasl {

/// Send this line.
struct login_line { std::string text; };
/// The server broke the mechanism, or cannot prove that it knows the password: leave it.
struct login_impossible { client_failure why; };
using login_step = std::variant<login_line, key_question, login_impossible>;

class client_login {
public:
  client_login(const remote_login& login, const connection_facts& facts, std::vector<std::string> offered)
      : login_(login), facts_(facts), offered_(std::move(offered)) {}

  /// The best mechanism not refused yet; nothing when there is none.
  std::optional<std::string_view> begin();
  /// The initial response as base64 ("=" for an empty one), to be sent with the command: if the
  /// mechanism has one, and it is not longer. Not taken, it answers the first challenge.
  std::optional<std::string> take_initial(std::size_t octets_max);
  /// What stands behind "+ ".
  login_step challenged(std::string_view base64);
  /// The answer to a key_question.
  login_step key_derived(std::string_view key);
  /// The server says that we are in: has it proved what its mechanism can prove?
  bool succeeded() { return exchange_ && exchange_->succeeded(); }
  /// The server says no. True: `begin` has something else to try.
  bool refused();

private:
  login_step next(client_step);
  std::optional<client_mechanism> choose() const;
  const remote_login& login_; ///< Outlives the login, as `facts_` does.
  const connection_facts& facts_;
  std::vector<std::string> offered_;
  std::uint8_t refused_ = 0;
  std::optional<client_exchange> exchange_;
  std::optional<std::string> initial_;
};

} // namespace rookery::sasl
