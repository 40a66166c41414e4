#include "policy/collection/pop3_plan.hpp"

#include "base/text.hpp"

#include <unordered_set>

namespace rookery::collection {

std::string uid_key(std::string_view uid) { return "id " + std::string(uid); }
std::string digest_key(std::string_view sha256) { return "sha256 " + base::to_hex(sha256); }

bool time_is_over(const collection_record& c, base::wall_time then, base::wall_time now) noexcept {
  return c.keep_days && now >= then + std::chrono::days(*c.keep_days);
}

pop3_plan plan(const collection_record& c, const std::vector<listed_message>& listing, const seen_messages& seen,
               base::wall_time now) {
  pop3_plan out;
  std::unordered_map<std::string_view, std::uint32_t> times;
  for (const auto& m : listing)
    if (!m.uid.empty()) ++times[m.uid];
  std::unordered_set<std::string> there;
  bool nameless = false;
  for (const auto& m : listing) {
    const bool named = !m.uid.empty() && times[m.uid] == 1;
    if (!m.uid.empty()) there.insert(uid_key(m.uid));
    if (named)
      if (const auto found = seen.find(uid_key(m.uid)); found != seen.end()) {
        if (time_is_over(c, found->second, now)) out.remove.push_back(m.number);
        continue;
      }
    if (!named && c.keep_days != 0u) {
      out.impossible = true;
      continue;
    }
    nameless = nameless || !named;
    if (m.octets > c.message_octets_max) ++out.too_large;
    else out.fetch.push_back(m.number);
  }
  // An empty listing may be a server's bad day: what was left there must not come again after it.
  if (listing.empty() && c.keep_days != 0u) return out;
  for (const auto& [key, when] : seen) {
    const bool digest = key.starts_with("sha256 ");
    if (digest ? !nameless : !there.contains(key)) out.forget.push_back(key);
  }
  return out;
}

} // namespace rookery::collection
