/// Pages on disk: hot rows, static rows, text rows, and runs of messages that wait for
/// their page to be full.
///
/// A page fills slot by slot. While it fills, the messages that arrived between two
/// flushes are one `run` row: their hot columns and, message by message, everything
/// else. With the last slot the page is sealed: one static row and a row for each text
/// column take the place of its runs. A hot row, written at the first change of flags
/// or expunge, says how the slots below `covered` look now. docs/formats/mail_tree.md.
///
/// Readers throw base::broken on damage.
#pragma once

#include "storage/mail/mailbox_view.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::mail {

/// `page` with all rows of its first `covered` slots.
std::string encode_hot(const page&, std::uint32_t covered);
/// Fills the columns of `into` (which must be empty) and gives `covered`.
std::uint32_t read_hot(std::string_view octets, page& into);

/// What a message keeps besides its hot columns, as octets: a cold row.
struct cold_head {
  std::int64_t internal_date = 0;
  std::int64_t save_date = 0;
  std::uint64_t thread = 0;
  std::uint32_t size = 0;
  std::uint32_t header_octets = 0;
  body_ref body;
  std::uint32_t text_octets[text_column_count] = {};
  std::uint32_t prefix_octets = 0;
};
static_assert(sizeof(cold_head) == 104, "cold_head is stored as it lies in memory");

std::string encode_cold(cold_head head, std::string_view prefix,
                        const std::array<std::string_view, text_column_count>& texts);

/// Views into the octets of a cold row.
class cold_row {
public:
  explicit cold_row(std::string_view octets);
  const cold_head& head() const noexcept { return head_; }
  std::string_view prefix() const noexcept { return octets_.substr(sizeof(cold_head), head_.prefix_octets); }
  std::string_view text(text_column column) const noexcept;

private:
  cold_head head_;
  std::string_view octets_;
};
/// The same cold row with another head (lengths must stay).
std::string with_head(std::string_view cold, const cold_head& head);

/// Vectors of `page_slots` elements, zero and empty: threads that read other slots never
/// see one of them move.
std::unique_ptr<static_columns> empty_statics();
void put_static(static_columns&, std::uint32_t slot, const cold_row&);

std::string encode_statics(const static_columns&, std::uint32_t slots);
void read_statics(std::string_view octets, static_columns& into);

/// Texts of slots 0.. in order.
std::string encode_text(std::span<const std::string_view> rows);
void read_text(std::string_view octets, text_rows& into);

struct run_hot {
  std::uint32_t uid = 0;
  std::uint64_t modseq = 0;
  std::uint64_t flags = 0;
};
std::string encode_run(std::uint32_t first_slot, std::span<const run_hot> hot, std::span<const std::string_view> cold);
/// Views into the octets of a run row.
struct run_rows {
  std::uint32_t first_slot = 0;
  std::vector<run_hot> hot;
  std::vector<std::string_view> cold;
};
run_rows read_run(std::string_view octets);

} // namespace rookery::storage::mail
