/// The shape of everything that is replicated: commands in, records and notices out.
///
/// A machine is deterministic: no clock, no randomness, no pointer order inside;
/// times and ids come in the command. The same commands give the same records on
/// every replica and at every replay. One thread at a time uses a machine.
///
/// A machine keeps changed records in memory and writes them to its tree in one
/// batch (`flush`) together with the position it has reached: after a crash it is
/// opened at that position and the log's commands from there on are applied again.
#pragma once

#include "base/id.hpp"
#include "base/result.hpp"
#include "storage/log/commit_group.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rookery::storage {

class tree;

/// Why a command had no effect, or that it had. Numbers are not stored.
enum class outcome : std::uint8_t {
  done,
  already_done,       ///< the same delivery was applied before
  no_such_account,
  no_such_mailbox,
  no_such_record,
  mailbox_exists,
  not_allowed,        ///< e.g. deleting INBOX
  over_limit,         ///< a named bound of the machine
  conflict,           ///< the named version is not the current one
  malformed           ///< the payload cannot be read: a bug, or a newer version
};

/// What a command brought about. Which fields are filled depends on the command
/// (storage/mail/command.hpp, storage/queue, storage/directory say which).
struct command_result {
  outcome what = outcome::done;
  base::mailbox_id mailbox;               ///< the mailbox it concerned (destination of copies)
  std::uint32_t uid_validity = 0;         ///< of that mailbox
  std::uint64_t modseq = 0;               ///< given to the change
  std::uint64_t number = 0;               ///< version (configuration), queue number, count …
  std::vector<std::uint32_t> source_uids; ///< COPY, MOVE: what was copied, ascending
  std::vector<std::uint32_t> uids;        ///< assigned (append, copy, move), or changed, or expunged
  std::vector<std::uint32_t> refused_uids;///< STORE UNCHANGEDSINCE: changed meanwhile
};

/// Somebody may want to know: the account's list of mailboxes changed (mailbox 0),
/// or a mailbox did. Watchers compare the views they have with the published ones.
struct notice {
  base::account_id account;
  base::mailbox_id mailbox;
  auto operator<=>(const notice&) const = default;
};

/// Octets of bodies by segment.
using octets_by_segment = std::map<std::uint32_t, std::uint64_t>;

class machine {
public:
  virtual ~machine() = default;
  virtual base::shard_id shard() const = 0;
  /// Everything before this position is in the tree; replay begins here.
  virtual log_position flushed() const = 0;
  /// Everything before this position has been applied in memory.
  virtual log_position applied() const = 0;
  /// Applies one command. Never fails for reasons of the disk: reading a damaged or
  /// unreadable tree throws base::broken and the process ends.
  virtual command_result apply(const committed_command&) = 0;
  /// Whether applying it takes some microseconds, as a rule without a read from the disk:
  /// the log's thread may then do it itself instead of waking another.
  virtual bool quick(const committed_command&) const { return false; }
  /// Publishes immutable views of what was applied since the last call, and says
  /// what changed (sorted, without repeats). Called once a batch.
  virtual std::vector<notice> publish() = 0;
  /// Octets of changes that wait for `flush`.
  virtual std::size_t unflushed_octets() const = 0;
  /// Writes the changes and the reached position as one batch. `durable` also syncs:
  /// the checkpoint, after which the log before `flushed()` is not needed for commands.
  virtual base::result<void> flush(bool durable) = 0;
  /// What `flush` writes to; lives as long as the machine. Its `get` and `scan` may be called
  /// from any thread (backup).
  virtual const tree& records() const = 0;
  /// The references to bodies that were given up since the last call: what compaction looks at.
  virtual octets_by_segment take_lost_bodies() { return {}; }
};

} // namespace rookery::storage
