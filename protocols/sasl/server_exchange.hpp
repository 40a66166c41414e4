/// The server's side of one SASL authentication, shared by SMTP, IMAP and POP3.
///
/// Source: RFC 4422 (EXTERNAL: appendix A); PLAIN RFC 4616; LOGIN (obsolete,
/// draft-murchison-sasl-login); SCRAM RFC 5802 (SHA-1) and RFC 7677 (SHA-256), channel binding
/// RFC 5929 and RFC 9266; OAUTHBEARER RFC 7628; XOAUTH2 as Google and Microsoft document it.
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

enum class mechanism : std::uint8_t {
  plain, login, scram_sha_256, scram_sha_256_plus, scram_sha_1, scram_sha_1_plus, external, oauthbearer, xoauth2
};

/// What a listener offers besides the usual mechanisms.
struct mechanism_choice {
  bool scram_sha_1 = false;  ///< for old clients; accounts have credentials for it since their last password
  bool certificates = false; ///< EXTERNAL, to clients that showed a certificate
  bool tokens = false;       ///< OAUTHBEARER and XOAUTH2: tokens can be verified
  std::string token_scope;   ///< told to clients whose token is refused; may be empty
  std::string token_discovery; ///< the same: "openid-configuration" (RFC 7628 §3.2.2)
};

/// What to offer on such a connection, best first; empty when no password may
/// travel (RFC 4954 §4, RFC 9051 §11.1: never plain text without TLS off loopback).
/// -PLUS only where the connection has channel binding data; tokens in TLS alone (RFC 7628 §4).
std::vector<mechanism> offered(const connection_facts&, const mechanism_choice& = {});
/// "SCRAM-SHA-256-PLUS" and so on.
std::string_view name(mechanism) noexcept;
/// ASCII case is ignored; nothing for unknown ones.
std::optional<mechanism> find(std::string_view name) noexcept;

enum class scram_digest : std::uint8_t { sha_256, sha_1 };
/// 32 or 20.
std::size_t digest_octets(scram_digest) noexcept;

/// Credentials as RFC 5802 §3 has them; the server knows no password.
struct scram_credentials {
  std::string salt;
  std::uint32_t iterations = 0;
  std::string stored_key; ///< `digest_octets`
  std::string server_key; ///< the same
};
/// Computes credentials from a password: slow (PBKDF2), never in a reactor's thread.
scram_credentials make_credentials(std::string_view password, std::string_view salt, std::uint32_t iterations,
                                   scram_digest = scram_digest::sha_256);
/// Does the password belong to the (SHA-256) credentials? Slow and constant-time.
bool verify(std::string_view password, const scram_credentials&);

/// Send these octets to the client and give its answer to `respond`.
struct challenge { std::string octets; };
/// Is this the password of `user`? Answer with `password_verified`.
struct check_password { std::string authzid, user, password; };
/// Which credentials has `user`? Answer with `credentials_found`; for an unknown
/// user give made-up ones that are always the same for that name (RFC 5802 §9).
struct find_credentials { std::string authzid, user; scram_digest digest = scram_digest::sha_256; };
/// Whose is it, and may he act as `authzid` (empty: as himself)? Answer with `proof_judged`.
struct check_proof {
  enum class kind : std::uint8_t {
    certificate, ///< that of the connection: `connection_facts::tls_client`
    token        ///< a bearer token (RFC 6750)
  } what = kind::certificate;
  std::string authzid;
  std::string token;
};
/// Done. `last` is sent with the success where the mechanism has a final message
/// (RFC 4422 §3.6: in a protocol without such a field, as one more challenge).
struct succeeded { std::string authzid, user; std::optional<std::string> last; };
enum class failure : std::uint8_t {
  malformed,        ///< The client's octets are no message of this mechanism.
  aborted,          ///< The client sent "*".
  wrong,            ///< Wrong user, password, certificate or token.
  channel_binding,  ///< The channel binding does not match: somebody is in the middle.
  too_long          ///< A message above `octets_max`.
};
/// `user` as tried, for the authentication-failure log; may be empty.
struct failed { failure why; std::string user; };

using step = std::variant<challenge, check_password, find_credentials, check_proof, succeeded, failed>;

/// A client's message may have so many octets (RFC 4616 allows 255 each for three fields).
inline constexpr std::size_t message_octets_max = 4096;
/// With a token in it; what base64 makes of it still fits RFC 4954 §4's line of 12,288.
inline constexpr std::size_t token_message_octets_max = 9000;
constexpr std::size_t octets_max(mechanism m) noexcept {
  return m >= mechanism::oauthbearer ? token_message_octets_max : message_octets_max;
}
/// The session itself finds out that such a proof is wrong, and must tell its host to delay the answer.
constexpr bool judged_by_session(mechanism m) noexcept {
  return m >= mechanism::scram_sha_256 && m <= mechanism::scram_sha_1_plus;
}

/// One exchange. Each call gives the next step.
class server_exchange {
public:
  server_exchange(mechanism, const connection_facts&, const mechanism_choice& = {});
  /// `initial`: the initial response, if the client sent one ("=" already decoded to "").
  step begin(std::optional<std::string_view> initial);
  /// The client's decoded answer to a challenge.
  step respond(std::string_view octets);
  /// The answers to questions.
  step password_verified(bool right);
  /// `known` is false for made-up credentials: the exchange then fails at its end.
  step credentials_found(const scram_credentials&, bool known);
  /// `user`: whose proof it is, when it is right.
  step proof_judged(bool right, std::string_view user);

private:
  enum class state : std::uint8_t {
    fresh, plain, login_user, login_password, scram_first, scram_credentials, scram_final, verifying,
    external, token, judging, refused, done
  };
  step scram_client_first(std::string_view);
  step scram_client_final(std::string_view);
  step plain_message(std::string_view);
  step external_message(std::string_view);
  step token_message(std::string_view);
  bool plus() const noexcept;
  scram_digest digest() const noexcept;

  mechanism mechanism_;
  state state_ = state::fresh;
  std::string nonce_, exporter_, end_point_;
  std::string authzid_, user_;
  std::string gs2_header_, client_first_bare_, server_first_, binding_, full_nonce_;
  std::string refusal_;    ///< JSON, for who sends a token that is not right
  scram_credentials credentials_;
  bool known_ = false;
};

} // namespace rookery::sasl
