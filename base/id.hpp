/// Strong integer types, so that a UID cannot be handed over where a mailbox is meant.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace rookery::base {

template <class Tag, class Rep = std::uint64_t>
struct id {
  Rep value = 0;
  constexpr id() = default;
  constexpr explicit id(Rep v) : value(v) {}
  constexpr auto operator<=>(const id&) const = default;
  constexpr explicit operator bool() const { return value != 0; }
};

/// One account, given once by the directory and never used again for another. 0 is nobody.
using account_id = id<struct account_tag>;
/// One mailbox, unique within its account for ever. 0 is none.
using mailbox_id = id<struct mailbox_tag, std::uint32_t>;
/// One domain document.
using domain_id = id<struct domain_tag>;
/// One member of a cluster.
using node_id = id<struct node_tag, std::uint32_t>;
/// One shard: the unit that is opened, backed up, moved and replicated.
using shard_id = id<struct shard_tag, std::uint32_t>;
/// One accepted message on its way (spool and trace).
using message_id = id<struct message_tag>;

} // namespace rookery::base

template <class Tag, class Rep>
struct std::hash<rookery::base::id<Tag, Rep>> {
  std::size_t operator()(rookery::base::id<Tag, Rep> i) const noexcept { return std::hash<Rep>{}(i.value); }
};
