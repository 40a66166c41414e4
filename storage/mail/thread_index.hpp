/// Which conversation a message belongs to: RFC 8474 §5.2, THREADID.
///
/// A message joins the thread of the first of its ids (its own Message-ID, then those it
/// refers to) that the account has seen; its other ids then lead to the same thread. Ids
/// are remembered as hashes in two generations of rows: when the younger one has grown
/// to twice the account's messages it becomes the older one, and the one before goes.
/// So the index is bounded, and a conversation that was silent for that long begins anew.
#pragma once

#include "storage/mail/account_state.hpp"
#include "storage/tree/pending_rows.hpp"

#include <cstdint>
#include <string_view>

namespace rookery::storage::mail {

/// References of one message that are looked at: the first and the last ones.
inline constexpr std::size_t thread_references_max = 16;
/// A generation has at least so many rows before it ends.
inline constexpr std::uint64_t thread_rows_min = 8192;

/// The thread of a message with these ids ('\n' between them, its own first); enters them.
std::uint64_t join_thread(account_state&, pending_rows&, std::string_view thread_key);

/// FNV-1a, 64 bit, with a final mix. Stored: never change.
std::uint64_t thread_hash(std::string_view id) noexcept;

} // namespace rookery::storage::mail
