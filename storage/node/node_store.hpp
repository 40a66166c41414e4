/// Everything durable of a node, opened: the log and the machines, brought to the log's end.
///
/// The data directory:
///   store.json      what the store is: format, node, number of mail shards, identity (made once)
///   sealing.key     what passwords for other servers are sealed with (storage/node/sealing_key.hpp)
///   lock            held while open: two programs never share a store
///   log/            segments
///   config/ spool/ mail-0002/ … chat-0004/ …   one tree a machine
///   room            48 MiB that a start on a full disk gives up, so that the trees can be opened
///   spill/          large messages while they arrive; emptied at open
///
/// Synchronous, one thread; a running server moves the parts into their actors.
#pragma once

#include "base/result.hpp"
#include "storage/chat/chat_machine.hpp"
#include "storage/directory/config_machine.hpp"
#include "storage/file/file_system.hpp"
#include "storage/log/log_writer.hpp"
#include "storage/mail/mail_machine.hpp"
#include "storage/node/sealing_key.hpp"
#include "storage/queue/spool_machine.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rookery::storage {

/// Fixed when the store is made.
struct store_identity {
  std::uint32_t format = 2;      ///< 1 had no chat shards; they are added when it is opened to be written
  std::uint32_t node = 1;
  std::uint32_t mail_shards = 2;
  std::uint32_t chat_shards = 0; ///< behind the mail shards
  std::string uuid;              ///< 32 hex digits

  std::uint32_t first_chat_shard() const noexcept { return first_mail_shard + mail_shards; }
};

/// Where the tree of a shard's machine lies: config, spool, mail-0002 …, chat-0004 ….
std::string machine_directory(const std::string& data_directory, const store_identity&, std::uint32_t shard);

struct node_store_settings {
  std::uint32_t mail_shards = 2; ///< when a store is made
  std::uint32_t chat_shards = 2; ///< when a store is made, or one of format 1 is opened
  log_settings log;
  mail::mail_settings mail;
};

/// All machines of a store, and where it is.
struct node_machines {
  store_identity identity;
  std::string directory;
  std::unique_ptr<directory::config_machine> config;
  std::unique_ptr<queue::spool_machine> spool;
  std::shared_ptr<const base::secret_box> secrets;
  std::vector<std::unique_ptr<mail::mail_machine>> mail;   ///< number first_mail_shard + index
  std::vector<std::unique_ptr<chat::chat_machine>> chat;   ///< number first_chat_shard + index
  std::uint64_t replayed = 0;                              ///< commands applied again at open

  std::vector<machine*> machines() const;   ///< by shard number
  std::string log_directory() const { return directory + "/log"; }

  /// Opens each machine on the tree that `open_tree` gives for its directory.
  base::result<void> open_machines(const std::function<base::result<std::unique_ptr<tree>>(const std::string& directory)>& open_tree,
                                   const mail::mail_settings&);
  /// Applies what the trees do not have yet. `end`: of the log; `until`: as in `replay`.
  base::result<void> replay_log(log_position end, std::optional<log_position> until = std::nullopt);
};

/// What the store in `directory` is. Errors: not_found, damaged, unsupported (made by a newer program).
base::result<store_identity> read_store_identity(const std::string& directory);
/// Keeps others from the store: the descriptor of the lock, closed by the caller. `conflict` when somebody has it.
/// With `make` the lock's file is made; else -1 is given when there is none.
base::result<int> lock_store(const std::string& directory, bool make);

struct node_store : node_machines {
  std::unique_ptr<log_writer> log;
  int lock = -1;

  node_store() = default;
  ~node_store();

  std::string spill_directory() const { return directory + "/spill"; }

  /// Makes the store when the directory has none and `create`. Errors say what a person can do.
  static base::result<std::unique_ptr<node_store>> open(const std::string& directory, bool create,
                                                        const node_store_settings& = {});

  /// For offline work (init, tests): commits the group, applies it, and gives one result a command.
  base::result<std::vector<command_result>> commit(const commit_group&);
  /// Flushes all machines durably: the next open replays nothing.
  base::result<void> checkpoint();
};

} // namespace rookery::storage
