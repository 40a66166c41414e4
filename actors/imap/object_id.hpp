/// Object ids of RFC 8474: a letter for the kind, then hex digits.
#pragma once

#include "base/id.hpp"
#include "storage/log/commit_group.hpp"

#include <cstdint>
#include <string_view>

namespace rookery::actors {

/// A short text without an allocation.
struct object_id {
  char octets[32];
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
inline object_id thread_id(std::uint64_t thread) noexcept { return detail::hex_id('T', thread); }
inline object_id mailbox_object_id(base::mailbox_id mailbox) noexcept { return detail::hex_id('F', mailbox.value); }

} // namespace rookery::actors
