/// The client's side of one SASL authentication, shared by SMTP, IMAP and POP3.
///
/// Source: RFC 4422; PLAIN RFC 4616; LOGIN (obsolete, draft-murchison-sasl-login); SCRAM RFC 5802
/// (SHA-1, for old peers) and RFC 7677 (SHA-256), channel binding RFC 5929 and RFC 9266.
/// Works on decoded octets: the owning session does the base64 and its protocol's words around it.
#pragma once

#include "protocols/connection_facts.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace rookery::sasl {

/// Best first.
enum class client_mechanism : std::uint8_t { scram_sha_256_plus, scram_sha_256, scram_sha_1_plus, scram_sha_1, plain, login };
inline constexpr std::size_t client_mechanisms = 6;

std::string_view name(client_mechanism) noexcept;
/// The best of what the server names that this connection can do, leaving out those in `refused`
/// (bit = enumerator). -PLUS only where the connection has channel binding data. Nothing without a match.
std::optional<client_mechanism> choose(std::span<const std::string> offered, const connection_facts&, std::uint8_t refused = 0);

struct client_credentials { std::string user, password, authzid; };

/// Send these octets to the server; give its next challenge to `challenged`, its success to `succeeded`.
struct client_response { std::string octets; };
/// The key is derived slowly and not in a reactor's thread: give `derive_key(question)` to `key_derived`.
struct key_question { bool sha_256 = true; std::string password, salt; std::uint32_t iterations = 0; };
enum class client_failure : std::uint8_t {
  malformed,   ///< The server's octets are no message of this mechanism.
  rejected,    ///< The server says so within the mechanism ("e=…"): most likely the password is wrong.
  impostor,    ///< The server does not know the password either: its signature is wrong.
  iterations   ///< It asks for less than `iterations_least` or more than `iterations_most`.
};
struct client_failed { client_failure why; };
using client_step = std::variant<client_response, key_question, client_failed>;

/// RFC 5802 §5.1 and RFC 7677 §4 want 4,096 at least; more than a million would be work without an end.
inline constexpr std::uint32_t iterations_least = 4096, iterations_most = 1'000'000;
/// A challenge of the server may have so many decoded octets.
inline constexpr std::size_t challenge_octets_max = 4096;

/// PBKDF2: slow (some milliseconds to a second). Thread-safe.
std::string derive_key(const key_question&);

/// One exchange. Forgets the password in its destructor.
class client_exchange {
public:
  /// `server_offers_plus`: a -PLUS form stood in the list ("y" against downgrades, RFC 5802 §6).
  client_exchange(client_mechanism, client_credentials, const connection_facts&, bool server_offers_plus);
  ~client_exchange();
  client_exchange(client_exchange&&) noexcept = default;
  client_exchange& operator=(client_exchange&&) noexcept = default;

  client_mechanism mechanism() const noexcept { return mechanism_; }
  /// The initial response where the mechanism begins with the client; nothing for LOGIN. If it cannot be
  /// sent with the command, it answers the first (empty) challenge: call this first all the same.
  std::optional<std::string> begin();
  client_step challenged(std::string_view octets);
  client_step key_derived(std::string_view key);
  /// The server says that we are in, with its last octets if the protocol carries them there.
  /// False: it has not proved that it knows the password (SCRAM): leave it.
  bool succeeded(std::optional<std::string_view> last = {});

private:
  enum class state : std::uint8_t { fresh, user, password, server_first, key, server_final, done };
  client_step server_first(std::string_view);
  client_step server_final(std::string_view);
  client_step fail(client_failure why);
  bool sha_256() const noexcept { return mechanism_ <= client_mechanism::scram_sha_256; }
  std::string keyed(std::string_view key, std::string_view octets) const;

  client_mechanism mechanism_;
  client_credentials credentials_;
  state state_ = state::fresh;
  std::string gs2_header_, binding_, nonce_, first_bare_, server_first_, without_proof_, server_signature_;
};

} // namespace rookery::sasl
