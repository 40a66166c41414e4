/// The shape every protocol session has: bytes in; events and bytes out.
///
/// A session owns no socket, no timer and no thread. Its driver feeds it what
/// arrived, asks it for events until there are none, sends what it wants sent,
/// and wakes it when its deadline has passed. A question that a session cannot
/// answer alone ("may this recipient have mail?") leaves as an event; the answer
/// comes back through a function of the session. Until then the session keeps
/// what was pipelined unparsed, and `wants_input` is false once that passes its
/// limit.
///
/// The outcome depends on the octets and the times only, never on how the octets
/// were cut: tests/support/dialogue plays every dialogue whole, octet by octet
/// and cut at random, and wants the same events.
///
/// Views inside an event live until the next call on the session.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"

#include <concepts>
#include <cstddef>
#include <optional>

namespace rookery {

template <class S>
concept session = requires(S s, const S c, base::const_bytes in, base::instant now, std::size_t n) {
  typename S::event;
  /// What arrived. The session copies what it does not use at once.
  { s.feed(in, now) } -> std::same_as<void>;
  /// The deadline has passed, or the driver says what time it is.
  { s.tick(now) } -> std::same_as<void>;
  /// The next fact or question, or nothing until something is fed or answered.
  { s.next_event() } -> std::same_as<std::optional<typename S::event>>;
  /// What is to be sent next; stays until `sent`.
  { c.output() } -> std::same_as<base::const_bytes>;
  { s.sent(n) } -> std::same_as<void>;
  /// When to call `tick`, at the latest.
  { c.deadline() } -> std::same_as<std::optional<base::instant>>;
  /// False while reading more would only pile up.
  { c.wants_input() } -> std::same_as<bool>;
  /// Close the connection once the output is sent.
  { c.closed() } -> std::same_as<bool>;
};

} // namespace rookery
