/// The log of the configuration: apart from the node's log, because a cluster's agreement feeds it on each node while
/// the node's log is the same octets on all copies of a volume.
///
/// `config-log/` of the data directory, octets as docs/formats/log.md, commands of shard 0 only. Stores of format 1 and
/// 2 had them in the node's log; `part_configuration` moves them apart when such a store is opened to be written.
#pragma once

#include "base/result.hpp"
#include "storage/file/file_system.hpp"
#include "storage/log/log_writer.hpp"
#include "storage/shard/machine.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::storage {

/// The first format whose configuration has a log of its own.
inline constexpr std::uint32_t config_log_format = 3;
inline constexpr std::uint32_t config_segment_octets_max = 1u << 20;
inline constexpr std::uint64_t config_zero_ahead_octets = 64u << 10;

/// Whether it belongs into this log. A group has either commands of shard 0 or others.
bool changes_configuration(const commit_group&) noexcept;

std::string config_log_directory(const std::string& data_directory);
/// From the settings of the node's log: small segments, since a change is a few hundred octets.
log_settings config_log_settings(const log_settings& of_node);

/// Whether a store of this format has a configuration of its own: a copy of another node's volume has not.
bool has_configuration(const file_system&, const std::string& data_directory);

/// `config` has applied all commands of the node's log, which ends at `end` and goes on with `next_lsn`. Flushes it,
/// begins a log behind (later positions and numbers are greater than any that the machine has seen), and as the last
/// step replaces store.json by `identity`, which says so. After a crash before that it is done again.
base::result<void> part_configuration(file_system&, const std::string& data_directory, base::node_id, log_position end,
                                      std::uint64_t next_lsn, machine& config, std::string_view identity);

} // namespace rookery::storage
