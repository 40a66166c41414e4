/// When a message is tried again, and when something else is owed to its sender.
///
/// Source: RFC 5321 §4.5.4.1 (retry interval, give-up time), RFC 2852 §4 (DELIVERBY), RFC 3461
/// §6.2.9 (delayed), RFC 3464 §2.3.3. Pure values; thread-safe.
#pragma once

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::delivery {

inline constexpr std::size_t retry_steps_max = 50;

/// "90s", "5m", "4h", "5d", "1h30m". Nothing when it is malformed, zero or longer than a year.
std::optional<std::chrono::seconds> parse_span(std::string_view text);
std::string span_text(std::chrono::seconds);

/// The pauses between attempts, such as "5m 10m 20m 40m 1h 2h 4h"; the last one repeats.
class retry_plan {
public:
  retry_plan();
  /// The error is a literal for the administrator.
  static base::result<retry_plan, std::string_view> parse(std::string_view text);
  /// After attempt number `attempts` (1: the first). A tenth is added or taken away by the
  /// message's id, so that those that failed together do not return together.
  std::chrono::seconds pause(std::uint32_t attempts, base::message_id) const noexcept;
  const std::vector<std::chrono::seconds>& pauses() const noexcept { return pauses_; }
  std::string to_text() const;
  friend bool operator==(const retry_plan&, const retry_plan&) noexcept = default;

private:
  std::vector<std::chrono::seconds> pauses_;
};

struct retry_settings {
  retry_plan plan;
  std::chrono::seconds expire{5 * 86400};       ///< setting queue.expire
  std::chrono::seconds expire_reports{2 * 86400}; ///< of messages with the null sender
  std::chrono::seconds delay_notice{4 * 3600};  ///< 0: none is written
};

/// What is known of one recipient that waits.
struct waiting_facts {
  base::message_id id;
  base::wall_time begin{};              ///< accepted, or the end of its hold when that is later
  base::wall_time deliver_by{};         ///< 0: none
  bool deliver_by_return = false;       ///< mode R; else N
  bool null_sender = false;
  bool wants_delay = true;              ///< `notifies(notify, delay)`; false for the null sender
  bool delay_told = false;
};

/// Given up at this moment.
base::wall_time expires(const waiting_facts&, const retry_settings&) noexcept;
/// If the plan leads beyond `expires`, a last attempt is made a minute before it.
base::wall_time next_attempt(const waiting_facts&, std::uint32_t attempts, base::wall_time now, const retry_settings&) noexcept;

enum class owed : std::uint8_t {
  nothing,
  delay_notice,      ///< still trying (4.4.7 "delayed")
  expired,           ///< given up after the queue's time (5.4.7)
  deliver_by_over    ///< given up since DELIVERBY with mode R said so (5.4.7)
};
/// What is owed at this moment; the gravest first.
owed owed_now(const waiting_facts&, base::wall_time now, const retry_settings&) noexcept;
/// The first moment at which `owed_now` answers otherwise than `nothing`; never is wall_time::max().
base::wall_time next_deadline(const waiting_facts&, const retry_settings&) noexcept;

} // namespace rookery::delivery
