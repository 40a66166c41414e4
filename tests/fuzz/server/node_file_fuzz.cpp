/// A node file that is read can be written, and says the same when it is read again.
#include "server/node_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::server;
  const auto read = parse_node_file({reinterpret_cast<const char*>(data), size}, "/etc/rookery");
  if (!read) return 0;
  const auto printed = print_node_file(*read);
  const auto again = parse_node_file(printed, "/etc/rookery");
  if (!again || print_node_file(*again) != printed || again->listeners.size() != read->listeners.size()) std::abort();
  return 0;
}
