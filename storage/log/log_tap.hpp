/// Collects, beside a log writer, what it writes: for replicas.
///
/// Of the writer's thread. Bodies are shared, not copied; spilled ones are copied once, since their
/// octets pass by only here. What is beyond `octets_max` is dropped and the batch says so: a replica
/// then reads the segments.
#pragma once

#include "storage/log/log_piece.hpp"

namespace rookery::storage {

class log_tap {
public:
  static constexpr std::uint64_t octets_max = 32u << 20; ///< of one batch

  explicit log_tap(log_position begin);

  void begin_segment(std::uint32_t segment, std::uint64_t capacity, std::string header);
  void seal(std::uint32_t segment, std::uint64_t octets);
  void needed_from(log_position);
  void removed(std::uint32_t segment);
  /// Octets written at `offset`. `arena` is what the parts outside of `keep` point into.
  void octets(std::uint32_t segment, std::uint64_t offset, std::vector<std::string_view> parts,
              std::vector<std::shared_ptr<const std::string>> keep);
  /// Octets that went to their place before the head in front of them did: they follow with `spilled_done`.
  void spilled(std::uint64_t offset, std::string_view octets);
  void spilled_done(std::uint32_t segment);
  /// A group was given up: nothing from this place on was written.
  void take_back(log_position to);

  /// Everything collected, up to where the writer has written. Null when there is nothing.
  log_batch_ptr take(log_position end);

private:
  void add(log_piece);

  log_batch batch_;
  std::vector<log_piece> aside_;
};

} // namespace rookery::storage
