/// Object ids of RFC 8474: a letter for the kind, then hex digits.
#pragma once

#include "base/id.hpp"
#include "storage/log/commit_group.hpp"

#include <cstdint>
#include <string_view>

namespace rookery::actors {

/// A short text without an allocation.
struct object_id {
  char octets[36];
  std::uint8_t size = 0;
  operator std::string_view() const noexcept { return {octets, size}; }
};

namespace detail {
inline constexpr char hex_digits[] = "0123456789abcdef";
inline object_id hex_id(char kind, std::uint64_t number) noexcept {
  object_id id;
  id.octets[id.size++] = kind;
  int shift = 60;
  while (shift > 0 && (number >> shift) == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) id.octets[id.size++] = hex_digits[number >> shift & 15];
  return id;
}
inline object_id of_owner(object_id id, base::account_id owner) noexcept {
  if (!owner) return id;
  const auto whose = hex_id('-', owner.value);
  for (std::uint8_t i = 0; i < whose.size; ++i) id.octets[id.size++] = whose.octets[i];
  return id;
}
} // namespace detail

/// The same content has the same id, in every mailbox and on every node.
inline object_id email_id(const storage::body_id& body) noexcept {
  object_id id;
  id.octets[id.size++] = 'M';
  for (std::size_t i = 0; i < 12; ++i) {
    id.octets[id.size++] = detail::hex_digits[body[i] >> 4];
    id.octets[id.size++] = detail::hex_digits[body[i] & 15];
  }
  return id;
}
/// Numbers of mailboxes and threads are an account's own: those of another account, which a guest sees beside his,
/// are told apart by its id. `owner`: 0 for the session's own account.
inline object_id thread_id(std::uint64_t thread, base::account_id owner = {}) noexcept {
  return detail::of_owner(detail::hex_id('T', thread), owner);
}
inline object_id mailbox_object_id(base::mailbox_id mailbox, base::account_id owner = {}) noexcept {
  return detail::of_owner(detail::hex_id('F', mailbox.value), owner);
}

} // namespace rookery::actors
