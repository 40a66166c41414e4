/// What two nodes say to each other on a stream with a lent connection: the *lender* has the queue, the *borrower* the
/// connection to the other server. Pure.
///
///   lender    way ─────────────── work octets… end ────────── go ─────────────── no_work ──────
///   borrower  ────── want ─────────────────────────── asks ────── results want ───────── over
///
/// The first `want` comes when the other server takes mail, `over` when the connection has ended, or did not come about. `asks` comes when all but the end of the message was sent to the other server, and `go` is its end's permission: before it nobody
/// can have the message, behind it the lender does not know until it has the results. Both say `alive` every second.
#pragma once

#include "actors/queue/home_mail.hpp"
#include "actors/queue/messages.hpp"
#include "policy/delivery/delivery_view.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::actors {

inline constexpr const char* attempt_stream = "attempt";

enum class lent_frame : std::uint8_t {
  way = cluster::first_own_type, ///< the lender's
  work, octets, end,             ///< a message, as home_mail; `octets` in pieces of home_piece_octets
  no_work, go,
  want = cluster::first_own_type + 32, ///< the borrower's
  asks, results, over,
  alive = cluster::first_own_type + 64  ///< of both
};

inline constexpr std::chrono::milliseconds lent_alive_time{1000};
/// Who hears nothing of the other for so long gives it up. The borrower breaks its connection off then.
inline constexpr std::chrono::milliseconds lent_silence{5000};
/// After a stream was lost the borrower can be sending for so long: then the connection is over, and what became of its message unknown.
inline constexpr std::chrono::milliseconds lent_afterlife{8000};
/// From `asks` to `go`: a permission that is older may be of a lease that is over.
inline constexpr std::chrono::milliseconds lent_go_time{1000};

/// Its route is told by name: the borrower has the same configuration, or opens nothing.
std::string print_way(const delivery::way&);
std::optional<delivery::way> read_way(std::string_view, const delivery::delivery_view&);

std::string print(const take_work&);
std::optional<take_work> read_take_work(std::string_view);
/// Without the work itself: what else there is to do. `until` goes as the time that is left.
std::string print_no_work(const given_work&, base::wall_time now);
std::optional<given_work> read_no_work(std::string_view, base::wall_time now);
/// What a lender notes of an attempt; without the message.
std::string print_results(const attempt_result&);
std::optional<attempt_result> read_results(std::string_view);
/// `passed` is 0 or not: whether there were results on it.
std::string print_over(const connection_over&);
std::optional<connection_over> read_over(std::string_view);

} // namespace rookery::actors
