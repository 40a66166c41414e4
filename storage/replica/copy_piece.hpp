/// A volume's files on their way to a replica that has nothing yet: docs/formats/copy_piece.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage {

/// On the wire: never renumber.
enum class copy_kind : std::uint8_t {
  file = 1,   ///< `name` begins; `number` is its length
  octets = 2, ///< what follows of it
  end = 3,    ///< it is whole; `number` is its CRC-32C
  kept = 4,   ///< `name`: the one that the receiver has is right
  done = 5,   ///< that was all; `number` files
  have = 6    ///< from the receiver, at the beginning: it has `name`, of `number` octets, with `crc`
};

struct copy_piece {
  copy_kind kind = copy_kind::done;
  std::uint64_t number = 0;
  std::uint32_t crc = 0;   ///< of `have`
  std::string_view octets; ///< the name, or octets; a view into what was read
  bool operator==(const copy_piece&) const = default;
};

inline constexpr std::uint8_t copy_version = 1;
inline constexpr std::size_t copy_octets_max = 256u << 10; ///< of one piece
inline constexpr std::uint64_t copy_file_octets_max = 1ull << 40;
inline constexpr std::size_t copy_files_max = 1'000'000;
inline constexpr std::size_t copy_name_octets_max = 128;

/// A file's name as a copy may have it: at most one folder, and letters, digits, '.', '_' and '-' alone; no part
/// begins with a dot.
bool is_copy_name(std::string_view name);

void write_copy_piece(const copy_piece&, std::string& out);
/// Nothing when it is malformed or of a newer version.
std::optional<std::vector<copy_piece>> read_copy_pieces(std::string_view frame);

} // namespace rookery::storage
