/// A mailbox that shows messages of an account's other mailboxes: all that are unread, or all that are flagged.
///
/// Composed of pictures: a page here has UIDs of its own and the slots and the `source` of a page there, so that what
/// reads columns and bodies does not know the difference. A session makes one at each SELECT and feeds it mailboxes;
/// UIDs are valid for that selection alone. `look` and all that changes it belong to the session's thread; `view` and
/// `find_message` to any. A message that stops matching stays until the next SELECT; one that is expunged goes.
///
/// Cost of `look`: that of the pages that changed, and of the pages shown.
///
/// Source: RFC 6154 §2 (\Flagged), RFC 4315 §2 (UIDNOTSTICKY).
#pragma once

#include "storage/mail/mailbox_view.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::actors {

enum class virtual_kind : std::uint8_t { unread, flagged };

struct virtual_limits {
  std::uint32_t messages = 100'000;      ///< shown at once; beyond it the newest of each mailbox, the larger giving way
  std::uint32_t uids = 1'000'000;        ///< given in one selection; beyond it nothing new is shown until the next
  std::size_t mailboxes = 1'000;         ///< that one shows messages of, INBOX first, then by name
};

/// Neither a mailbox nor an account's list has these numbers.
base::mailbox_id virtual_id(virtual_kind) noexcept;

/// Which of the two a name means; `parent` is the setting mailboxes.virtual. An own mailbox of that name hides it.
std::optional<virtual_kind> virtual_named(std::string_view parent, std::string_view name,
                                          const storage::mail::account_view& all);
std::string virtual_name(std::string_view parent, virtual_kind);
/// False: the setting names no level.
bool is_virtual_parent(std::string_view parent) noexcept;

/// Mailboxes whose messages one may show: with messages that may match, neither \Trash nor \Junk nor below those; and
/// how many were left out for the limit.
struct virtual_sources {
  std::vector<base::mailbox_id> mailboxes;
  std::size_t left_out = 0;
};
virtual_sources sources_of(virtual_kind, const storage::mail::account_view&, const virtual_limits&);

/// What its STATUS says of the unread ones without opening anything.
std::uint32_t unread_in(const storage::mail::account_view&, const virtual_limits&);

/// Larger than all before in this process.
std::uint32_t next_virtual_validity(base::wall_time now);

class virtual_mailbox final : public storage::mail::mailbox_cell {
public:
  virtual_mailbox(virtual_kind, std::string name, std::uint32_t uid_validity, virtual_limits limits = {});

  /// Messages of this mailbox are shown from the next `look` on. Null: it cannot be had, and is not asked for again.
  void add(base::mailbox_id, std::shared_ptr<storage::mail::mailbox_cell>);
  bool has(base::mailbox_id) const noexcept;
  void look() override;

  virtual_kind kind() const noexcept { return kind_; }
  const virtual_limits& limits() const noexcept { return limits_; }
  /// Messages that match and are not shown because of the limits, at the last `look` that left some out.
  std::uint64_t left_out() const noexcept { return left_out_; }

  /// Where messages are: UIDs of one mailbox, and theirs here, in the same order.
  struct part {
    base::mailbox_id mailbox;
    std::vector<std::uint32_t> uids;       ///< there, ascending
    std::vector<std::uint32_t> shown_as;   ///< here
  };
  /// `uids`: here, as ranges; those that are not shown any more are left out. A part for each mailbox concerned.
  std::vector<part> parts_of(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& uids) const;

  found_message find_message(std::uint32_t uid) const override;
  /// Nobody is told of what vanished before he selected it.
  storage::mail::vanished_uids vanished_since(std::uint64_t, std::size_t) const override { return {{}, false}; }

private:
  using page_ptr = std::shared_ptr<const storage::mail::page>;
  using view_ptr = std::shared_ptr<const storage::mail::mailbox_view>;
  struct source {
    base::mailbox_id id;
    std::shared_ptr<storage::mail::mailbox_cell> cell;
    view_ptr seen;                              ///< null: not looked at yet
    std::vector<std::uint64_t> keyword_bits;    ///< here, of each keyword there; 0: no room
    std::vector<std::uint32_t> shown;           ///< its UIDs that are in the picture, ascending
  };
  struct shown_page {
    std::uint32_t from = 0;                     ///< index in sources_
    page_ptr real, here;
  };
  struct place {
    std::uint32_t from = 0, uid = 0;            ///< in which mailbox, and its UID there
  };
  struct match {
    std::uint32_t from = 0, page = 0, row = 0;  ///< of what was seen of that mailbox last
  };

  bool matches(std::uint64_t flags) const noexcept;
  bool translate_keywords(source&, const storage::mail::mailbox_view&);
  std::uint64_t flags_here(const source&, std::uint64_t flags) const noexcept;
  void look_at(std::uint32_t from, view_ptr now, std::vector<match>& fresh);
  void renew(std::uint32_t from, const std::vector<const storage::mail::page*>& changed, const storage::mail::mailbox_view& now);
  void append(std::vector<match> fresh);
  void drop_beyond_limit(std::vector<match>&);
  void compose();

  const virtual_kind kind_;
  const virtual_limits limits_;
  storage::mail::mailbox_status status_;
  std::vector<std::string> keywords_;
  std::vector<source> sources_;
  std::vector<std::uint32_t> known_;            ///< their numbers, ascending
  std::vector<shown_page> pages_;               ///< ascending UIDs here
  std::uint32_t messages_ = 0;
  std::uint64_t left_out_ = 0;
  bool changed_ = true;

  mutable std::mutex lock_;                     ///< for what find_message reads:
  std::vector<place> places_;                   ///< of UID 1 and on; never shrinks
  std::vector<std::shared_ptr<storage::mail::mailbox_cell>> cells_; ///< of sources_
};

} // namespace rookery::actors
