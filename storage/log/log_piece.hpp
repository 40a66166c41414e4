/// What a log writer did to its segments, as values that can be shipped and done again elsewhere.
///
/// A replica that does all pieces in their order has the same octets at the same places as the
/// leader. Zeros written ahead and allocated space are no part of it. docs/formats/log_piece.md has
/// the octets.
#pragma once

#include "storage/log/commit_group.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage {

/// On the wire: never renumber.
enum class piece_kind : std::uint8_t {
  octets = 1,      ///< `octets` lie at `offset` of `segment`
  begin = 2,       ///< `segment` begins: `octets` is its header, `offset` the room it was given
  seal = 3,        ///< `segment` has ended: its file is `offset` octets long
  needed_from = 4, ///< no machine needs a command before segment:offset; the record that says so came in front
  remove = 5,      ///< `segment` is gone
  present = 6      ///< below `segment` only those in `octets` (u32 each, ascending) are there
};

/// One piece, flat: `octets` is a view into whatever it was read from.
struct piece_view {
  piece_kind kind = piece_kind::octets;
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;
  std::string_view octets;
  bool operator==(const piece_view&) const = default;
};

inline constexpr std::uint8_t piece_version = 1;
inline constexpr std::size_t piece_head_octets = 16;
/// Of `octets` in one piece; the longer ones of a writer are parted when they are written down.
inline constexpr std::size_t piece_octets_max = 256u << 10;
/// Segments that one `present` names; a log of more is not replicated.
inline constexpr std::size_t present_segments_max = piece_octets_max / 4;

/// Appends one piece. Its octets are `piece_octets_max` at most.
void write_piece(const piece_view&, std::string& out);
/// The pieces of a frame; nothing when it is malformed or of a newer version.
std::optional<std::vector<piece_view>> read_pieces(std::string_view frame);
/// The numbers that a `present` names; nothing when they are malformed.
std::optional<std::vector<std::uint32_t>> read_present(const piece_view&);
std::string write_present(const std::vector<std::uint32_t>& segments);

/// A piece as the writer made it: its octets lie in several parts, kept alive by `keep`.
struct log_piece {
  piece_kind kind = piece_kind::octets;
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;
  std::uint64_t size = 0; ///< octets of all parts
  std::vector<std::string_view> parts;
  std::vector<std::shared_ptr<const std::string>> keep;
};

/// What was written between two moments. Immutable once given out: many replicas share it.
struct log_batch {
  log_position begin, end;       ///< the writer's place before and after
  bool whole = true;             ///< false: it was too much to keep; the octets are read from the segments
  std::uint64_t octets = 0;      ///< of all pieces
  std::vector<log_piece> pieces; ///< empty when not whole
};
using log_batch_ptr = std::shared_ptr<const log_batch>;

/// Gives each piece flat, in parts of at most `piece_octets_max`.
void for_each_piece(const log_batch&, const std::function<void(const piece_view&)>& each);

} // namespace rookery::storage
