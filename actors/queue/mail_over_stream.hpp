/// A message out of the spool on its way to another node: its head and its octets in pieces, over a stream.
#pragma once

#include "actors/queue/messages.hpp"
#include "cluster/stream/node_stream.hpp"
#include "storage/body/body_reader.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace rookery::actors {

/// The other node takes a frame within this time, or is lost.
inline constexpr std::chrono::milliseconds mail_piece_time{20'000};

struct mail_sending {
  enum class state : std::uint8_t {
    sent_whole,
    too_long,   ///< its head fits into no frame; nothing was sent
    unreadable, ///< the stream is of no use any more
    lost_stream
  } what = state::sent_whole;
  std::string why;
};

/// Sends the head of `work` and all octets as frames of these types. Waits for the disk and the other node.
mail_sending send_mail(cluster::node_stream&, storage::body_reader&, const queueing::transaction& work, const storage::queue::envelope&, std::uint8_t head_type, std::uint8_t octets_type);

} // namespace rookery::actors
