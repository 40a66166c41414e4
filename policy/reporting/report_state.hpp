/// How far the report about one day of one domain is: to whom it goes, and what became of it there.
///
/// Source: RFC 8460 §4.1 (once a day, spread), §5.5 (retries for a day). A report that goes by mail is
/// *sent* when it stands in the queue. One that is posted is *under way* before a single octet leaves,
/// and written down as such: who finds that after a crash does not know, and does not post it again.
/// Pure.
#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::reporting {

enum class sending : std::uint8_t {
  waiting,   ///< not yet, or again after a failure
  under_way, ///< is being posted
  sent,      ///< queued as mail, or posted
  failed,    ///< given up
  unknown    ///< the server ended while it was posted
};
std::string_view name(sending) noexcept;

struct report_target {
  std::string to;                    ///< "mailto:ann@example.org", or an https URL
  sending state = sending::waiting;
  std::uint32_t attempts = 0;
  base::wall_time next{};            ///< when it waits: not before
  std::string why{};                 ///< the last failure; at most `why_octets_max`
  friend bool operator==(const report_target&, const report_target&) = default;

  bool mail() const noexcept { return to.starts_with("mailto:"); }
  bool due(base::wall_time now) const noexcept { return state == sending::waiting && next <= now; }
  bool over() const noexcept { return state != sending::waiting && state != sending::under_way; }
};

struct report_state {
  std::string id;                    ///< the report's
  base::wall_time made{};
  std::vector<report_target> targets; ///< none: nobody asks for reports
  friend bool operator==(const report_state&, const report_state&) = default;

  bool over() const noexcept;
};

inline constexpr std::size_t why_octets_max = 200;
inline constexpr std::chrono::hours posting_time{24}; ///< RFC 8460 §5.5

/// An attempt begins.
void begin(report_target&);
/// It is over. `why` is "" when it went well. After a failure it waits longer each time, until
/// `posting_time` since `made` is over.
void end(report_target&, std::string_view why, base::wall_time made, base::wall_time now);
/// Found in the notes by a server that posts nothing of it: true when anything was under way and is unknown now.
bool after_crash(report_state&);

/// When the report about a domain leaves: within `spread` after the end of its day; the same for the same names.
base::wall_time leaves_at(base::wall_time end_of_day, std::string_view domain, std::string_view sender, std::chrono::seconds spread);
/// RFC 8460 §4.4 report-id: the same for the same day, domain and sender.
std::string report_id(std::string_view day, std::string_view domain, std::string_view sender);

/// For a note of the spool.
std::string encode(const report_state&);
std::optional<report_state> decode_report_state(std::string_view octets);

} // namespace rookery::reporting
