/// What servers behind gateways have said of their recipients, for a while.
///
/// Pure and not thread-safe: one actor owns it and gives the time. Bounded: the oldest entry makes
/// room. Nothing here is durable; after a restart is asked again.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rookery::gateway {

enum class verified : std::uint8_t {
  known,
  unknown,     ///< 5yz to RCPT
  unavailable  ///< no answer, or 4yz: nothing is known now
};

struct verification {
  verified what = verified::unavailable;
  std::string answer;              ///< one line, for logs
};

struct cache_times {
  std::chrono::seconds known{3600};
  std::chrono::seconds unknown{600};
};

/// A server that could not be asked is not asked again for so long.
inline constexpr std::chrono::seconds unavailable_time{30};
inline constexpr std::size_t verifications_max = 100'000;
inline constexpr std::size_t verification_answer_octets_max = 200;

class verification_cache {
public:
  explicit verification_cache(std::size_t entries_max = verifications_max) : entries_max_(entries_max) {}

  /// Of this address, or of its whole domain when its server could not be reached lately.
  std::optional<verification> find(std::string_view address, base::instant now);
  void put(std::string_view address, verification, const cache_times&, base::instant now);
  /// Nobody answers for this domain.
  void put_down(std::string_view domain, std::string_view why, base::instant now);
  std::size_t size() const noexcept { return entries_.size(); }

private:
  struct entry {
    std::string name;              ///< address, or "@domain"
    verification what;
    base::instant until;
  };
  using entries = std::list<entry>; ///< oldest first

  void keep(std::string name, verification, base::instant until);
  std::optional<verification> look(const std::string& name, base::instant now);

  std::size_t entries_max_;
  entries entries_;
  std::unordered_map<std::string_view, entries::iterator> by_name_; ///< keys are the entries' own names
};

} // namespace rookery::gateway
