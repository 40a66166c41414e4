/// Reads a running writer's segments as pieces: for a replica that is not at the end.
///
/// Gives what the writer's tap gave when it was written. Reads only what is durable; one thread.
#pragma once

#include "storage/file/file_system.hpp"
#include "storage/log/log_piece.hpp"
#include "storage/log/segment_scanner.hpp"

#include <optional>
#include <string>

namespace rookery::storage {

class segment_feed {
public:
  segment_feed(file_system& files, std::string directory) : files_(files), directory_(std::move(directory)) {}

  /// Appends pieces from `from` on, `octets_most` or a little more, up to `until`, which is durable.
  /// Gives the position behind them. `not_found`: a segment is gone, and the replica needs a new
  /// copy; `invalid`: the log never had this position.
  base::result<log_position> read(log_position from, log_position until, std::size_t octets_most, std::string& out);
  /// The `present` for a replica that ends at `position`.
  base::result<void> say_present(log_position position, std::string& out) const;

private:
  base::result<void> open(std::uint32_t segment);

  file_system& files_;
  std::string directory_;
  std::uint32_t number_ = 0;
  std::optional<open_segment> segment_;
  std::string buffer_;
};

} // namespace rookery::storage
