/// Opens a tree of which nothing may change: for `check`, and to look at a damaged store.
#pragma once

#include "storage/tree/tree.hpp"

#include <memory>
#include <string>

namespace rookery::storage {

/// The tree in `directory` as opening it would show it. LevelDB writes when it opens (its log becomes a
/// table), so it gets the folder `scratch` (new, of the caller, who removes it when the tree is closed):
/// tables by symbolic links, the few small files that it writes by copies. Nobody may have the tree open.
/// `not_found` when there is no tree.
base::result<std::unique_ptr<tree>> open_tree_view(const std::string& directory, const std::string& scratch);

} // namespace rookery::storage
