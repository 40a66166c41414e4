/// Everything durable of a node, opened: the log and the machines, brought to the log's end.
///
/// The data directory:
///   store.json      what the store is: format, node, number of mail shards, identity (made once)
///   sealing.key     what passwords for other servers are sealed with (storage/node/sealing_key.hpp)
///   lock            held while open: two programs never share a store
///   log/            segments of mail, spool and chat
///   config-log/     segments of the configuration (storage/node/config_log.hpp)
///   config/ spool/ mail-0002/ … chat-0004/ …   one tree a machine
///   room            48 MiB that a start on a full disk gives up, so that the trees can be opened
///   spill/          large messages while they arrive; emptied at open
///
/// A copy of another node's volume has neither `config/` nor `config-log/`: the configuration is the process's.
///
/// Synchronous, one thread; a running server moves the parts into their actors.
#pragma once

#include "base/result.hpp"
#include "storage/chat/chat_machine.hpp"
#include "storage/directory/config_machine.hpp"
#include "storage/file/file_system.hpp"
#include "storage/log/log_writer.hpp"
#include "storage/mail/mail_machine.hpp"
#include "storage/node/config_log.hpp"
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
  std::uint32_t format = 3;      ///< 1 had no chat shards; 1 and 2 had the configuration in the node's log; mended when opened to be written
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
  bool configuration = true;     ///< false: the store is a volume without one, or its own is left alone
  bool volume = true;            ///< false: the configuration alone; not of a store of format 1 or 2
  bool locked = false;           ///< who opens has the lock already, with the other part of the store
};

/// All machines of a store, and where it is.
struct node_machines {
  store_identity identity;
  std::string directory;
  std::unique_ptr<directory::config_machine> config;       ///< null: a volume without configuration
  std::unique_ptr<queue::spool_machine> spool;             ///< null: the configuration alone
  std::shared_ptr<const base::secret_box> secrets;
  std::vector<std::unique_ptr<mail::mail_machine>> mail;   ///< number first_mail_shard + index
  std::vector<std::unique_ptr<chat::chat_machine>> chat;   ///< number first_chat_shard + index
  std::uint64_t replayed = 0;                              ///< commands applied again at open

  std::vector<machine*> machines() const;   ///< by shard number; null where the store was opened without it
  std::string log_directory() const { return directory + "/log"; }
  std::string config_log_directory() const { return storage::config_log_directory(directory); }
  /// Its commands are in a log of their own.
  bool config_apart() const noexcept { return identity.format >= config_log_format; }

  /// Opens each machine on the tree that `open_tree` gives for its directory, of those parts that are wanted.
  base::result<void> open_machines(const std::function<base::result<std::unique_ptr<tree>>(const std::string& directory)>& open_tree,
                                   const mail::mail_settings&, bool configuration = true, bool volume = true);
  /// Applies what the trees do not have yet. `end`: of the log; `until`: as in `replay`.
  base::result<void> replay_log(log_position end, std::optional<log_position> until = std::nullopt);
  /// The same for the log of the configuration, where it has one.
  base::result<void> replay_config_log(log_position end, std::optional<log_position> until = std::nullopt);

private:
  base::result<void> replay_into(const std::string& log, const std::vector<machine*>& by_shard, log_position end, std::optional<log_position> until);
};

/// What the store in `directory` is. Errors: not_found, damaged, unsupported (made by a newer program).
base::result<store_identity> read_store_identity(const std::string& directory);
/// Keeps others from the store: the descriptor of the lock, closed by the caller. `conflict` when somebody has it.
/// With `make` the lock's file is made; else -1 is given when there is none.
base::result<int> lock_store(const std::string& directory, bool make);

struct node_store : node_machines {
  std::unique_ptr<log_writer> log;
  std::unique_ptr<log_writer> config_log; ///< null with `config`
  int lock = -1;

  node_store() = default;
  ~node_store();

  std::string spill_directory() const { return directory + "/spill"; }

  /// Makes the store when the directory has none and `create`. Errors say what a person can do.
  static base::result<std::unique_ptr<node_store>> open(const std::string& directory, bool create,
                                                        const node_store_settings& = {});

  /// For offline work (init, tests): commits the group, applies it, and gives one result a command.
  /// A group changes the configuration or something else, never both.
  base::result<std::vector<command_result>> commit(const commit_group&);
  /// Flushes all machines durably: the next open replays nothing.
  base::result<void> checkpoint();
};

} // namespace rookery::storage
