/// What is remembered of a submitted message, so that its sender can recall it: gathered while the
/// commit group is made that accepts it, and part of that group.
///
/// One object a message and one thread. Does nothing for a message that is not to be remembered.
#pragma once

#include "actors/smtp/transaction.hpp"
#include "policy/recall/sent_record.hpp"
#include "storage/queue/command.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

class sent_note {
public:
  sent_note(const transaction&, const commit_facts&, const storage::body_id&);

  /// What follows is of the recipient that was accepted under this address.
  void begin(std::string address);
  /// Into a mailbox of the account.
  void stored(base::account_id);
  /// It waits in the spool under the message's own id, as that recipient.
  void queued(std::size_t number, const std::string& address);
  /// Which recipient that is now, for `queued_as`.
  std::size_t current() const noexcept { return record_.recipients.size(); }
  /// What was recipient `current` waits in the spool as that recipient of another message, made of this one.
  void queued_as(std::size_t current, const storage::queue::envelope&, std::size_t number);
  /// So many messages have come of forwarding by now; those that are new are this recipient's.
  void forwarded_until(std::size_t count);
  /// The message that came of forwarding as number `index`.
  void forwarded(std::size_t index, const storage::queue::envelope&);

  std::optional<storage::queue::put_note> note() const;

private:
  bool on_;
  std::uint64_t remembered_;
  recall::sent_record record_;
  std::vector<std::size_t> forwarded_for_;   ///< recipient of each message that came of forwarding
};

} // namespace rookery::actors
