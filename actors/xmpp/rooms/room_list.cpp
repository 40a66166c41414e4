#include "actors/xmpp/rooms/room_list.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {

void room_list::put(const std::string& domain, const std::string& local, room_entry e) {
  const std::lock_guard hold(lock_);
  rooms_[domain][local] = std::move(e);
}

void room_list::remove(const std::string& domain, const std::string& local) {
  const std::lock_guard hold(lock_);
  const auto at = rooms_.find(domain);
  if (at != rooms_.end()) at->second.erase(local);
}

std::optional<room_entry> room_list::find(const std::string& domain, const std::string& local) const {
  const std::lock_guard hold(lock_);
  const auto at = rooms_.find(domain);
  if (at == rooms_.end()) return {};
  const auto r = at->second.find(local);
  return r == at->second.end() ? std::nullopt : std::optional(r->second);
}

room_list::page room_list::rows(const std::string& domain, std::size_t max, std::optional<std::string> after,
                                std::optional<std::string> before, bool every) const {
  page out;
  const std::lock_guard hold(lock_);
  const auto at = rooms_.find(domain);
  if (at == rooms_.end()) return out;
  // One walk: some thousand rooms are a fraction of a millisecond, and who pages asks seldom.
  std::vector<const std::pair<const std::string, room_entry>*> shown;
  for (const auto& r : at->second)
    if (every || r.second.listed) shown.push_back(&r);
  out.total = shown.size();
  auto first = shown.begin(), last = shown.end();
  if (after) first = std::upper_bound(first, last, *after, [](const std::string& a, const auto* r) { return a < r->first; });
  if (before && !before->empty()) last = std::lower_bound(first, last, *before, [](const auto* r, const std::string& b) { return r->first < b; });
  if (static_cast<std::size_t>(last - first) > max) {
    if (before) first = last - static_cast<std::ptrdiff_t>(max);
    else last = first + static_cast<std::ptrdiff_t>(max);
  }
  out.first = static_cast<std::size_t>(first - shown.begin());
  for (; first != last; ++first) out.rows.push_back({(*first)->first, (*first)->second});
  return out;
}

std::size_t room_list::size(const std::string& domain) const {
  const std::lock_guard hold(lock_);
  const auto at = rooms_.find(domain);
  return at == rooms_.end() ? 0 : at->second.size();
}

std::vector<std::string> room_list::domains() const {
  const std::lock_guard hold(lock_);
  std::vector<std::string> out;
  for (const auto& [domain, rooms] : rooms_) out.push_back(domain);
  return out;
}

} // namespace rookery::actors
