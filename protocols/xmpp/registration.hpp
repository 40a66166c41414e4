/// Accounts that strangers make in band: what is asked of them, and how often they may ask.
///
/// Source: XEP-0077 §3.1.
#pragma once

#include "base/clock.hpp"
#include "protocols/xmpp/stanza.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

namespace rookery::xmpp {

struct registration_wish { std::string user, password; };

/// What is asked for: a name and a password.
element registration_form();
/// Nothing of both may be missing; the name is checked by `is_free_name`.
std::variant<registration_wish, condition> read_registration(const element& query);

/// May a stranger choose it? ASCII letters, digits, and ". _ -" within, 64 at most, in lower case; no name that people and certificate authorities
/// take for the owner of the domain (RFC 2142, "postmaster" and the like).
bool is_free_name(std::string_view user) noexcept;

/// Who asks: an IPv4 address, or the first 64 bits of an IPv6 address.
std::string network_of(std::string_view address);

/// How often each network has asked within an hour. Not thread-safe.
class registration_rate {
public:
  static constexpr std::size_t networks_max = 10'000;       ///< remembered; beyond it further ones are refused
  static constexpr std::uint32_t all_max = 1'000;           ///< of all together in an hour
  static constexpr std::chrono::hours window{1};

  /// One more. False: too often.
  bool take(const std::string& network, base::instant now, std::uint64_t most);

private:
  struct count {
    base::instant since{};
    std::uint64_t asked = 0;
  };
  static bool take(count&, base::instant now, std::uint64_t most);
  std::unordered_map<std::string, count> networks_;
  count all_;
};

} // namespace rookery::xmpp
