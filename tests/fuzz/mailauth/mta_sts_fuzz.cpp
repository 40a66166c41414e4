/// Records, policies and cache entries: what is read is printed and read again as the same value.
#include "protocols/mailauth/mta_sts.hpp"
#include "protocols/mailauth/tls_rpt.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::mailauth;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto id = read_sts_records({text}); id && read_sts_records({print_sts_record(*id)}) != id) std::abort();
  if (const auto policy = read_sts_policy(text)) {
    const auto again = read_sts_policy(print_sts_policy(*policy));
    if (!again || !(*again == *policy)) std::abort();
    for (const auto& host : policy->hosts)
      if (!covers(*policy, host.starts_with("*.") ? "a" + host.substr(1) : host)) std::abort();
  }
  if (const auto entry = decode_sts_entry(text)) {
    if (decode_sts_entry(encode(*entry)) != entry) std::abort();
  }
  if (read_rpt_records({text}).size() > rpt_targets_max) std::abort();
  if (const auto subject = read_rpt_key(text)) {
    if (rpt_key(*subject).size() > rpt_key_octets_max) std::abort();
  }
  return 0;
}
