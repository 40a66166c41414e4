/// The mailbox that one IMAP session has selected: what its client was told, and what is new.
///
/// Message numbers are those of the client: `map()` holds the view that was looked at last
/// and the messages whose EXPUNGE the client has not had yet. Lives in the connection's
/// thread; between two calls of `tell_news` numbers and rows stay as they are.
///
/// Source: RFC 9051 §5.5, §7.5; RFC 3501 §2.3.2 (\Recent); RFC 7162 §3.1, §3.2.10.
#pragma once

#include "protocols/imap/response_writer.hpp"
#include "protocols/imap/sequence_map.hpp"
#include "protocols/imap/store.hpp"
#include "storage/mail/mailbox_view.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rookery::actors {

using mailbox_view_ptr = std::shared_ptr<const storage::mail::mailbox_view>;

/// A change that this session made itself: its client knows, or will be told otherwise.
struct own_change {
  imap::number_ranges uids;
  bool silent = false;                 ///< STORE .SILENT: say nothing but MODSEQ, unless others changed more
  imap::store::change how = imap::store::change::add;
  imap::flag_list flags;
};

/// Who wants to know what `tell_news` finds.
class mailbox_observer {
public:
  virtual ~mailbox_observer() = default;
  /// These are gone (ascending); their numbers are still the client's.
  virtual void vanished(imap::response_writer&, std::span<const std::uint32_t> uids) = 0;
  /// These have other flags, or are new to the client.
  virtual void changed(std::span<const std::uint32_t> uids) = 0;
};

class mailbox_session {
public:
  /// Everything in the cell's present view counts as announced.
  /// `owner` and `may` are a guest's: whose mailbox it is, and imap::flag_right bits of what he may change.
  mailbox_session(std::shared_ptr<storage::mail::mailbox_cell> cell, bool read_only, bool with_recent,
                  base::account_id owner = {}, std::uint8_t may = imap::flag_right::all);

  base::mailbox_id id() const noexcept { return view_->status.id; }
  bool read_only() const noexcept { return read_only_; }
  /// 0: the session's own account.
  base::account_id foreign_owner() const noexcept { return owner_; }
  std::uint8_t may() const noexcept { return may_; }
  /// Other rights from now on; told with the next PERMANENTFLAGS.
  void may(std::uint8_t kinds) noexcept { may_ = kinds; }
  const storage::mail::mailbox_view& view() const noexcept { return *view_; }
  const mailbox_view_ptr& shared_view() const noexcept { return view_; }
  const std::shared_ptr<storage::mail::mailbox_cell>& cell() const noexcept { return cell_; }
  const imap::sequence_map& map() const noexcept { return map_; }

  /// UIDs that are \Recent for this session.
  const imap::number_ranges& recent() const noexcept { return recent_; }
  std::uint32_t recent_count() const;
  /// Number of the first message without \Seen, or 0.
  std::uint32_t first_unseen() const;

  /// Looks at the published view and writes what is new: changed flags, EXISTS, and EXPUNGE or
  /// VANISHED when `expunges` are allowed now. False when the mailbox was deleted.
  bool tell_news(imap::response_writer, bool expunges, const own_change* own = nullptr);
  /// False: changed flags are not told (NOTIFY without FlagChange).
  void want_flags(bool wanted) noexcept { want_flags_ = wanted; }
  /// Null: nobody. Must live as long as this, or be taken back.
  void observe(mailbox_observer* o) noexcept { observer_ = o; }
  /// Is there something that `tell_news` would look at?
  bool has_news() const { return cell_->view() != view_; }

  /// Announced rows with these UIDs.
  std::vector<imap::row_range> rows_of(const imap::number_ranges& uids) const;
  /// The client speaks of keywords by name: their bits now; unknown ones are left out.
  std::uint64_t bits_of(const imap::flag_list&) const;

private:
  struct flag_news {
    std::uint32_t row = 0; ///< in the present view
    std::uint64_t before = 0;
  };
  void compare(const storage::mail::mailbox_view& before, std::vector<std::uint32_t>& vanished,
               std::vector<flag_news>& changed) const;
  void claim_recent();
  void tell_observer(const std::vector<flag_news>& changed, std::uint32_t new_from) const;
  void tell_flags(imap::response_writer&, const std::vector<flag_news>&, std::uint32_t rows, const own_change*) const;

  std::shared_ptr<storage::mail::mailbox_cell> cell_;
  mailbox_view_ptr view_;
  imap::sequence_map map_;
  imap::number_ranges recent_;
  mailbox_observer* observer_ = nullptr;
  bool read_only_;
  bool with_recent_;
  bool want_flags_ = true;
  std::uint8_t may_;
  base::account_id owner_;
};

} // namespace rookery::actors
