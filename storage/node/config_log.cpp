#include "storage/node/config_log.hpp"

#include "storage/log/log_damage.hpp"

#include <algorithm>

namespace rookery::storage {

bool changes_configuration(const commit_group& g) noexcept {
  return std::any_of(g.commands.begin(), g.commands.end(), [](const auto& c) { return c.shard == config_shard; });
}

std::string config_log_directory(const std::string& data_directory) { return data_directory + "/config-log"; }

log_settings config_log_settings(const log_settings& of_node) {
  auto s = of_node;
  s.segment_octets = std::min(s.segment_octets, config_segment_octets_max);
  s.zero_ahead_octets = std::min(s.zero_ahead_octets, config_zero_ahead_octets);
  return s;
}

bool has_configuration(const file_system& files, const std::string& data_directory) {
  for (const auto& directory : {config_log_directory(data_directory), data_directory + "/config"})
    if (const auto there = files.list(directory); there && !there->empty()) return true;
  return false;
}

base::result<void> part_configuration(file_system& files, const std::string& data_directory, base::node_id node, log_position end,
                                      std::uint64_t next_lsn, machine& config, std::string_view identity) {
  if (auto done = config.flush(true); !done) return done;
  const auto directory = config_log_directory(data_directory);
  if (auto made = files.make_directory(directory); !made) return made;
  if (auto synced = files.sync_directory(data_directory); !synced) return synced;
  // Of a start that broke off: nothing was ever committed to it.
  const auto left = files.list(directory);
  if (!left) return base::fail(left.error());
  for (const auto& name : *left)
    if (auto gone = files.remove(directory + "/" + name); !gone) return gone;
  log_survey none;
  none.next_lsn = next_lsn;
  none.node = node;
  if (const auto begun = begin_behind(files, directory, none, end); !begun) return base::fail(begun.error());
  return files.replace(data_directory + "/store.json", identity);
}

} // namespace rookery::storage
