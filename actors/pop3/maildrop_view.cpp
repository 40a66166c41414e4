#include "actors/pop3/maildrop_view.hpp"

#include "base/text.hpp"

namespace rookery::actors {

bool maildrop_view::loaded() const noexcept {
  if (!view) return true;
  for (const auto& page : view->pages)
    if (storage::mail::statics_of(*page) == nullptr) return false;
  return true;
}

pop3::maildrop maildrop_view::list() const {
  pop3::maildrop drop;
  if (!view) return drop;
  base::append_number(drop.uid_prefix, view->status.uid_validity);
  drop.uid_prefix += '.';
  drop.messages.reserve(view->size());
  for (const auto& page : view->pages) {
    const auto& columns = storage::mail::load_statics(*page);
    for (std::size_t row = 0; row < page->rows(); ++row)
      drop.messages.push_back({columns.size[page->slot[row]], page->uid[row]});
  }
  return drop;
}

message_octets maildrop_view::message(std::uint32_t index) const {
  const auto place = view->at(index);
  return octets_of(*place.in, storage::mail::load_statics(*place.in), place.row);
}

std::uint32_t maildrop_view::header_octets(std::uint32_t index) const {
  const auto place = view->at(index);
  return storage::mail::load_statics(*place.in).header_octets[place.in->slot[place.row]];
}

storage::mail::uid_ranges maildrop_view::uids(const std::vector<std::uint32_t>& indexes) const {
  storage::mail::uid_ranges ranges;
  for (const auto index : indexes) {
    const auto place = view->at(index);
    const auto uid = place.in->uid[place.row];
    if (!ranges.empty() && ranges.back().second + 1 == uid)
      ranges.back().second = uid;
    else
      ranges.emplace_back(uid, uid);
  }
  return ranges;
}

} // namespace rookery::actors
