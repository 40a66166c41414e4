// Whatever is read as a command is written again as the same octets' meaning.
#include "storage/mail/command.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::storage::mail;
  const auto read = decode_command({reinterpret_cast<const char*>(data), size});
  if (!read.ok()) return 0;
  const auto octets = encode(*read);
  const auto again = decode_command(octets);
  if (!again.ok() || encode(*again) != octets) std::abort();
  return 0;
}
