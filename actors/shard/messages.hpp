/// Messages on the durable path: what is to be written, and what came of it.
///
/// Local to a node: they carry shared pointers, not octets for a wire. The commit
/// group inside is what a cluster ships.
#pragma once

#include "base/id.hpp"
#include "base/result.hpp"
#include "storage/body/compactor.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/log/log_writer.hpp"
#include "storage/mail/mailbox_view.hpp"
#include "storage/queue/spool_machine.hpp"
#include "storage/shard/machine.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rookery::actors {

/// When the requester is answered: as soon as the group is on disk (SMTP's 250), or when
/// it was also applied and published (answers that carry results).
enum class ack : std::uint8_t { durable, applied };

/// The answer to a commit request. `token` is the requester's own.
struct commit_done {
  std::uint64_t token = 0;
  std::optional<base::error> error;                  ///< nothing of the group was written
  std::vector<storage::command_result> results;      ///< ack::applied: one a command, in order
};
using commit_done_ptr = std::shared_ptr<const commit_done>;

struct commit_request {
  storage::commit_group group;
  ack when = ack::applied;
  caf::strong_actor_ptr reply_to; ///< gets a commit_done_ptr; may be null
  std::uint64_t token = 0;
  std::size_t octets = 0;         ///< counted by the gate
  std::shared_ptr<void> keep;     ///< e.g. the spill file behind a body, open until written
};
using commit_request_ptr = std::shared_ptr<commit_request>;

/// Gathers the results of one group's commands from the shards that apply them.
class pending_results {
public:
  pending_results(caf::strong_actor_ptr to, std::uint64_t token, std::size_t commands)
      : to_(std::move(to)), answer_(std::make_shared<commit_done>()), left_(commands) {
    answer_->token = token;
    answer_->results.resize(commands);
  }
  /// The answer, once the last result is in.
  commit_done_ptr put(std::size_t index, storage::command_result r) {
    answer_->results[index] = std::move(r);
    return left_.fetch_sub(1, std::memory_order_acq_rel) == 1 ? answer_ : nullptr;
  }
  const caf::strong_actor_ptr& to() const noexcept { return to_; }

private:
  caf::strong_actor_ptr to_;
  std::shared_ptr<commit_done> answer_;
  std::atomic<std::size_t> left_;
};

/// Committed commands of one shard, in log order.
struct apply_batch {
  struct item {
    storage::committed_command command;
    std::shared_ptr<pending_results> reply; ///< null: nobody waits
    std::size_t index = 0;                  ///< in the reply
  };
  std::vector<item> items;
};
using apply_batch_ptr = std::shared_ptr<apply_batch>;

/// A session has this while it is logged in to an account.
struct account_handles {
  caf::actor account;                                      ///< the account's actor
  std::shared_ptr<storage::mail::account_cell> cell;
};
/// What a session asks its account's actor to tell it. Shared by the two: `signaled`
/// keeps at most one notice under way, however fast mail comes.
struct account_watch {
  std::atomic<std::uint32_t> mailbox{0};      ///< the selected one; 0: only the list
  std::atomic<bool> signaled{false};          ///< cleared by the session when it looks
  std::atomic<bool> maildrop_lock{false};     ///< POP3 holds the INBOX
  bool guest = false;                         ///< of another account: closing this one does not end it
  std::string protocol;                       ///< "imap", "pop3", "smtp": for the operator
  std::string session_id;
};
/// To a mail shard's actor; answered with account_handles. With a watch the session is
/// told of changes until it sends unwatch_account to the account's actor or ends.
struct open_account {
  base::account_id account;
  caf::actor session;
  std::shared_ptr<account_watch> watch; ///< may be null
};
/// To a mail shard's actor; answered with opened_mailbox.
struct open_mailbox {
  base::account_id account;
  base::mailbox_id mailbox;
  base::account_id reader{}; ///< a guest, or 0 for the owner
};
struct opened_mailbox {
  std::shared_ptr<storage::mail::mailbox_cell> cell; ///< null: no such mailbox
};

/// To a mail shard's actor: the account's list, for one that is no session. Answered with seen_account.
struct look_at_account {
  base::account_id account;
};
struct seen_account {
  std::shared_ptr<storage::mail::account_cell> cell;
};

/// To a mail shard's actor: annotations of mailboxes (0: of the account); answered with found_metadata.
struct find_metadata {
  base::account_id account;
  std::vector<base::mailbox_id> mailboxes;
  base::account_id reader; ///< whose private ones
};
struct found_metadata {
  using entries = std::vector<std::pair<std::string, std::string>>; ///< name and value: private ones, then shared
  std::shared_ptr<const std::vector<entries>> of;                   ///< for each mailbox that was asked for
};
/// To a mail shard's actor; answered with recent_counts.
struct count_recent {
  base::account_id account;
};
struct recent_counts {
  /// By mailbox; those without any are left out.
  std::shared_ptr<const std::unordered_map<std::uint32_t, std::uint32_t>> counts;
};

