// Sets: what is printed reads back as the same, and selects what it holds.
#include "base/check.hpp"
#include "protocols/imap/sequence_map.hpp"

#include <cstddef>
#include <cstdint>

using namespace rookery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto set = imap::parse_sequence_set(text, 1000);
  if (!set) return 0;
  const auto ranges = set->resolve(50);
  const auto again = imap::parse_sequence_set(imap::print(ranges));
  base::check(ranges.empty() || (again && again->resolve(50) == ranges), "a printed set reads differently");
  std::vector<std::uint32_t> uids;
  for (std::uint32_t n = 1; n <= 50; ++n) uids.push_back(n * 2);
  imap::sequence_map map;
  map.reset(std::make_shared<imap::uid_vector>(uids));
  uids.erase(uids.begin() + 10, uids.begin() + 15);
  map.update(std::make_shared<imap::uid_vector>(uids));
  std::uint32_t count = 0;
  for (const auto& r : map.select(*set, false).rows) count += r.end - r.first;
  for (std::uint32_t n = 1; n <= 50; ++n)
    if (imap::contains(ranges, n) && (n <= 10 || n > 15)) --count;
  base::check(count == 0, "a set selects other rows than it names");
  return 0;
}
