/// What nodes send each other on a link: what is read is printed and read again as the same octets.
#include "cluster/link/frame.hpp"
#include "cluster/node/batch.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::cluster;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  if (const auto read = read_frame(octets)) {
    const auto printed = print(*read);
    const auto again = read_frame(printed);
    if (!again || print(*again) != printed) std::abort();
  }
  if (const auto read = read_batch(octets)) {
    const auto printed = print_batch(*read);
    const auto again = read_batch(printed);
    if (!again || print_batch(*again) != printed) std::abort();
  }
  return 0;
}
