/// Which folders are copied, and where to. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::transfer {

struct folder_rules {
  std::vector<std::string> only;     ///< patterns; none: all
  std::vector<std::string> except;   ///< patterns; stronger than `only`
  /// A folder and what it is called here; its children go with it. The longest one that fits counts.
  std::vector<std::pair<std::string, std::string>> renamed;
  std::string prefix;                ///< put before what is not renamed, INBOX too: "Old/"; "": nothing
};

inline constexpr std::size_t rules_max = 1000;
inline constexpr std::size_t pattern_octets_max = 1000;

/// '*' stands for anything, '%' for anything but '/'; INBOX in any case. Time grows with the product of both.
bool matches(std::string_view pattern, std::string_view folder);
/// The mailbox here of a folder there, whose name has '/' between levels: nothing when it is not wanted, or
/// when the name is none here.
std::optional<std::string> mailbox_for(const folder_rules&, std::string_view folder);
/// A name there as one with '/' between levels: a '/' that is no separator becomes '_'. `separator` 0: none.
std::string with_slashes(std::string_view name, char separator);

} // namespace rookery::transfer
