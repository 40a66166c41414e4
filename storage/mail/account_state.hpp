/// One account in the shard's memory: its record, and what changed for those who look at its list.
#pragma once

#include "storage/mail/mailbox_view.hpp"
#include "storage/mail/records.hpp"

#include <list>
#include <memory>
#include <string>
#include <vector>

namespace rookery::storage::mail {

class mailbox_state;

struct account_state {
  base::account_id id;
  account_record record;
  bool dirty = false;    ///< waits for the next flush
  std::vector<mailbox_state*> dirty_mailboxes; ///< they too
  bool touched = false;  ///< waits for the next publish
  std::weak_ptr<account_cell> cell;
  std::list<account_state*>::iterator by_use;

  // Since the last publish, for an open cell:
  std::vector<std::string> removed_names;
  std::vector<base::mailbox_id> touched_mailboxes;
  std::vector<std::pair<std::string, bool>> subscriptions;
  std::vector<annotation_change> annotated;
  bool list_changed = false;

  /// RFC 9051 §2.3.1.1: a value that no mailbox of this account had before, seconds of
  /// the time where that is possible.
  std::uint32_t new_uid_validity(base::wall_time now);
  /// What INBOX gets when nobody made it: the same in the picture of a fresh account and
  /// later in its record, and different for each account.
  std::uint32_t implied_uid_validity() const;
};

/// Brings a sorted list up to date: takes names out, then enters or replaces.
void amend_list(account_view& view, std::vector<std::string> removed,
                std::vector<std::shared_ptr<const mailbox_status>> entered);

} // namespace rookery::storage::mail
