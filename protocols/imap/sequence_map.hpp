/// Message numbers to UIDs, as one client knows them.
///
/// A client counts messages by what it has been told. The mailbox moves on without it: so the
/// map holds the mailbox's own list (shared, immutable), how many of it were announced, and the
/// "ghosts": messages that are gone from the mailbox but whose EXPUNGE the client has not been
/// sent yet, which RFC 9051 §7.5.1 forbids during FETCH, STORE and SEARCH. Without ghosts a
/// number is the place in the list plus one; with g ghosts every question costs O(log g) more.
///
/// Source: RFC 9051 §2.3.1, §5.5, §7.5.1; RFC 2180 §4; RFC 7162 §3.2.10 (VANISHED).
#pragma once

#include "protocols/imap/partial.hpp"
#include "protocols/imap/sequence_set.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace rookery::imap {

/// A mailbox's UIDs, ascending. Immutable. A host makes a thin one over its view.
class uid_list {
public:
  virtual ~uid_list() = default;
  virtual std::uint32_t size() const noexcept = 0;
  virtual std::uint32_t at(std::uint32_t row) const = 0;               ///< row < size()
  virtual std::uint32_t lower_bound(std::uint32_t uid) const = 0;      ///< first row not below uid, or size()
};

/// The plain one.
class uid_vector final : public uid_list {
public:
  explicit uid_vector(std::vector<std::uint32_t> uids) : uids_(std::move(uids)) {}
  std::uint32_t size() const noexcept override { return static_cast<std::uint32_t>(uids_.size()); }
  std::uint32_t at(std::uint32_t row) const override { return uids_[row]; }
  std::uint32_t lower_bound(std::uint32_t uid) const override {
    return static_cast<std::uint32_t>(std::lower_bound(uids_.begin(), uids_.end(), uid) - uids_.begin());
  }

private:
  std::vector<std::uint32_t> uids_;
};

/// Rows of the list, [first, end).
struct row_range {
  std::uint32_t first = 0, end = 0;
  bool operator==(const row_range&) const = default;
};

class sequence_map {
public:
  /// A mailbox was opened: everything in `list` is announced.
  void reset(std::shared_ptr<const uid_list> list);
  void clear();

  /// The mailbox moved on. Rows that were announced and are gone become ghosts; new rows are
  /// not announced yet. Compares the lists: O(messages).
  void update(std::shared_ptr<const uid_list> next);
  /// The same when the caller knows which UIDs vanished (ascending; others may be among them).
  void update(std::shared_ptr<const uid_list> next, std::span<const std::uint32_t> vanished);

  const uid_list& list() const { return *list_; }
  bool is_open() const noexcept { return list_ != nullptr; }
  /// Messages as the client counts them: announced rows and ghosts.
  std::uint32_t size() const noexcept { return announced_ + static_cast<std::uint32_t>(ghosts_.size()); }
  /// Rows of the list that the client may be shown; the rest is not announced yet.
  std::uint32_t announced_rows() const noexcept { return announced_; }
  bool has_ghosts() const noexcept { return !ghosts_.empty(); }
  bool has_new() const noexcept { return list_ && list_->size() > announced_; }
  /// UID of the client's last message, 0 for none.
  std::uint32_t largest_uid() const;

  /// number is 1..size().
  std::uint32_t uid_of(std::uint32_t number) const;
  /// The client's number of a message, or nothing (also for rows not announced).
  std::optional<std::uint32_t> number_of(std::uint32_t uid) const;
  /// The client's number of an announced row.
  std::uint32_t number_of_row(std::uint32_t row) const noexcept {
    if (ghosts_.empty()) return row + 1;
    return row + 1 + ghosts_before_row(row);
  }

  /// What a set means now.
  struct selection {
    std::vector<row_range> rows;   ///< announced rows of the list, ascending
    std::uint32_t count = 0;       ///< of them
    bool ghosts = false;           ///< a message that is expunged meanwhile was named: EXPUNGEISSUED
    bool out_of_range = false;     ///< by number: one above size(), or "*" in an empty mailbox: BAD
    /// Only the rows of one page stay (RFC 9394 §3.3).
    void keep(const partial_range&);
  };
  /// `saved_uids` is what "$" means (server_session::saved_uids).
  selection select(const sequence_set&, bool by_uid, std::span<const number_range> saved_uids = {}) const;
  /// UIDs of the selected rows, compact: runs of rows become ranges that may span UIDs that do
  /// not exist in this mailbox, but never UIDs of rows outside the selection.
  number_ranges uids_of(std::span<const row_range>) const;

  /// Takes the ghosts away and gives their numbers for EXPUNGE lines, each right after the ones
  /// before it were sent (descending).
  std::vector<std::uint32_t> take_expunged();
  /// Takes the ghosts away and gives their UIDs for VANISHED.
  number_ranges take_vanished();
  /// Announces all rows. True when EXISTS must be sent. Ghosts stay.
  bool announce();

private:
  std::uint32_t ghosts_before_row(std::uint32_t row) const noexcept;
  void place_ghosts();

  std::shared_ptr<const uid_list> list_;
  std::uint32_t announced_ = 0;             ///< rows of list_
  std::vector<std::uint32_t> ghosts_;       ///< UIDs, ascending
  std::vector<std::uint32_t> ghost_rows_;   ///< for each: the row before which it stood
};

} // namespace rookery::imap
