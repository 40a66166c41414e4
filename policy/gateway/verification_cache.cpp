#include "policy/gateway/verification_cache.hpp"

#include "policy/routing/address_form.hpp"

#include <utility>

namespace rookery::gateway {

std::optional<verification> verification_cache::look(const std::string& name, base::instant now) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return {};
  const auto at = found->second;
  if (now < at->until) return at->what;
  by_name_.erase(found);
  entries_.erase(at);
  return {};
}

std::optional<verification> verification_cache::find(std::string_view address, base::instant now) {
  if (auto own = look(std::string(address), now)) return own;
  return look('@' + std::string(routing::sides(address).domain), now);
}

void verification_cache::keep(std::string name, verification what, base::instant until) {
  if (what.answer.size() > verification_answer_octets_max) what.answer.resize(verification_answer_octets_max);
  if (const auto old = by_name_.find(name); old != by_name_.end()) {
    const auto at = old->second;
    by_name_.erase(old);
    entries_.erase(at);
  }
  if (entries_max_ == 0) return;
  if (entries_.size() >= entries_max_) {
    by_name_.erase(entries_.front().name);
    entries_.pop_front();
  }
  entries_.push_back({std::move(name), std::move(what), until});
  const auto last = std::prev(entries_.end());
  by_name_.emplace(last->name, last);
}

void verification_cache::put(std::string_view address, verification what, const cache_times& times, base::instant now) {
  const auto time = what.what == verified::known ? times.known : what.what == verified::unknown ? times.unknown : unavailable_time;
  keep(std::string(address), std::move(what), now + time);
}

void verification_cache::put_down(std::string_view domain, std::string_view why, base::instant now) {
  keep('@' + std::string(domain), {verified::unavailable, std::string(why)}, now + unavailable_time);
}

} // namespace rookery::gateway
