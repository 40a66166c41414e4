/// The INBOX as one POP3 session sees it: the mailbox's picture at login.
#pragma once

#include "actors/account/message_octets.hpp"
#include "protocols/pop3/maildrop.hpp"
#include "storage/mail/mailbox_view.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace rookery::actors {

struct maildrop_view {
  std::shared_ptr<storage::mail::mailbox_cell> cell;       ///< null: there is no INBOX yet
  std::shared_ptr<const storage::mail::mailbox_view> view; ///< null then, too

  /// Can it be listed without waiting for the disk?
  bool loaded() const noexcept;
  /// Sizes and unique ids ("UIDVALIDITY.UID") of all messages. Loads what is missing: may
  /// block on the disk unless `loaded`.
  pop3::maildrop list() const;
  /// After `list`.
  message_octets message(std::uint32_t index) const;
  /// Of the header with its empty line. After `list`.
  std::uint32_t header_octets(std::uint32_t index) const;
  /// The UIDs of these messages; `indexes` ascend.
  storage::mail::uid_ranges uids(const std::vector<std::uint32_t>& indexes) const;
};

} // namespace rookery::actors
