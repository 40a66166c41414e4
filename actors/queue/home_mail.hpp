/// What two nodes say to each other on a stream that takes mail to the home of its recipients. Pure.
///
/// The accepting node sends a message as `home_mail_type`, its octets in pieces as `home_octets_type`, and `home_end_type`; the home
/// answers with `home_results_type` when everything is durable there. One message at a time. A message that is sent again
/// (nobody heard the answer) is known by the volume whose spool has it, its number and its recipients' numbers.
#pragma once

#include "actors/queue/messages.hpp"
#include "cluster/stream/stream_frame.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

inline constexpr const char* delivery_stream = "delivery";
inline constexpr std::uint8_t home_mail_type = cluster::first_own_type, home_octets_type = home_mail_type + 1, home_end_type = home_mail_type + 2,
                              home_results_type = home_mail_type + 3;
inline constexpr std::uint32_t home_recipients_max = 500;     ///< in one frame
inline constexpr std::size_t home_piece_octets = 256 * 1024;

struct home_mail {
  std::vector<std::uint32_t> numbers;    ///< of the recipients in the sender's envelope, in the order of `message`'s
  storage::queue::envelope message;      ///< with these recipients alone; without prefix and content: they are in the octets
};
/// Nothing when it would not fit into a frame.
std::optional<std::string> print(const home_mail&);
std::optional<home_mail> read_home_mail(std::string_view);

std::string print(const std::vector<recipient_result>&);
std::optional<std::vector<recipient_result>> read_home_results(std::string_view);
/// What became of those that were brought: a result for each, in their order. What the home says of others is passed over, and of two
/// answers about one the first counts; who it says nothing of waits.
std::vector<recipient_result> results_of(const std::vector<std::uint32_t>& brought, std::vector<recipient_result> answered);

} // namespace rookery::actors
