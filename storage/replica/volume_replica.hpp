/// A replica of a volume in use: its log, and machines that follow what the leader has released.
///
/// The folder has what a node's store has, without configuration: store.json, log/, spool/, mail-…,
/// chat-… (storage/node/node_store.hpp). It comes from a `copy_receiver`, or was this node's own
/// volume before. Machines apply only what the leader calls committed, so that no tree ever
/// has to go back; they flush as they go, so that a take-over replays little. After `close`, or after a
/// crash, `node_store::open` opens the folder.
///
/// Synchronous. Two threads may use it at a time: one writes the log (the replica's stream), another applies (`work`, which may take a
/// second or more); neither waits for the other but in `truncate_to`, `checkpoint` and `close`. After an error of anything
/// but `follow` it is closed and opened anew, by who knows that nobody is inside a call.
#pragma once

#include "storage/file/file_system.hpp"
#include "storage/mail/mail_machine.hpp"
#include "storage/replica/follower_log.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace rookery::storage {

struct volume_replica_settings {
  mail::mail_settings mail{.open_mailboxes_max = 256, .open_messages_max = 200'000, .text_cache_octets = 4u << 20};
  std::uint64_t apply_octets = 256u << 10;      ///< of the log that wait: then it is behind
  std::size_t unflushed_octets_max = 8u << 20;  ///< of a machine's changes in memory
  std::uint64_t replay_octets_max = 64u << 20;  ///< of the log that a take-over replays, about
  std::function<void()> working = {};           ///< called in `work` before machines are stepped; may be empty
  bool lock = true;                             ///< false: the caller has locked the folder (the node's own, with its configuration)
};

class volume_replica {
public:
  /// Opens the folder, ends what a crash left, and applies nothing that was not released: machines stay
  /// where they were until `committed`. Errors: not_found, conflict (somebody has it open), damaged, io.
  static base::result<std::unique_ptr<volume_replica>> open(const std::string& directory, const volume_replica_settings& = {});
  ~volume_replica();
  volume_replica(const volume_replica&) = delete;
  volume_replica& operator=(const volume_replica&) = delete;

  // The log: as follower_log.
  std::uint64_t epoch() const noexcept;
  base::result<void> follow(std::uint64_t epoch);
  /// `damaged`: machines have applied what is behind; only a new copy helps.
  base::result<void> truncate_to(log_position);
  /// Pieces as log_feed gives them. `invalid` for a frame that is malformed or does not follow.
  base::result<void> take(std::string_view frame);
  base::result<log_position> sync();

  /// The leader has released everything before `position`: `work` may apply it. Quick; in the thread that writes the log.
  void committed(log_position position);
  /// Enough waits to be worth some work.
  bool behind() const noexcept;
  /// So much that whoever takes more should wait for the work.
  bool far_behind() const noexcept;
  /// Applies all that is released, and removes segments that are gone at the leader. Some times a second, and when it is behind.
  base::result<void> work();
  /// Makes the trees durable as far as they are: replay begins here. For every half minute or so;
  /// by itself after `replay_octets_max`.
  base::result<void> checkpoint();

  // Where it stands; any thread, at once.
  log_position end() const noexcept;
  log_position durable() const noexcept;
  /// Machines have everything before it.
  log_position applied() const noexcept;
  /// Their trees have it durably.
  log_position flushed() const noexcept;
  std::uint64_t commands_applied() const noexcept;

  /// Applies what is released, makes the trees durable, and lets go of the folder.
  base::result<void> close();

private:
  class state;
  explicit volume_replica(std::unique_ptr<state>);
  std::unique_ptr<state> state_;
};

} // namespace rookery::storage
