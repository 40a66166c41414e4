/// Finds what the log says of one session or message: `rookery trace ID`.
#pragma once

#include "base/result.hpp"
#include "protocols/json/value.hpp"

#include <cstddef>
#include <string>

namespace rookery::admin {

inline constexpr std::size_t trace_lines_max = 10000;
inline constexpr std::size_t trace_id_octets_max = 64;

/// Lines of `rookery.jsonl` and its four older files in `log_directory` that carry `id` as a
/// value, in order of time, and those of the sessions and messages that these name:
/// {"lines": [{…}, …], "complete": true}. Blocks on the disk.
base::result<json::value> trace(const std::string& log_directory, const std::string& id);

} // namespace rookery::admin