/// From a shard's actor to the account's.
struct watch_account {
  caf::actor session;
  std::shared_ptr<account_watch> watch;
};
struct unwatch_account {
  std::shared_ptr<account_watch> watch;
};
/// Something changed: look at the published views.
struct account_changed {};

/// To a mail shard's actor, without an answer: this session acts for the account and wants to know
/// when it must not any more. Like watch_account, but nothing is opened or loaded.
struct join_account {
  base::account_id account;
  caf::actor session;
  std::shared_ptr<account_watch> watch;
};
/// The account was removed, may not log in any more, or has another password: its sessions end. To
/// its shard's actor, from there to the account's. Sent after the new directory was published: who
/// joins later looks there himself.
struct end_sessions {
  base::account_id account;
};
/// To a mail shard's actor, from there to the actors of all accounts in use: sessions of whom `refused` says so end.
struct end_quiet_sessions {
  std::shared_ptr<const std::function<bool(base::account_id, std::string_view protocol)>> refused; ///< any thread
};
/// From the account's actor to each session.
struct account_closed {
  bool quiet = false; ///< the quiet hours of its domain have begun
};

/// POP3: one session at a time may hold the maildrop. Answered with bool.
struct lock_maildrop {
  std::shared_ptr<account_watch> watch;
};

/// From the shard to an account's actor.
struct account_notices {
  std::vector<base::mailbox_id> mailboxes; ///< 0 = the list
};
/// From an account's actor to its shard: nobody is here any more.
struct account_idle {
  base::account_id account;
  std::uint64_t watches_seen = 0; ///< of all that the shard has handed over; else one is on its way
};

/// To the spool's actor: tell `watcher` from now on what changes. Answered with spool_watched; what was
/// applied before the answer is in the view, what comes after it is told. One watcher: the last.
struct watch_spool {
  caf::actor watcher;
};
struct spool_watched {};
/// From the spool's actor to its watcher: what a batch changed. Comes before the answers to the
/// commits of that batch leave; the view shows at least as much.
struct spool_changed {
  std::shared_ptr<const std::vector<storage::queue::spool_change>> changes;
};

/// To the spool's actor or a mail shard's: who refers into this segment? Answered with segment_bodies.
struct list_bodies {
  std::uint32_t segment = 0;
};
struct segment_bodies {
  std::shared_ptr<const std::vector<storage::live_body>> bodies;
};
/// To the spool's actor or a mail shard's: which segments lost how much since the last question?
/// Answered with lost_bodies.
struct get_lost_bodies {};
struct lost_bodies {
  std::shared_ptr<const storage::octets_by_segment> octets;
};
/// To the log's actor; answered with log_segments.
struct list_segments {};
struct log_segments {
  std::shared_ptr<const std::vector<storage::segment_info>> segments;
  storage::log_position end; ///< every command before it is in its machine's mailbox
};
/// To the log's actor: no machine needs a command before `position` any more; replay begins there.
/// Answered with the position (packed) behind the note, 0 when it failed.
struct note_needed_from {
  storage::log_position position;
};
/// To the log's actor: the caller vouches that nothing refers to it. Answered with bool.
struct remove_segment {
  std::uint32_t segment = 0;
};
/// To the log's actor: end the current segment, so that all records before lie in sealed ones. Answered with bool.
struct seal_segment {};

/// To the log's actor: free disk space below which mail is refused, in octets.
struct set_reserve {
  std::uint64_t octets = 0;
};

/// To any machine's actor: write what waits. Answered with the position (packed) when durable,
/// with an error while the disk is full.
struct flush_now {
  bool durable = true;
};

/// To any machine's actor: verify the records against each other. Answered with found_faults;
/// holds the shard meanwhile.
struct find_faults {};
struct found_faults {
  std::shared_ptr<const std::vector<std::string>> lines; ///< none: all is well
};
/// To any machine's actor: the tree it writes, to be read from another thread (backup).
struct get_records {};
struct machine_records {
  const storage::tree* tree = nullptr;      ///< lives until the process ends
  std::uint32_t shard = 0;
};

/// To the maintenance actor: copy the whole store into a new directory. Answered with backup_done;
/// nothing is removed or rewritten meanwhile, mail goes on.
struct make_backup {
  std::string data_directory, to;
};
struct backup_done {
  std::optional<base::error> error;
  std::uint64_t octets = 0;
};

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::find_metadata)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::found_metadata)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::find_faults)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::found_faults)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::get_records)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::machine_records)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::make_backup)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::backup_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::commit_request_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::commit_done_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::apply_batch_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::account_handles)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::open_account)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::open_mailbox)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::look_at_account)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::seen_account)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::opened_mailbox)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::count_recent)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::recent_counts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::watch_account)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::unwatch_account)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::account_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::lock_maildrop)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::account_notices)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::account_idle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::join_account)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::end_sessions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::end_quiet_sessions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::account_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::flush_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::watch_spool)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::spool_watched)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::spool_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::list_bodies)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::segment_bodies)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::get_lost_bodies)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::lost_bodies)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::list_segments)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::log_segments)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::note_needed_from)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::remove_segment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::seal_segment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::set_reserve)
