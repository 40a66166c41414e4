/// The mail shard: accounts with their mailboxes and messages.
///
/// One thread at a time uses it (apply, publish, flush, open_*); what it publishes is read
/// from any thread. On disk: one tree (LevelDB directory); docs/formats/mail_tree.md.
/// Pictures that somebody still holds keep the tree open when the machine is gone.
#pragma once

#include "storage/mail/command.hpp"
#include "storage/mail/mailbox_view.hpp"
#include "storage/mail/share_table.hpp"
#include "storage/shard/machine.hpp"

#include <functional>
#include <memory>
#include <string>

namespace rookery::storage {
class tree;
}

namespace rookery::storage::mail {

struct mail_settings {
  std::size_t open_mailboxes_max = 4096;          ///< kept in memory beyond those that sessions hold
  std::size_t open_messages_max = 1'000'000;      ///< messages in them whose flags are kept in memory, 21 octets each
  std::size_t text_cache_octets = 64u << 20;      ///< shared by all pages of this machine
  std::size_t mailboxes_per_account_max = 100000;
  std::size_t vanished_kept_max = 100000;         ///< expunged UIDs remembered for a mailbox
};

class mail_machine : public machine {
public:
  static base::result<std::unique_ptr<mail_machine>> open(base::shard_id, std::unique_ptr<tree>, mail_settings);

  /// The account's list. An account that never had mail gets an INBOX in the picture; it
  /// becomes durable with the first command.
  virtual std::shared_ptr<account_cell> open_account(base::account_id) = 0;
  /// Null when there is no such mailbox.
  /// `reader`: a guest who looks at it, or 0 for the owner. He has a \Seen of his own if the mailbox says so.
  virtual std::shared_ptr<mailbox_cell> open_mailbox(base::account_id, base::mailbox_id, base::account_id reader = {}) = 0;
  /// The account's mailboxes that have \Recent messages, and how many (mailbox_cell::recent_from).
  virtual std::vector<std::pair<base::mailbox_id, std::uint32_t>> recent(base::account_id) = 0;

  /// Who has what for whom; the same object always.
  virtual std::shared_ptr<const share_table> shares() const = 0;
  /// Annotations of a mailbox, or of the account (mailbox 0): name and value, by name; `reader`'s private ones, or
  /// those that all see (0). Thread-safe; blocks on the disk.
  virtual std::vector<std::pair<std::string, std::string>> metadata(base::account_id, base::mailbox_id,
                                                                    base::account_id reader) const = 0;

  /// Every body reference in `segment`, for compaction and check; blocks.
  virtual void for_each_body(std::uint32_t segment,
                             const std::function<void(const body_ref&, base::account_id)>&) const = 0;
  /// Verifies records against each other (counts, quota, order of UIDs, references); gives one line a fault.
  virtual std::vector<std::string> check() const = 0;
};

} // namespace rookery::storage::mail
