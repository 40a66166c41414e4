/// SASL with a token that the server gave out at an earlier login: HT-SHA-256-NONE, -ENDP and -EXPR, the server's side.
///
/// Source: draft-schmaus-kitten-sasl-ht-09; channel bindings RFC 5929 §4 and RFC 9266. One message each way: the client's name
/// and a keyed digest of what binds the channel, and the server's digest of the same. Works on decoded octets; knows no account.
#pragma once

#include "protocols/connection_facts.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::sasl {

enum class token_mechanism : std::uint8_t { exporter, end_point, none };

/// "HT-SHA-256-EXPR" and so on.
std::string_view name(token_mechanism) noexcept;
/// ASCII case is ignored.
std::optional<token_mechanism> find_token_mechanism(std::string_view name) noexcept;
/// What such a connection can do, best first; empty where no password may travel either.
std::vector<token_mechanism> offered_tokens(const connection_facts&);

struct token_message {
  std::string user;   ///< prepared (protocols/sasl/prepared.hpp)
  std::string proof;  ///< 32 octets
};
/// authcid NUL digest. Nothing when it is none.
std::optional<token_message> read_token_message(std::string_view);

/// Is the proof that of this token on this connection? Constant-time.
bool token_proves(std::string_view token, token_mechanism, const connection_facts&, std::string_view proof);
/// What shows the client that the server has the token too.
std::string token_answer(std::string_view token, token_mechanism, const connection_facts&);

} // namespace rookery::sasl
