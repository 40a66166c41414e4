/// What another node reports: read or refused; what is read is printed and reads the same.
#include "actors/cluster/node_report.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::actors;
  const auto read = read_node_report({reinterpret_cast<const char*>(data), size});
  if (!read) return 0;
  const auto text = print(*read);
  if (text.size() > report_octets_max) std::abort();
  const auto again = read_node_report(text);
  if (!again || again->volumes.size() > read->volumes.size()) std::abort();
  if (text.size() < report_octets_max / 2 && *again != *read) std::abort();
  return 0;
}
