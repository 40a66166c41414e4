#include "actors/account/sent_today.hpp"

#include "base/text.hpp"
#include "policy/submission/send_quota.hpp"
#include "storage/queue/spool_machine.hpp"

#include <algorithm>
#include <chrono>

namespace rookery::actors {
namespace {

constexpr std::size_t page_notes = 1000;

std::int64_t day_of(base::wall_time t) { return std::chrono::floor<std::chrono::days>(t).time_since_epoch().count(); }

} // namespace

void sent_today::load(const storage::queue::spool_view& notes, base::wall_time now) {
  const std::lock_guard hold(lock_);
  turn_to(now);
  for (std::string after;;) {
    const auto page = notes.notes(space, "", page_notes, after);
    for (const auto& n : page) {
      const auto account = base::parse_u64(std::string_view(n.key).substr(0, n.key.find('/')));
      const auto count = base::parse_u64(n.value);
      if (account && count && n.key == submission::count_key(base::account_id{*account}, now)) counts_[*account] = *count;
    }
    if (page.size() < page_notes) return;
    after = page.back().key;
  }
}

void sent_today::turn_to(base::wall_time now) const {
  const auto day = day_of(now);
  if (day <= day_) return; // a message that began before midnight does not bring yesterday back
  day_ = day;
  counts_.clear();
}

std::uint64_t sent_today::of(base::account_id account, base::wall_time now) const {
  const std::lock_guard hold(lock_);
  turn_to(now);
  const auto at = counts_.find(account.value);
  return at == counts_.end() ? 0 : at->second;
}

bool sent_today::take(base::account_id account, std::uint64_t cost, std::uint64_t limit, base::wall_time now) {
  const std::lock_guard hold(lock_);
  turn_to(now);
  auto& count = counts_[account.value];
  if (limit != 0 && (count >= limit || cost > limit - count)) return false;
  count += cost;
  return true;
}

void sent_today::give_back(base::account_id account, std::uint64_t cost, base::wall_time then) {
  const std::lock_guard hold(lock_);
  if (day_of(then) != day_) return;
  auto& count = counts_[account.value];
  count -= std::min(count, cost);
}

storage::queue::count_note sent_today::note(base::account_id account, std::uint64_t cost, base::wall_time now) {
  return {space, submission::count_key(account, now), cost, submission::count_until(now)};
}

} // namespace rookery::actors
