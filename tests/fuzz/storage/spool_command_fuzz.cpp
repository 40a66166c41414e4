/// A spool command that is read is written again with the same octets, and the machine stands it.
#include "storage/queue/spool_machine.hpp"
#include "storage/tree/tree.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::storage;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto read = queue::decode_command(octets);
  if (!read) return 0;
  const auto again = queue::decode_command(queue::encode(*read));
  if (!again || queue::encode(*again) != queue::encode(*read)) std::abort();
  auto machine = queue::spool_machine::open(tree::in_memory());
  committed_command c;
  c.bodies.resize(1);
  c.payload = octets;
  (void)(*machine)->apply(c);
  (void)(*machine)->apply(c);
  if (!(*machine)->check().empty()) std::abort();
  return 0;
}
