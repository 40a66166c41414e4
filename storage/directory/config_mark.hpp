/// How far the configuration follows a cluster's agreement, together with the table of the same moment.
#pragma once

#include "storage/directory/config_table.hpp"

#include <cstdint>
#include <map>
#include <memory>

namespace rookery::storage::directory {

class config_machine;

struct config_mark {
  std::uint64_t next_id = 1;                            ///< of documents
  std::uint64_t agreed = 0;                             ///< index of the last command of the cluster; 0: none
  std::map<std::uint64_t, std::uint64_t> sequences;     ///< of each proposing node, the last that took effect
};
struct marked_table {
  std::shared_ptr<const config_table> table;
  config_mark mark;
};

/// As published last. Thread-safe.
std::shared_ptr<const marked_table> marked_table_of(const config_machine&);

} // namespace rookery::storage::directory
