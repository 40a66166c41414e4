#include "actors/imap/message_limit.hpp"

#include "protocols/imap/flag.hpp"

namespace rookery::actors {

bool keep_newest(std::vector<imap::row_range>& rows, std::uint32_t most) {
  auto left = most;
  auto i = rows.size();
  for (; i > 0 && rows[i - 1].end - rows[i - 1].first <= left; --i) left -= rows[i - 1].end - rows[i - 1].first;
  if (i == 0) return false;
  if (left > 0) {
    --i;
    rows[i].first = rows[i].end - left;
  }
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(i));
  return true;
}

std::optional<std::uint32_t> newest_deleted(const storage::mail::mailbox_view& view, const std::vector<imap::row_range>& rows,
                                            std::uint32_t most) {
  std::uint32_t found = 0, lowest = 0;
  for (auto i = rows.size(); i-- > 0;)
    for (auto row = rows[i].end; row-- > rows[i].first;) {
      const auto place = view.at(row);
      if ((place.in->flags[place.row] & imap::flag::deleted) == 0) continue;
      if (found == most) return lowest;
      ++found;
      lowest = place.in->uid[place.row];
    }
  return std::nullopt;
}

} // namespace rookery::actors
