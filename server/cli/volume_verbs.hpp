/// rookery volume …: what this process serves.
#pragma once

#include "server/cli/command_line.hpp"

namespace rookery::cli {

void add_volume_verbs(CLI::App&, command_line&);

} // namespace rookery::cli
