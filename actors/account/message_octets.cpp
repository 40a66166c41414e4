#include "actors/account/message_octets.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::actors {

message_octets octets_of(const storage::mail::page& page, const storage::mail::static_columns& columns,
                         std::uint32_t row) {
  const auto slot = page.slot[row];
  return {columns.prefix[slot], columns.body[slot], page.uid[row]};
}

storage::quick_read try_read(storage::body_reader& bodies, const message_octets& message, std::uint64_t offset,
                             char* out, std::size_t octets) noexcept {
  using state = storage::quick_read::state;
  if (octets == 0) return {state::octets, 0};
  if (offset < message.prefix.size()) {
    const auto n = std::min(octets, message.prefix.size() - static_cast<std::size_t>(offset));
    std::memcpy(out, message.prefix.data() + offset, n);
    if (n == octets) return {state::octets, n};
    const auto more = bodies.try_read(message.body, 0, out + n, octets - n);
    return {state::octets, n + (more.what == state::octets ? more.count : 0)};
  }
  return bodies.try_read(message.body, static_cast<std::uint32_t>(offset - message.prefix.size()), out, octets);
}

base::result<void> read(storage::body_reader& bodies, storage::mail::mailbox_cell& cell, message_octets& message,
                        std::uint64_t offset, char* out, std::size_t octets) {
  if (offset < message.prefix.size()) {
    const auto n = std::min(octets, message.prefix.size() - static_cast<std::size_t>(offset));
    std::memcpy(out, message.prefix.data() + offset, n);
    out += n;
    octets -= n;
    offset += n;
  }
  if (octets == 0) return {};
  const auto from = static_cast<std::uint32_t>(offset - message.prefix.size());
  for (int attempt = 0;; ++attempt) {
    const auto got = bodies.read(message.body, from, out, octets);
    if (got.ok() && *got == octets) return {};
    if (got.ok()) return base::fail(base::error_kind::damaged, "A message is shorter than it should be");
    if (got.error().kind != base::error_kind::not_found || attempt == 3) return base::fail(got.error());
    const auto [view, index] = cell.find_message(message.uid);
    if (index >= view->size()) return base::fail(got.error());
    const auto place = view->at(index);
    message.body = storage::mail::load_statics(*place.in).body[place.in->slot[place.row]];
  }
}

} // namespace rookery::actors
