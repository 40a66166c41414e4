/// What a session reads: immutable pictures of a mailbox and of an account's list.
///
/// The shard's thread publishes a new picture after each batch; readers in any
/// thread take the current one with one short lock and keep it as long as they
/// like. Pages that did not change are the same objects in both pictures, so that
/// the difference of two views costs what changed.
///
/// Hot columns (uid, flags, modseq) are always there. Static columns and text
/// columns are loaded when first needed: `load_*` reads the tree and may block on
/// the disk (call it in a reader actor when `has_*` is false and the reactor must
/// not wait); loaded static columns stay with the page, text columns are in a
/// bounded cache of the node.
#pragma once

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/mail/command.hpp"
#include "storage/mail/mailbox_access.hpp"

#include <array>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::storage::mail {

/// Messages a page holds: large enough that 10,000 messages are 40 objects, small
/// enough that copying the hot columns of one for a flag change costs about a µs.
inline constexpr std::uint32_t page_slots = 256;

/// What never changes for a message. A column each, indexed by slot of the page.
struct static_columns {
  std::vector<std::int64_t> internal_date; ///< ms since 1970
  std::vector<std::int64_t> save_date;     ///< ms since 1970
  std::vector<std::uint32_t> size;         ///< octets of prefix and body: RFC822.SIZE
  std::vector<std::uint32_t> header_octets;
  std::vector<std::uint64_t> thread;       ///< thread id within the account
  std::vector<body_ref> body;
  std::vector<std::string> prefix;         ///< octets before the body
};

enum class text_column : std::uint8_t { envelope = 0, bodystructure = 1, body = 2, parts = 3, sort_keys = 4, preview = 5 };
inline constexpr std::size_t text_column_count = 6;

/// One text column of a page: `row(slot)` lives as long as the object.
struct text_rows {
  std::string octets;
  std::array<std::uint32_t, page_slots + 1> end{}; ///< row s is [end[s], end[s+1])
  std::string_view row(std::uint32_t slot) const noexcept {
    return std::string_view(octets).substr(end[slot], end[slot + 1] - end[slot]);
  }
};

class page_source; ///< loads columns of one page; storage/mail/page_source.hpp

/// Up to `page_slots` messages in UID order. Rows are those not expunged; `slot` says
/// where a row's static and text columns are. Immutable once published.
struct page {
  std::vector<std::uint32_t> uid;
  std::vector<std::uint64_t> modseq;
  std::vector<std::uint64_t> flags;
  std::vector<std::uint8_t> slot;
  std::shared_ptr<page_source> source;
  std::size_t rows() const noexcept { return uid.size(); }
};

struct mailbox_status {
  base::mailbox_id id;
  std::string name;
  std::string special_use;         ///< "\\Sent" … or ""
  std::uint32_t uid_validity = 0;
  std::uint32_t uid_next = 1;
  std::uint32_t messages = 0;
  std::uint32_t unseen = 0;
  std::uint32_t deleted = 0;
  std::uint64_t octets = 0;
  std::uint64_t highest_modseq = 1;
  std::uint64_t expunged_known_since = 0; ///< vanished UIDs are remembered for modseq above this
  bool subscribed = false;
  std::shared_ptr<const mailbox_access> access; ///< null: nobody but the owner may use it
};

/// A place of a row in a view.
struct row_place {
  const page* in = nullptr;
  std::uint32_t page_number = 0;  ///< index in `mailbox_view::pages`
  std::uint32_t row = 0;          ///< index in the page's hot columns
};

struct mailbox_view {
  mailbox_status status;
  std::vector<std::string> keywords;                  ///< bit flag::first_keyword_bit + index
  std::vector<std::shared_ptr<const page>> pages;     ///< none empty; ascending UIDs
  std::vector<std::uint32_t> first_row;               ///< rows before each page; one more at the end = all rows
  bool gone = false;                                  ///< the mailbox was deleted

  std::uint32_t size() const noexcept { return first_row.empty() ? 0 : first_row.back(); }
  /// Row number `index` (0-based, in UID order); index < size().
  row_place at(std::uint32_t index) const;
  /// Index of the first row with a UID not below `uid`; size() if none.
  std::uint32_t lower_bound(std::uint32_t uid) const;
  /// Index of the row with this UID, or size().
  std::uint32_t find(std::uint32_t uid) const;
};

