/// rookery cluster …: founding, joining, looking at and leaving a cluster.
#pragma once

#include "server/cli/command_line.hpp"

namespace rookery::cli {

void add_cluster_verbs(CLI::App&, command_line&);
/// Those that are asked of all nodes at once.
void add_cluster_questions(CLI::App& family, command_line&);

} // namespace rookery::cli
