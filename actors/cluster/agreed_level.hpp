/// The level that a cluster works at, as its configuration has it (cluster/node/feature_level.hpp).
#pragma once

#include "storage/directory/config_table.hpp"

#include <string>

namespace rookery::actors {

/// Key of the document, of kind 40.
inline constexpr const char* level_key = "level";

/// Ask in a cluster before writing what programs of before cannot read. The first level as long as nothing is agreed, or known here yet.
unsigned agreed_level(const storage::directory::config_table&);
std::string print_level(unsigned);

} // namespace rookery::actors
