/// Takes in the streams of the other nodes, and hands each to who handles its kind.
///
/// A stranger gets no further than the handshake: bounded in number, time and octets, in threads of their own.
#pragma once

#include "cluster/stream/node_stream.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rookery::cluster {

/// Streams that have not said yet what they are for. With more, who has shown no certificate for `handshake_spare` makes room.
inline constexpr std::size_t handshakes_max = 64;
inline constexpr std::chrono::milliseconds handshake_spare{500};
/// From the first octet to the end of the opening.
inline constexpr std::chrono::seconds handshake_time{5};

class stream_listener {
public:
  /// In a thread of the stream's own, which ends with it. The handler accepts or refuses, and may keep the stream.
  using handler = std::function<void(std::unique_ptr<node_stream>, stream_opening)>;

  /// Listens at all addresses; port 0: any free one. Fails when the port is taken.
  static base::result<std::unique_ptr<stream_listener>> open(std::shared_ptr<const stream_identity>, std::uint16_t port);
  /// Closes every stream that came in here and was not released, and waits for the handlers to return.
  ~stream_listener();

  std::uint16_t port() const noexcept;
  /// From now on; before that, streams of this kind are refused. Null: no more.
  void handle(const std::string& kind, handler);
  /// Strangers and members before their first word.
  std::size_t handshakes() const;
  std::uint64_t refused() const; ///< since it was opened

  struct inside;

private:
  stream_listener();
  std::unique_ptr<inside> in_;
};

} // namespace rookery::cluster
