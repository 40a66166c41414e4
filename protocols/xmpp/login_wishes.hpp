/// What a client asks for together with its login: <authenticate/>.
///
/// Source: XEP-0388 §2 (SASL2), XEP-0386 (Bind 2), XEP-0484 (FAST), XEP-0198 §9 and XEP-0280, XEP-0352 as parts of these.
#pragma once

#include "protocols/xmpp/stanza.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::xmpp {

namespace space {
inline constexpr std::string_view sasl2 = "urn:xmpp:sasl:2";
inline constexpr std::string_view bind2 = "urn:xmpp:bind:0";
inline constexpr std::string_view fast = "urn:xmpp:fast:0";
} // namespace space

/// Octets of a client's id, and of the word that it wants to see in its resource.
inline constexpr std::size_t client_id_octets_max = 200, client_tag_octets_max = 100;

struct login_wishes {
  std::string mechanism;
  std::optional<std::string> initial;    ///< decoded
  std::string client_id;                 ///< of <user-agent/>: the same at each login of a client; may be empty
  struct resumption {
    std::string previous;
    std::uint32_t handled = 0;
  };
  std::optional<resumption> resume;      ///< tried before binding
  bool bind = false;
  std::string tag;                       ///< may be empty
  bool carbons = false, manage = false, resumable = false;
  std::optional<bool> active;
  std::string token_mechanism;           ///< a token for it is wanted; may be empty
  bool by_token = false;                 ///< the login is made with one
  bool forget_token = false;             ///< which is not to be used again
};

/// Nothing for what breaks the syntax: `fault` is the condition of the failure (RFC 6120 §6.5).
std::optional<login_wishes> read_login_wishes(const element& authenticate, std::string_view& fault);

} // namespace rookery::xmpp
