/// One mailbox in the shard's memory: its record, and its pages as far as they are needed.
///
/// A mailbox that only receives keeps its record and the messages not yet flushed
/// ("light"); `open_pages` brings the hot columns of all pages when flags, expunges or
/// a session need them. Published pages are frozen: a change copies one page.
///
/// Only the shard's thread uses it. Account-wide sums (quota) are the caller's.
#pragma once

#include "storage/mail/page_source.hpp"
#include "storage/mail/records.hpp"

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rookery::storage::mail {

class published_mailbox;

/// What a set of messages weighs; the account's quota follows it.
struct weight {
  std::uint64_t messages = 0;
  std::uint64_t octets = 0;
};

/// One message on its way into a mailbox, or from one to another.
struct stored_message {
  std::uint32_t uid = 0; ///< in the mailbox it comes from; 0 for a new one
  std::uint64_t flags = 0;
  page_source::cold_octets cold;
};

/// What one guest looks at.
struct reader_view {
  base::account_id reader;
  std::shared_ptr<published_mailbox> cell;
  std::shared_ptr<const mailbox_view> base; ///< of which the cell's view was made
};

class mailbox_state {
public:
  mailbox_state(std::shared_ptr<mail_store> store, base::account_id account, base::mailbox_id id,
                mailbox_record record, bool stored);

  base::account_id account() const noexcept { return account_; }
  base::mailbox_id id() const noexcept { return id_; }

  mailbox_record record;
  bool imagined = false; ///< the INBOX of an account that never changed: shown, not stored
  bool gone = false;     ///< deleted; forgotten after the next flush
  bool dirty = false;    ///< something waits for the next flush
  bool touched = false;  ///< something waits for the next publish
  std::optional<bool> subscribed;
  std::shared_ptr<published_mailbox> cell; ///< null until somebody opened it
  std::vector<reader_view> readers;        ///< of guests
  std::uint32_t recent_from = 0;           ///< UIDNEXT when it came into memory
  std::list<mailbox_state*>::iterator by_use;

  /// Somebody holds the cell, or a reader's.
  bool held() const noexcept;
  /// Whether guests have a \Seen of their own.
  bool seen_per_reader() const noexcept { return record.access && record.access->seen_per_reader; }
  /// Brings the hot columns of all pages.
  void open_pages();
  /// Forgets them again; nothing waits for a flush and nobody holds the cell.
  void close_pages();
  /// Messages whose hot columns are in memory.
  std::size_t messages_open() const noexcept { return complete_ ? record.messages : 0; }

  /// The next step of MODSEQ, given once for a command.
  std::uint64_t step() { return ++record.highest_modseq; }
  /// Bits of the flags, new keywords entered in the list. Nothing when the list would be
  /// too long: none is entered then, unless `drop` says that those without room are left out.
  std::optional<std::uint64_t> bits_of(const flag_set&, bool drop);
  /// Like bits_of, for flags to be removed: unknown keywords are nothing.
  std::uint64_t known_bits_of(const flag_set&) const;
  std::vector<std::string> keywords_of(std::uint64_t flags) const;
  bool room_for_uids(std::size_t messages) const { return messages < 0xffffffffu - record.uid_next; }

  /// Adds a message with the next UID, which it gives.
  std::uint32_t add(std::uint64_t modseq, std::uint64_t flags, page_source::cold_octets cold);
  /// RFC 9051 §6.4.6, RFC 7162 §3.1.3. Fills `uids` and `refused`; true when some message changed. `bits` are
  /// among those of `mask`; others stay as they are.
  bool store(const uid_ranges&, flag_change, std::uint64_t bits, std::optional<std::uint64_t> unchanged_since,
             std::vector<std::uint32_t>& uids, std::vector<std::uint32_t>& refused, std::uint64_t mask = ~std::uint64_t{0});
  /// The same for a guest with a \Seen of his own, which is changed in `seen`.
  bool store_for_reader(const uid_ranges&, flag_change, std::uint64_t bits, std::optional<std::uint64_t> unchanged_since,
                        std::vector<std::uint32_t>& uids, std::vector<std::uint32_t>& refused, std::uint64_t mask,
                        uid_ranges& seen);
  /// Messages in these ranges count as changed.
  void touch_messages(const uid_ranges&, std::uint64_t modseq);
  /// Messages in these ranges, complete, in UID order.
  std::vector<stored_message> take_copies(const uid_ranges&, std::int64_t save_date);
  /// UIDs to be expunged, ascending.
  std::vector<std::uint32_t> expungible(const std::optional<uid_ranges>&, bool even_undeleted, bool unseen_only = false);
  /// Removes messages (ascending UIDs that exist) and their body rows, and remembers them as vanished.
  weight remove(const std::vector<std::uint32_t>& uids, std::uint64_t modseq);
  /// Removes the body rows of all messages; the mailbox is deleted.
  weight remove_everything();
  /// A body that messages in these places refer to lies elsewhere now.
  void relocate(std::uint32_t page_number, const std::vector<std::uint32_t>& slots, const body_ref& to);

  mailbox_status status() const;
  /// Freezes all pages. `open_pages` was called before.
  std::shared_ptr<const mailbox_view> view();
  /// Makes a view and publishes it to all who look. `open_pages` was called before.
  void publish();

  /// Adds what changed to `batch`; `flushed` after it was written.
  void collect(tree::batch& batch, std::vector<std::shared_ptr<page_source>>& replaced);
  void flushed();

private:
  struct entry {
    std::uint32_t number = 0;
    std::shared_ptr<page> hot;           ///< light: only rows not in the tree
    std::shared_ptr<page_source> source;
    bool frozen = false;
    bool hot_dirty = false;
    bool statics_dirty = false;
    bool sealed = false;                 ///< in the tree
  };
  page_id page_of(std::uint32_t number) const { return {account_, id_, number}; }
  std::uint32_t slots_of(const entry& e) const { return e.number == record.page ? record.slot : page_slots; }
  entry& tail();
  entry* find_page(std::uint32_t number);
  page& writable(entry&);
  void mark_hot(entry&);
  /// Rows of `page_number` (or of all pages) as the tree has them.
  std::vector<entry> read_pages(std::optional<std::uint32_t> page_number) const;
  void collect_page(entry&, tree::batch&);
  void collect_cold(entry&, const page& complete, tree::batch&);
  void trim_vanished();

  std::shared_ptr<mail_store> store_;
  base::account_id account_;
  base::mailbox_id id_;
  bool complete_;              ///< entries_ has all pages
  std::vector<entry> entries_; ///< ascending numbers
};

/// The published place of a mailbox; adds what only the tree knows.
class published_mailbox final : public mailbox_cell {
public:
  published_mailbox(std::shared_ptr<mail_store> store, base::account_id account, base::mailbox_id id)
      : store_(std::move(store)), account_(account), id_(id) {}
  vanished_uids vanished_since(std::uint64_t modseq, std::size_t max) const override;

  /// Set by the shard before it forgets rows.
  std::atomic<std::uint64_t> known_since{0};

private:
  std::shared_ptr<mail_store> store_;
  base::account_id account_;
  base::mailbox_id id_;
};

} // namespace rookery::storage::mail
