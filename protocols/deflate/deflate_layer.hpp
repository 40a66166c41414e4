/// Compression as a layer between a session and its connection: IMAP COMPRESS.
///
/// Source: RFC 4978 (raw deflate, both directions), RFC 1951. One layer a connection;
/// not movable, not thread-safe. Costs about 64 kB for writing and up to 40 kB for
/// reading, each taken at the first use.
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace rookery::deflate {

enum class feed_state : std::uint8_t {
  hungry,  ///< All of `in` is used and all plain octets are out.
  more,    ///< `plain_max` is reached: call again, also with nothing new.
  ended,   ///< The peer ended its stream; what follows is not looked at.
  damaged  ///< No deflate stream: close the connection.
};

class deflate_layer {
public:
  /// A step gives at most so many plain octets by default, whatever the ratio is.
  static constexpr std::size_t step_octets = 64 * 1024;

  deflate_layer();
  ~deflate_layer();
  deflate_layer(const deflate_layer&) = delete;
  deflate_layer& operator=(const deflate_layer&) = delete;

  /// Takes from the front of `in` (which is shortened by what was used) and appends at
  /// most `plain_max` octets to `plain`. A stream that expands a thousandfold costs
  /// many steps and never more memory than one.
  feed_state feed(base::const_bytes& in, base::buffer& plain, std::size_t plain_max = step_octets);

  /// Appends `out` in compressed form. With `flush` the peer can read all of it at once
  /// (RFC 4978 §3 asks for that at the end of an answer); without, octets may wait
  /// inside. Flushing twice without octets between writes nothing.
  void write(base::const_bytes out, base::buffer& compressed, bool flush = true);

private:
  struct streams;
  std::unique_ptr<streams> streams_;
  feed_state state_ = feed_state::hungry;
  bool dirty_ = false;
};

} // namespace rookery::deflate
