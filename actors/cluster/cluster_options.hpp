/// What an operator sets for a cluster as a whole: one document of the agreed configuration. Pure.
#pragma once

#include "base/result.hpp"
#include "protocols/json/value.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rookery::actors {

inline constexpr const char* options_key = "options"; ///< of the document

struct cluster_options {
  std::uint64_t copy_octets_a_second = 0; ///< to a node that has nothing of a volume; 0: as fast as it goes
  bool freeze_joining_queues = true;      ///< nothing leaves the queue of a volume until it is copied for the first time
  std::uint64_t lag_alarm_seconds = 10;   ///< a copy that is behind for longer raises an alarm; 0: none does
  std::uint64_t home_return_seconds = 900; ///< a volume that is in use stays with who has taken it over for so long after its node is back
  bool lend_connections = true;           ///< nodes with less to do open connections to other servers for those with more
  bool operator==(const cluster_options&) const = default;
};

struct option_info {
  std::string_view name;
  std::uint64_t cluster_options::* number; ///< null: it is a flag
  bool cluster_options::* flag;
  std::uint64_t most;                      ///< of a number
  std::string_view says;                   ///< one sentence
};
std::span<const option_info> all_options() noexcept;

/// Of the document's content, "" when there is none; what is missing or wrong has its default.
cluster_options read_options(std::string_view content);
/// The content with this option changed. `value` is a number, true or false, or the text of one; null: its default.
base::result<std::string> change_option(std::string_view content, std::string_view name, const json::value& value);
/// [{"name", "value", "default", "text"}]
json::array show_options(std::string_view content);

} // namespace rookery::actors
