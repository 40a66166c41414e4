/// A configuration command that is read is written again with the same octets; the machine takes it
/// twice and still agrees with itself, also when it is opened anew.
#include "storage/directory/config_machine.hpp"
#include "storage/tree/tree.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::storage;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto read = directory::decode_command(octets);
  if (!read) return 0;
  const auto written = directory::encode(*read);
  if (!written) std::abort();
  const auto again = directory::decode_command(*written);
  if (!again || directory::encode(*again).value() != *written) std::abort();
  auto machine = directory::config_machine::open(tree::in_memory());
  committed_command c;
  c.payload = octets;
  for (c.lsn = 1; c.lsn <= 2; ++c.lsn) {
    (void)(*machine)->apply(c);
    (void)(*machine)->publish();
  }
  if (!(*machine)->flush(true) || !(*machine)->check().empty()) std::abort();
  return 0;
}
