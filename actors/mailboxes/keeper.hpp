/// What happens to mailboxes without a client: messages that expire by rules of the operator, what was removed and is
/// restored or goes for good. One actor a node.
///
/// Once a night it looks at the accounts whom a rule concerns, one after the other; so a night's work holds little memory
/// and disturbs nobody. Everything it changes is a command in the log. A crash ends the round; the next night begins anew.
#pragma once

#include "actors/node.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rookery::actors {

/// Do now what is done at night; answered with tidied_mailboxes. `try_later` while another round runs.
struct tidy_mailboxes {
  std::string rule;      ///< only this one, and nothing of what was removed; "": all
  bool pretend = false;  ///< only count
};
struct tidied_mailboxes {
  std::uint64_t accounts = 0;  ///< looked at
  std::uint64_t mailboxes = 0; ///< of which messages went
  std::uint64_t messages = 0;
  std::uint64_t forgotten = 0; ///< removed messages that cannot be restored any more
  std::uint64_t failed = 0;    ///< mailboxes that could not be read or changed; the log says why
};

/// Mailboxes of an account; answered with mailbox_list. `removed`: those of what was removed and can be restored.
struct list_mailboxes {
  base::account_id account;
  bool removed = false;
};
struct mailbox_row {
  std::shared_ptr<const storage::mail::mailbox_status> status;
  base::wall_time oldest{}, newest{}; ///< of what was removed: when
};
struct mailbox_list {
  std::shared_ptr<const std::vector<mailbox_row>> rows; ///< by name
};

/// Mailboxes as they were at a moment, as far as that is known: what was removed since comes back. Answered with
/// restored_mailboxes.
struct restore_mailboxes {
  base::account_id account;
  std::string mailbox;        ///< only this one; "": all
  base::wall_time as_of{};
  bool pretend = false;
};
struct restored_mailboxes {
  struct row {
    std::string mailbox;
    std::uint64_t messages = 0;
  };
  std::shared_ptr<const std::vector<row>> rows;
  std::uint64_t failed = 0;   ///< mailboxes that could not be read or changed
};

/// `node` must outlive it.
caf::actor spawn_mailbox_keeper(caf::actor_system&, node&);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::tidy_mailboxes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::tidied_mailboxes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::list_mailboxes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::mailbox_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::restore_mailboxes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::restored_mailboxes)
