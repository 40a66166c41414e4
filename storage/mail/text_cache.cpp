#include "storage/mail/text_cache.hpp"

#include <utility>

namespace rookery::storage::mail {

std::size_t text_cache::place_hash::operator()(const place& p) const noexcept {
  auto h = p.page.account.value * 0x9e3779b97f4a7c15u;
  h ^= (std::uint64_t{p.page.mailbox.value} << 32 | p.page.number) * 0xc2b2ae3d27d4eb4fu;
  h += p.kind.first ^ p.kind.second;
  h *= 0x165667b19e3779f9u;
  return static_cast<std::size_t>(h ^ h >> 29);
}

text_cache::entry text_cache::find(const page_id& page, rows_kind kind) {
  const place wanted{page, kind};
  auto& in = of(wanted);
  const std::lock_guard hold(in.lock);
  const auto found = in.by_place.find(wanted);
  if (found == in.by_place.end()) return {};
  in.by_use.splice(in.by_use.begin(), in.by_use, found->second);
  return found->second->what;
}

void text_cache::keep(const page_id& page, rows_kind kind, entry what) {
  const place at{page, kind};
  const auto octets = sizeof(text_rows) + what.rows->octets.size() + 128;
  auto& in = of(at);
  std::list<kept> dropped; // freed without the lock
  const std::lock_guard hold(in.lock);
  if (const auto found = in.by_place.find(at); found != in.by_place.end()) {
    if (found->second->what.slots >= what.slots) return;
    in.octets -= found->second->octets;
    dropped.splice(dropped.end(), in.by_use, found->second);
    in.by_place.erase(found);
  }
  in.by_use.push_front({at, std::move(what), octets});
  in.by_place.emplace(at, in.by_use.begin());
  in.octets += octets;
  while (in.octets > stripe_octets_max_ && in.by_use.size() > 1) {
    const auto oldest = std::prev(in.by_use.end());
    in.octets -= oldest->octets;
    in.by_place.erase(oldest->at);
    dropped.splice(dropped.end(), in.by_use, oldest);
  }
}

std::size_t text_cache::octets() const {
  std::size_t total = 0;
  for (const auto& in : stripes_) {
    const std::lock_guard hold(in.lock);
    total += in.octets;
  }
  return total;
}

} // namespace rookery::storage::mail
