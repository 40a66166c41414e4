/// Copies a tree that is in use: what it held at one moment, for a backup.
#pragma once

#include "storage/tree/tree.hpp"

#include <cstdint>
#include <string>

namespace rookery::storage {

/// Writes every row of `from` into a new LevelDB in `directory`, synced. One scan sees one
/// moment, whatever is written meanwhile; may run in any thread. Gives the octets copied.
base::result<std::uint64_t> copy_tree(const tree& from, const std::string& directory);

} // namespace rookery::storage
