/// Any octets; what is read is the same with more behind it, and incomplete before.
#include "protocols/proxy/header.hpp"

#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::proxy;
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto h = read_header(input);
  if (!h) return 0;
  if (h->octets == 0 || h->octets > size || h->octets > header_octets_max) std::abort();
  const auto longer = read_header(input + "x");
  if (!longer || longer->octets != h->octets || longer->source_address != h->source_address) std::abort();
  const auto cut = read_header(std::string_view(input).substr(0, h->octets - 1));
  if (cut || cut.error() != header_error::incomplete) std::abort();
  return 0;
}
