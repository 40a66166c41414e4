/// Does anybody listen there? Asks the name anew each time. Blocks: for the name as long as the resolver takes, for each
/// address of it `wait` at most.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace rookery::actors {

bool reachable(const std::string& host, std::uint16_t port, std::chrono::milliseconds wait);

} // namespace rookery::actors
