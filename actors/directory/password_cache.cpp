#include "actors/directory/password_cache.hpp"

namespace rookery::actors {

bool password_cache::known(base::account_id account, std::uint64_t version, std::string_view password,
                           base::instant now) const {
  const auto mac = base::hmac_sha256(key_, password);
  const auto& s = of(account);
  const std::lock_guard hold(s.lock);
  const auto at = s.entries.find(account);
  return at != s.entries.end() && at->second.version == version && now < at->second.until &&
         base::constant_time_equal(base::view(at->second.mac), base::view(mac));
}

void password_cache::remember(base::account_id account, std::uint64_t version, std::string_view password,
                              base::instant now) {
  const auto mac = base::hmac_sha256(key_, password);
  auto& s = const_cast<stripe&>(of(account));
  const std::lock_guard hold(s.lock);
  // Full: forget all of the stripe. Rare, and costs one slow hash an account.
  if (s.entries.size() >= entries_max / stripes_.size()) s.entries.clear();
  s.entries[account] = {version, mac, now + entry_life};
}

} // namespace rookery::actors
