/// Verifies the rows of a mail tree against each other: what `rookery check` runs.
#pragma once

#include "storage/tree/tree.hpp"

#include <string>
#include <vector>

namespace rookery::storage::mail {

/// One line a fault; empty when all agree. Changes that were not flushed are not seen.
std::vector<std::string> check_tree(const tree&);

} // namespace rookery::storage::mail
