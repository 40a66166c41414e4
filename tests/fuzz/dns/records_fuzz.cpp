// The readers of RDATA.
#include "protocols/dns/records.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::dns;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  (void)read_mx(octets);
  (void)read_tlsa(octets);
  (void)read_text(octets);
  if (const auto name = read_name(octets); name && name->size() > 253) __builtin_trap();
  (void)read_address(record_type::a, octets);
  (void)read_address(record_type::aaaa, octets);
  (void)reverse_name(octets);
  return 0;
}
