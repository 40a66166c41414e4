#include "policy/routing/home_view.hpp"

#include <algorithm>

namespace rookery::routing {

home_view::home_view(std::vector<volume_place> places, std::shared_ptr<const chosen_homes> chosen) : places_(std::move(places)), chosen_(std::move(chosen)) {
  std::sort(places_.begin(), places_.end(), [](const auto& a, const auto& b) { return a.volume < b.volume; });
}

const volume_place* home_view::place(std::uint64_t volume) const noexcept {
  const auto at = std::lower_bound(places_.begin(), places_.end(), volume, [](const auto& p, std::uint64_t v) { return p.volume < v; });
  return at != places_.end() && at->volume == volume ? &*at : nullptr;
}

std::uint64_t home_view::volume_of_domain(std::string_view canonical) const noexcept {
  if (alone()) return 0;
  const auto at = chosen_->domains.find(canonical);
  return at != chosen_->domains.end() ? at->second : places_.front().volume;
}

std::uint64_t home_view::volume_of(const account_record& account) const noexcept {
  if (alone()) return 0;
  const auto at = chosen_->accounts.find(account.id);
  return at != chosen_->accounts.end() ? at->second : volume_of_domain(account.domain());
}

bool home_view::here(const account_record& account) const noexcept {
  if (alone()) return true;
  const auto* at = place_of(account);
  return at != nullptr && at->local;
}

} // namespace rookery::routing
