/// The server's side of one SASL authentication, shared by SMTP, IMAP and POP3.
///
/// Source: RFC 4422; PLAIN RFC 4616; LOGIN (obsolete, draft-murchison-sasl-login);
/// SCRAM RFC 5802 and RFC 7677 (SHA-256), channel binding RFC 5929 and RFC 9266.
/// Works on decoded octets: the owning session does the base64 and the "+ " or
/// "334 " around it. Knows no account: it asks its owner.
#pragma once

#include "protocols/connection_facts.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::sasl {

enum class mechanism : std::uint8_t { plain, login, scram_sha_256, scram_sha_256_plus };

/// What to offer on such a connection, best first; empty when no password may
/// travel (RFC 4954 §4, RFC 9051 §11.1: never plain text without TLS off loopback).
/// -PLUS only where the connection has channel binding data.
std::vector<mechanism> offered(const connection_facts&);
/// "SCRAM-SHA-256-PLUS" and so on.
std::string_view name(mechanism) noexcept;
/// ASCII case is ignored; nothing for unknown ones.
std::optional<mechanism> find(std::string_view name) noexcept;

/// Credentials as RFC 5802 §3 has them; the server knows no password.
struct scram_credentials {
  std::string salt;
  std::uint32_t iterations = 0;
  std::string stored_key; ///< 32 octets
  std::string server_key; ///< 32 octets
};
/// Computes credentials from a password: slow (PBKDF2), never in a reactor's thread.
scram_credentials make_credentials(std::string_view password, std::string_view salt, std::uint32_t iterations);
/// Does the password belong to the credentials? Slow and constant-time.
bool verify(std::string_view password, const scram_credentials&);

/// Send these octets to the client and give its answer to `respond`.
struct challenge { std::string octets; };
/// Is this the password of `user`? Answer with `password_verified`.
struct check_password { std::string authzid, user, password; };
/// Which credentials has `user`? Answer with `credentials_found`; for an unknown
/// user give made-up ones that are always the same for that name (RFC 5802 §9).
struct find_credentials { std::string authzid, user; };
/// Done. `last` is sent with the success where the mechanism has a final message
/// (RFC 4422 §3.6: in a protocol without such a field, as one more challenge).
struct succeeded { std::string authzid, user; std::optional<std::string> last; };
enum class failure : std::uint8_t {
  malformed,        ///< The client's octets are no message of this mechanism.
  aborted,          ///< The client sent "*".
  wrong,            ///< Wrong user or password.
  channel_binding,  ///< The channel binding does not match: somebody is in the middle.
  too_long          ///< A message above `message_octets_max`.
};
/// `user` as tried, for the authentication-failure log; may be empty.
struct failed { failure why; std::string user; };

using step = std::variant<challenge, check_password, find_credentials, succeeded, failed>;

/// A client's message may have so many octets (RFC 4616 allows 255 each for three fields).
inline constexpr std::size_t message_octets_max = 4096;

/// One exchange. Each call gives the next step.
class server_exchange {
public:
  server_exchange(mechanism, const connection_facts&);
  /// `initial`: the initial response, if the client sent one ("=" already decoded to "").
  step begin(std::optional<std::string_view> initial);
  /// The client's decoded answer to a challenge.
  step respond(std::string_view octets);
  /// The answers to questions.
  step password_verified(bool right);
  /// `known` is false for made-up credentials: the exchange then fails at its end.
  step credentials_found(const scram_credentials&, bool known);

private:
  enum class state : std::uint8_t { fresh, plain, login_user, login_password, scram_first, scram_credentials, scram_final, verifying, done };
  step scram_client_first(std::string_view);
  step scram_client_final(std::string_view);
  step plain_message(std::string_view);

  mechanism mechanism_;
  state state_ = state::fresh;
  std::string nonce_, exporter_, end_point_;
  std::string authzid_, user_, password_;
  std::string gs2_header_, client_first_bare_, server_first_, binding_, full_nonce_;
  scram_credentials credentials_;
  bool known_ = false;
};

} // namespace rookery::sasl