/// Static columns of a page, or null when they are not loaded yet.
const static_columns* statics_of(const page&) noexcept;
/// Loads them (may block on the disk) and gives them. Throws base::broken on damage.
const static_columns& load_statics(const page&);
/// A text column from the cache, or null.
std::shared_ptr<const text_rows> text_of(const page&, text_column);
/// Loads it (may block on the disk).
std::shared_ptr<const text_rows> load_text(const page&, text_column);

/// UIDs expunged after `modseq`, ascending; at most `max` of them. Blocks on the disk.
/// `complete` is false when older ones are forgotten: the caller then compares all UIDs.
struct vanished_uids { uid_ranges uids; bool complete = true; };

/// The published place of one open mailbox. Sessions hold it while selected.
class mailbox_cell {
public:
  std::shared_ptr<const mailbox_view> view() const {
    const std::lock_guard hold(lock_);
    return view_;
  }
  void publish(std::shared_ptr<const mailbox_view> v) {
    const std::lock_guard hold(lock_);
    view_.swap(v);
  }
  /// A message in the newest picture, where its body may lie elsewhere; `index` is view->size() when it is gone. Thread-safe.
  struct found_message {
    std::shared_ptr<const mailbox_view> view;
    std::uint32_t index = 0;
  };
  virtual found_message find_message(std::uint32_t uid) const {
    auto now = view();
    const auto index = now->find(uid);
    return {std::move(now), index};
  }
  /// Before a session looks for news: one that shows other mailboxes' messages looks at those first. In the session's thread.
  virtual void look() {}
  /// Blocks on the disk; thread-safe.
  virtual vanished_uids vanished_since(std::uint64_t modseq, std::size_t max) const = 0;
  virtual ~mailbox_cell() = default;

  /// RFC 3501 §2.3.2: messages from here on are \Recent for the next session that selects
  /// for writing. In memory only: after a restart nothing is recent.
  std::atomic<std::uint32_t> recent_from{0};

private:
  mutable std::mutex lock_;
  std::shared_ptr<const mailbox_view> view_;
};

/// Messages that would be \Recent for the next session.
inline std::uint32_t recent_count(const mailbox_cell& cell) {
  const auto view = cell.view();
  return view->size() - view->lower_bound(std::max(1u, cell.recent_from.load()));
}

/// An annotation that was set or removed.
struct annotation_change {
  base::mailbox_id mailbox;  ///< 0: of the account as a whole
  base::account_id reader;   ///< whose private one it is, or 0
  std::string name;
};
/// Changes that a picture remembers.
inline constexpr std::size_t annotation_changes_kept = 256;

/// All mailboxes of an account, by name; and its use of the quota.
struct account_view {
  base::account_id account;
  std::vector<std::shared_ptr<const mailbox_status>> mailboxes; ///< sorted by name (octets)
  std::vector<std::string> subscriptions;                       ///< names, may name missing mailboxes; sorted
  std::uint64_t octets = 0;
  std::uint64_t messages = 0;
  bool begun = false;                                           ///< its first mailboxes were made
  std::uint64_t annotation_changes = 0;                         ///< since the account was opened
  std::shared_ptr<const std::vector<annotation_change>> annotated; ///< the last of them, oldest first; null: none
  const mailbox_status* find(std::string_view name) const noexcept;
};

class account_cell {
public:
  std::shared_ptr<const account_view> view() const {
    const std::lock_guard hold(lock_);
    return view_;
  }
  void publish(std::shared_ptr<const account_view> v) {
    auto mine = std::const_pointer_cast<account_view>(std::move(v));
    const std::lock_guard hold(lock_);
    view_.swap(mine);
  }
  /// Changes the picture: in place while no reader holds it, else in a copy. So a list of
  /// 100,000 mailboxes is not built again for each mailbox that is made.
  template <class Change>
  void amend(Change&& change) {
    std::shared_ptr<account_view> old; // freed without the lock
    const std::lock_guard hold(lock_);
    if (view_.use_count() == 1) {
      // The last reader let go with a release; taking and letting go ourselves is the acquire.
      auto probe = view_;
      probe.reset();
    } else {
      old = view_;
      view_ = std::make_shared<account_view>(*old);
    }
    change(*view_);
  }

private:
  mutable std::mutex lock_;
  std::shared_ptr<account_view> view_;
};

} // namespace rookery::storage::mail
