/// Reads the node log: replay of commands, and every record for check and repair.
///
/// Reads only; may run beside a writer when the end is given. Bodies are skipped
/// without reading them where that is cheaper.
#pragma once

#include "storage/file/file_system.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/log/log_format.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rookery::storage {

/// Gives all commands from `from` on in order to `each`, with the checksum of every head and command
/// verified. Begins later when the log says that no machine needs commands before
/// (log_writer::set_needed_from). Ends at the end of the log or at `until` (log_writer::end()), and
/// gives the position behind the last whole group: where the next replay begins.
/// Errors: `damaged` (with segment and offset in the log text; also when `from` is beyond the end),
/// `not_found` (a segment is missing), `io`.
base::result<log_position> replay(file_system&, const std::string& directory, log_position from,
                                  const std::function<void(const committed_command&)>& each,
                                  std::optional<log_position> until = std::nullopt);

/// One record as `for_each_record` found it.
struct record_place {
  log_position at;
  record_head head;
  std::uint32_t payload_offset() const noexcept { return at.offset + static_cast<std::uint32_t>(record_head_octets); }
};

/// Every record of one segment with its whole payload, checksums verified. Stops when `each` gives
/// false. Gives the offset behind the last record; `damaged` when something that is no record and
/// not zero stands behind it.
base::result<std::uint64_t> for_each_record(file_system&, const std::string& directory, std::uint32_t segment,
                                            const std::function<bool(const record_place&, std::string_view payload)>& each);

/// Numbers of the segments of a log, ascending.
base::result<std::vector<std::uint32_t>> list_segments(file_system&, const std::string& directory);

/// What `rookery check` says of a log.
struct log_report {
  std::uint64_t segments = 0, records = 0, commands = 0, bodies = 0, body_octets = 0;
  std::vector<std::string> faults; ///< a line each; empty: all is well
};
/// Reads everything: checksums, order of numbers, groups, and the SHA-256 of every body that a
/// command of the log names. Not while a writer runs. What lies at or behind `until` is not looked at
/// (a tail that a crash tore, and that the next start drops).
base::result<log_report> check_log(file_system&, const std::string& directory,
                                   std::optional<log_position> until = std::nullopt);

} // namespace rookery::storage
