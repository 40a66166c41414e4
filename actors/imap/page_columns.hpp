/// Columns of the pages that a command walks through, fetched ahead in a reader when they
/// are not in memory. Lives in the connection's thread; used for one command.
#pragma once

#include "actors/imap/mailbox_session.hpp"
#include "actors/node.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace rookery::actors {

/// Which columns a command needs.
struct column_need {
  bool statics = false;
  std::uint8_t texts = 0; ///< bit 1 << text_column

  void add(storage::mail::text_column c) noexcept { texts = static_cast<std::uint8_t>(texts | 1u << static_cast<unsigned>(c)); }
  bool has(storage::mail::text_column c) const noexcept { return (texts >> static_cast<unsigned>(c) & 1u) != 0; }
  bool none() const noexcept { return !statics && texts == 0; }
};

/// The columns of one page, held.
struct held_columns {
  const storage::mail::static_columns* statics = nullptr; ///< live with the page
  std::array<std::shared_ptr<const storage::mail::text_rows>, storage::mail::text_column_count> texts;

  std::string_view text(storage::mail::text_column c, std::uint32_t slot) const noexcept {
    return texts[static_cast<std::size_t>(c)]->row(slot);
  }
};

/// Takes what is in memory; false when something is missing.
bool take_columns(const storage::mail::page&, const column_need&, held_columns& out);
/// Loads what is missing; blocks on the disk.
void load_columns(const storage::mail::page&, const column_need&, held_columns& out);

class page_columns {
public:
  /// Pages that one reader task loads.
  static constexpr std::size_t ahead_max = 8;

  page_columns(const node& n, net::connection& link, mailbox_view_ptr view, column_need need)
      : node_(n), link_(link), view_(std::move(view)), need_(need) {}

  const column_need& need() const noexcept { return need_; }
  /// Makes a page the current one; false: it must be loaded first.
  bool enter(std::uint32_t page_number);
  const held_columns& current() const noexcept { return current_; }
  /// Loads pages (at most `ahead_max`) in a reader, then calls `then(good)` in the connection's
  /// thread; not good when the tree cannot be read. False: the readers are busy, nothing will happen.
  bool load(std::vector<std::uint32_t> pages, std::function<void(bool good)> then);

private:
  const node& node_;
  net::connection& link_;
  mailbox_view_ptr view_;
  column_need need_;
  held_columns current_;
  std::uint32_t page_ = UINT32_MAX;
  std::vector<std::pair<std::uint32_t, held_columns>> ahead_;
};

} // namespace rookery::actors
