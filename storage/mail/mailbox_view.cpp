#include "storage/mail/mailbox_view.hpp"

#include <algorithm>

namespace rookery::storage::mail {

row_place mailbox_view::at(std::uint32_t index) const {
  const auto after = std::upper_bound(first_row.begin(), first_row.end(), index);
  const auto number = static_cast<std::uint32_t>(after - first_row.begin() - 1);
  return {pages[number].get(), number, index - first_row[number]};
}

std::uint32_t mailbox_view::lower_bound(std::uint32_t uid) const {
  const auto in = std::partition_point(pages.begin(), pages.end(),
                                       [&](const auto& p) { return p->uid.back() < uid; });
  if (in == pages.end()) return size();
  const auto& uids = (*in)->uid;
  const auto row = std::lower_bound(uids.begin(), uids.end(), uid) - uids.begin();
  return first_row[static_cast<std::size_t>(in - pages.begin())] + static_cast<std::uint32_t>(row);
}

std::uint32_t mailbox_view::find(std::uint32_t uid) const {
  const auto index = lower_bound(uid);
  if (index == size()) return index;
  const auto place = at(index);
  return place.in->uid[place.row] == uid ? index : size();
}

const mailbox_status* account_view::find(std::string_view name) const noexcept {
  const auto found = std::partition_point(mailboxes.begin(), mailboxes.end(),
                                          [&](const auto& m) { return m->name < name; });
  return found != mailboxes.end() && (*found)->name == name ? found->get() : nullptr;
}

} // namespace rookery::storage::mail
