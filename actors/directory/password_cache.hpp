/// Remembers, for a while and in memory only, that a password was right, so that the slow
/// hash stays off the common path.
///
/// Keeps no password: an HMAC under a key made at start. An entry holds for one version
/// of the account's record: any change of the account empties it. Thread-safe.
#pragma once

#include "base/clock.hpp"
#include "base/crypto/crypto.hpp"
#include "base/id.hpp"

#include <array>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rookery::actors {

class password_cache {
public:
  /// Accounts remembered: about 100 octets each.
  static constexpr std::size_t entries_max = 100'000;
  static constexpr std::chrono::minutes entry_life{60};

  password_cache() : key_(base::random_octets(32)) {}
  bool known(base::account_id, std::uint64_t version, std::string_view password, base::instant now) const;
  void remember(base::account_id, std::uint64_t version, std::string_view password, base::instant now);

private:
  struct entry {
    std::uint64_t version = 0;
    base::sha256_digest mac{};
    base::instant until{};
  };
  struct stripe {
    mutable std::mutex lock;
    std::unordered_map<base::account_id, entry> entries;
  };
  const stripe& of(base::account_id a) const { return stripes_[a.value % stripes_.size()]; }
  std::string key_;
  std::array<stripe, 16> stripes_;
};

} // namespace rookery::actors
