/// What is read of a message between nodes is printed and read again as the same octets.
#include "cluster/consensus/message.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::consensus;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  if (const auto read = read_message(octets)) {
    const auto printed = print(*read);
    const auto again = read_message(printed);
    if (!again || print(*again) != printed) std::abort();
  }
  if (const auto s = read_snapshot(octets)) {
    std::string printed;
    print(printed, *s);
    if (!read_snapshot(printed)) std::abort();
  }
  return 0;
}
