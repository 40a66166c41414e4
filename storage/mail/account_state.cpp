#include "storage/mail/account_state.hpp"

#include <algorithm>
#include <iterator>

namespace rookery::storage::mail {
namespace {

/// Beyond so many changes at once the list is merged instead of shifted change by change.
constexpr std::size_t changes_one_by_one_max = 64;

using entry = std::shared_ptr<const mailbox_status>;

std::vector<entry>::iterator place_of(std::vector<entry>& list, const std::string& name) {
  return std::lower_bound(list.begin(), list.end(), name,
                          [](const entry& e, const std::string& n) { return e->name < n; });
}

} // namespace

std::uint32_t account_state::new_uid_validity(base::wall_time now) {
  const auto seconds = base::to_seconds(now);
  const auto clock = seconds > 0 && seconds < 0xffffffffll ? static_cast<std::uint32_t>(seconds) : 1u;
  return record.last_uid_validity = std::max(clock, record.last_uid_validity + 1);
}

std::uint32_t account_state::implied_uid_validity() const {
  return std::max(static_cast<std::uint32_t>(id.value % 1'000'000'000u) + 1, record.last_uid_validity + 1);
}

void amend_list(account_view& view, std::vector<std::string> removed, std::vector<entry> entered) {
  auto& list = view.mailboxes;
  if (removed.size() + entered.size() <= changes_one_by_one_max) {
    for (const auto& name : removed) {
      const auto at = place_of(list, name);
      if (at != list.end() && (*at)->name == name) list.erase(at);
    }
    for (auto& e : entered) {
      const auto at = place_of(list, e->name);
      if (at != list.end() && (*at)->name == e->name) *at = std::move(e);
      else list.insert(at, std::move(e));
    }
    return;
  }
  for (const auto& e : entered) removed.push_back(e->name);
  std::sort(removed.begin(), removed.end());
  std::sort(entered.begin(), entered.end(), [](const entry& a, const entry& b) { return a->name < b->name; });
  std::vector<entry> merged;
  merged.reserve(list.size() + entered.size());
  auto next = entered.begin();
  auto out = removed.begin();
  for (auto& e : list) {
    for (; next != entered.end() && (*next)->name < e->name; ++next) merged.push_back(std::move(*next));
    while (out != removed.end() && *out < e->name) ++out;
    if (out == removed.end() || *out != e->name) merged.push_back(std::move(e));
  }
  std::move(next, entered.end(), std::back_inserter(merged));
  list = std::move(merged);
}

} // namespace rookery::storage::mail
