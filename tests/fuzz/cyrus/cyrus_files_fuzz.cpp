/// What is read of a spool's files keeps the bounds that importing relies on.
#include "protocols/cyrus/header_file.hpp"
#include "protocols/cyrus/index_file.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::cyrus;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  if (const auto header = read_header(octets)) {
    if (header->keywords.size() > keywords_max) std::abort();
    (void)owned(header->name);
  }
  if (const auto name = owned(octets); name && name->mailbox.empty()) std::abort();
  (void)mailbox_of(octets);
  if (const auto index = read_index(octets)) {
    std::uint32_t last = 0;
    for (const auto& r : *index) {
      if (r.uid <= last) std::abort();
      last = r.uid;
    }
    if (index->size() * 52 > size) std::abort();
  }
  return 0;
}
