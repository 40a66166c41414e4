/// What of a cluster is not in an answer.
#pragma once

#include "server/cli/command_line.hpp"

namespace rookery::cli {

/// Who has a row, in a cluster; a listing without such rows leaves the column out.
inline constexpr column node_column{"node", "NODE"};

/// Says which volumes could not be asked; sets the exit code when there are any.
void tell_unreached(command_line&, const json::value& answer);

} // namespace rookery::cli
