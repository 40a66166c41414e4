/// Whether somebody listens at a place, how long it took to find out, or why not.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace rookery::actors {

struct connection_probe {
  std::chrono::microseconds took{0};  ///< with asking for the name
  std::string fault;                  ///< "": somebody listens there
};

/// Connects, and closes again; `wait` at most for each address of the name. Blocks.
connection_probe probe_connection(const std::string& host, std::uint16_t port, std::chrono::milliseconds wait);
bool reachable(const std::string& host, std::uint16_t port, std::chrono::milliseconds wait);

} // namespace rookery::actors
