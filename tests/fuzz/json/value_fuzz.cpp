/// What is read is printed and read again as the same value.
#include "protocols/json/value.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = json::parse(text, {.octets = 64 * 1024, .depth = 16, .values = 1000});
  if (!read) return 0;
  const auto again = json::parse(json::to_text(*read, size % 2 == 0));
  if (!again || !(*again == *read)) std::abort();
  return 0;
}
