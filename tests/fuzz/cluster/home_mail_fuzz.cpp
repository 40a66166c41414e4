/// Mail that another node brings, and its answer: what is read is printed and read again as the same octets.
#include "actors/queue/home_mail.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::actors;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  if (const auto read = read_home_mail(octets)) {
    const auto printed = print(*read);
    if (!printed) return 0;
    const auto again = read_home_mail(*printed);
    if (!again || print(*again) != printed || again->numbers.size() != again->message.recipients.size()) std::abort();
  }
  if (const auto read = read_home_results(octets)) {
    const auto printed = print(*read);
    const auto again = read_home_results(printed);
    if (!again || print(*again) != printed) std::abort();
  }
  return 0;
}
