/// Verifies the rows of a chat tree against each other.
#pragma once

#include "storage/tree/pending_rows.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rookery::storage::chat {

/// One line a fault. `last_number`: the greatest that an owner was given.
std::vector<std::string> check_rows(const pending_rows&, std::uint64_t last_number);

} // namespace rookery::storage::chat
