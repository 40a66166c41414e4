/// A tar archive of small texts, in memory (POSIX.1-1988 ustar).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::cli {

inline constexpr std::size_t tar_name_octets_max = 100;

/// Appends a file, readable by its owner alone; false, and nothing appended, when the name is empty or too long.
bool append_tar_file(std::string& tar, std::string_view name, std::string_view content, std::int64_t modified_seconds);
/// What an archive ends with.
void end_tar(std::string& tar);
/// Letters, digits, '.', '-' and '_' of the text; '_' for the rest.
std::string tar_name_part(std::string_view text);

} // namespace rookery::cli
