#include "actors/imap/vanished.hpp"

#include <algorithm>

namespace rookery::actors {

imap::number_ranges vanished_among(const storage::mail::mailbox_view& view, const storage::mail::vanished_uids& gone,
                                   const imap::number_ranges& known) {
  auto candidates = known;
  if (gone.complete) {
    imap::number_ranges uids(gone.uids.begin(), gone.uids.end());
    imap::normalize(uids);
    candidates = imap::intersect(known, uids);
  }
  if (candidates.empty()) return candidates;
  imap::number_ranges there;
  for (const auto& page : view.pages)
    for (const auto uid : page->uid) imap::append_number(there, uid);
  return imap::subtract(candidates, there);
}

std::uint32_t last_match(const storage::mail::mailbox_view& view, const imap::qresync_parameters& q) {
  std::uint32_t matched = 0;
  std::size_t at = 0;
  std::uint32_t uid = q.match_uids.empty() ? 0 : q.match_uids.front().first;
  for (const auto& [first, last] : q.match_numbers) {
    for (std::uint64_t number = first; number <= last && at < q.match_uids.size(); ++number) {
      if (number > view.size()) return matched;
      const auto place = view.at(static_cast<std::uint32_t>(number) - 1);
      if (place.in->uid[place.row] != uid) return matched;
      matched = uid;
      if (uid < q.match_uids[at].second) ++uid;
      else if (++at < q.match_uids.size()) uid = q.match_uids[at].first;
    }
  }
  return matched;
}

} // namespace rookery::actors
