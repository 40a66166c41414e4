/// Stanzas on their way to one other volume: kept in order until the home of that has dealt with them.
///
/// Numbers outlive connections: what was sent and not acknowledged is sent again on the next one, and the other side knows what it has had.
/// Thread-safe. Nothing here calls back under its lock.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace rookery::actors {

/// Stanzas and octets that wait for one volume or were not acknowledged by it; octets that may be on their way.
inline constexpr std::size_t link_stanzas_max = 20'000, link_octets_max = 32u << 20, link_window_octets = 4u << 20;
/// So long a stanza waits for a volume that nobody serves; then its sender gets an error. A take-over takes four seconds.
inline constexpr std::chrono::seconds link_wait{20};

class stanza_link {
public:
  /// What becomes of a stanza that is given up. Holds its receipt: let go without a call when the stanza was dealt with.
  using give_up = std::function<void()>;

  /// `encode` makes the item's octets with its number, within the lock. False: too much waits; nothing is kept.
  bool push(const std::function<std::string(std::uint64_t number)>& encode, give_up refused, base::instant now);

  // The connection, in its thread.
  void attach(const caf::actor& connection);
  /// True: it was this one's, and the link has none now.
  bool detach(const caf::actor& connection, base::instant now);
  /// Frames, as far as the window and `room` octets go.
  void fill(base::buffer& out, std::size_t room);
  /// All in front of this number has been dealt with. False: it was never sent.
  bool acknowledged(std::uint64_t next);

  bool connected() const;
  caf::actor connection() const;
  bool empty() const;
  /// Those that have waited too long without a connection; all of them, if `all`.
  std::vector<give_up> expired(base::instant now, bool all = false);
  /// The number of the first that is kept.
  std::uint64_t first() const;

private:
  struct item {
    std::string octets;
    give_up refused;
    base::instant since{};
  };
  mutable std::mutex lock_;
  std::deque<item> items_;         ///< from first_ on
  std::uint64_t first_ = 1;
  std::size_t sent_ = 0;           ///< how many of them are on their way
  std::size_t octets_ = 0, sent_octets_ = 0;
  caf::actor connection_;
  bool told_ = false;              ///< the connection looks soon
};

} // namespace rookery::actors
