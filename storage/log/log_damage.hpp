/// Reads a log that is damaged: everything that can still be read, and what is missing in between.
///
/// `replay` refuses damage; this goes on behind it, for `rookery repair`. Not while a writer runs.
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

/// A stretch of a segment that cannot be read.
struct log_hole {
  enum class kind : std::uint8_t {
    body,    ///< the octets of one message body are wrong; its record is known
    records, ///< records are lost, and perhaps commands among them
    segment  ///< a whole segment: its file is missing, or its header is damaged
  };
  kind what = kind::records;
  std::uint32_t segment = 0;
  std::uint64_t from = 0, to = 0;       ///< offsets; both 0 for a segment
  std::uint64_t first_lsn = 0;          ///< of the records lost; 0: unknown
  std::uint64_t lost_records = 0;       ///< 0: unknown
  std::optional<base::shard_id> shard;  ///< when only a command of this one is concerned
};

struct log_survey {
  std::vector<std::uint32_t> segments;  ///< with a readable header
  std::vector<log_hole> holes;          ///< in order; also those that no machine needs
  log_position end;                     ///< behind the last whole group
  log_position needed_from;             ///< as the log says
  std::uint64_t next_lsn = 1;           ///< greater than any that was found
  base::node_id node{1};
};

/// Every command that can be read, in order, to `each`, and every hole to `at_hole` where it is met.
/// A group that a hole cuts is given as far as it can be read. A torn tail, as a crash leaves it, is no
/// hole. Errors: io, not_found (no segment at all), unsupported (a newer format).
base::result<log_survey> survey_log(file_system&, const std::string& directory,
                                    const std::function<void(const committed_command&)>& each,
                                    const std::function<void(const log_hole&)>& at_hole);

/// Makes holes readable again: what cannot be read becomes `pad` records with the numbers that are
/// lost, damaged bodies stay as octets of such. Segments with a damaged header are renamed
/// ("00000007.damaged"). Synced.
base::result<void> pad_holes(file_system&, const std::string& directory, const std::vector<log_hole>&);

/// Begins a new, last segment behind everything, where every replay begins: the machines were brought
/// up to date before, and durably. `behind`: positions that machines have reached.
base::result<log_position> begin_behind(file_system&, const std::string& directory, const log_survey&, log_position behind);

} // namespace rookery::storage
