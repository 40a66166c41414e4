/// What was worked out from messages and never changes for one, such as chosen header fields, kept in memory beside the text
/// columns and bounded with them. Rows are by slot, so flags and expunges leave them good.
#pragma once

#include "storage/mail/mailbox_view.hpp"

#include <bitset>
#include <cstdint>
#include <memory>
#include <string_view>

namespace rookery::storage::mail {

/// Rows of those slots that somebody looked at.
struct derived_rows : text_rows {
  std::bitset<page_slots> known;
};

/// Names what is worked out. Equal names mean equal rows: the name must hold all that the rows depend on, the message aside.
class derivation {
public:
  explicit derivation(std::string_view name);
  std::uint64_t first() const noexcept { return first_; }
  std::uint64_t second() const noexcept { return second_; }

private:
  std::uint64_t first_ = 0, second_ = 0; ///< of the name's SHA-256: a client chooses names
};

/// Null when nothing is kept. Any thread.
std::shared_ptr<const derived_rows> derived_of(const page&, const derivation&);
/// Keeps the one that knows more slots. Any thread.
void keep_derived(const page&, const derivation&, std::shared_ptr<const derived_rows>);

} // namespace rookery::storage::mail
