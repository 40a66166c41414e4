/// A consistent copy of the log of a running node, for backup; and its check.
///
/// Order of a backup: copy the trees of all machines first, then the log up to a position
/// that is durable by then. Restored, each tree replays from its own `flushed()`.
#pragma once

#include "storage/file/file_system.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/log/log_reader.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace rookery::storage {

struct log_copy_plan {
  struct part {
    std::uint32_t segment = 0;
    std::uint64_t octets = 0; ///< of its beginning
    bool whole = false;       ///< sealed: may be linked instead of copied
  };
  std::vector<part> parts;
  log_position until;
};

/// What makes up the log up to `until`, which must be the end of a durable group (log_writer::end()).
base::result<log_copy_plan> plan_log_copy(file_system&, const std::string& directory, log_position until);

/// Copies (or, where the volume allows, links sealed segments) into `to`, which must be empty or
/// new, and syncs. `progress` is told the octets done after each part and stops the copy with false.
base::result<void> copy_log(file_system&, const std::string& directory, const log_copy_plan&, const std::string& to,
                            bool link_sealed, const std::function<bool(std::uint64_t)>& progress = {});

/// Reads a copied log in full: every checksum, every body, and that it ends exactly at `until`.
base::result<log_report> check_log_copy(file_system&, const std::string& directory, log_position until);

} // namespace rookery::storage
