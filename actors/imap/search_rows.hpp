/// Which messages a program matches: over columns in the connection's thread, in slices; with
/// headers or bodies, and where columns must be loaded, in a reader, again in slices. Before a message
/// is read the search index is asked (search_hints.hpp).
///
/// Source: RFC 9051 §6.4.4; RFC 7162 §3.1.5; RFC 5182 §2.1 (SAVE); RFC 6203 (FUZZY).
#pragma once

#include "actors/imap/mailbox_session.hpp"
#include "actors/imap/message_answers.hpp"
#include "actors/imap/rows.hpp"
#include "actors/imap/search_hints.hpp"
#include "actors/node.hpp"
#include "protocols/imap/search_matcher.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

namespace rookery::actors {

/// A search that stands on its own: it holds what it reads, and one thread at a time runs it.
class search_run {
public:
  /// `newest`: of more messages that may match only so many are looked at, the newest; 0: all.
  search_run(const node&, const mailbox_session&, const imap::search_program&,
             std::span<const imap::number_range> saved_uids, std::uint32_t newest = 0);

  /// True when it can be run without waiting for the disk, as far as one knows now.
  bool in_memory() const noexcept { return matcher_.needs() == 0; }
  enum class outcome : std::uint8_t { done, more, needs_disk };
  /// Goes on for about `time`; needs_disk only when it may not wait.
  outcome run(std::chrono::microseconds time, bool may_wait);

  /// How many messages were looked at, of how many. From any thread.
  std::uint32_t looked_at() const noexcept { return looked_at_.load(std::memory_order_relaxed); }
  std::uint32_t to_look_at() const noexcept { return to_look_at_; }
  /// There were more than `newest`: the lowest UID that is looked at; 0: all are.
  std::uint32_t cut_at_uid() const noexcept { return cut_at_uid_; }
  /// Rows of the view, ascending.
  const std::vector<std::uint32_t>& hits() const noexcept { return hits_; }
  /// Of the hits; none where the program has no fuzzy key.
  const std::vector<std::uint8_t>& relevancies() const noexcept { return relevancies_; }
  const storage::mail::mailbox_view& view() const noexcept { return *view_; }
  const mailbox_view_ptr& shared_view() const noexcept { return view_; }
  std::uint32_t uid_of(std::uint32_t row) const;
  std::uint32_t number_of(std::uint32_t row) const noexcept { return map_.number_of_row(row); }
  std::uint64_t modseq_of(std::uint32_t row) const;

private:
  bool run_page(std::uint32_t page, std::uint32_t first, std::uint32_t end, bool may_wait);

  mailbox_view_ptr view_;
  imap::sequence_map map_;
  imap::number_ranges recent_;
  imap::search_matcher matcher_;
  bool ranked_ = false;
  fuzzy_questions fuzzy_;
  message_answers answers_;
  search_hints hints_;
  std::vector<imap::row_range> rows_;   ///< that may match
  base::account_id owner_;              ///< mailbox_session::foreign_owner
  std::size_t range_ = 0;
  std::uint32_t row_ = 0;
  std::uint32_t read_ = 0;              ///< messages whose octets were needed
  std::vector<std::uint32_t> hits_;
  std::vector<std::uint8_t> relevancies_;
  std::uint32_t to_look_at_ = 0;
  std::uint32_t cut_at_uid_ = 0;
  std::atomic<std::uint32_t> looked_at_{0};
};

class search_rows final : public rows {
public:
  search_rows(const node&, net::connection&, std::shared_ptr<search_run>);
  progress produce(base::buffer&) override;
  const search_run& run() const noexcept { return *run_; }
  bool failed() const noexcept { return failed_; }

private:
  void go_on_in_reader();

  const node& node_;
  net::connection& link_;
  std::shared_ptr<search_run> run_;
  bool disk_ = false;
  bool waiting_ = false;
  bool done_ = false;
  bool failed_ = false;
};

} // namespace rookery::actors
