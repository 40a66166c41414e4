/// What a host can reach: the handles and published pictures of this node.
///
/// Made once at start (server/serve), lives until the process ends; members are set
/// before the first connection is accepted and do not change after. Everything here
/// may be used from any thread.
#pragma once

#include "actors/config/settings.hpp"
#include "actors/directory/login.hpp"
#include "actors/shard/commit_gate.hpp"
#include "actors/shard/messages.hpp"
#include "actors/system/published.hpp"
#include "actors/system/worker_pool.hpp"
#include "base/clock.hpp"
#include "base/crypto/secret_box.hpp"
#include "policy/archiving/archive_rule.hpp"
#include "policy/delivery/delivery_view.hpp"
#include "policy/routing/directory_view.hpp"
#include "storage/body/body_reader.hpp"
#include "storage/chat/owner.hpp"
#include "storage/directory/config_table.hpp"
#include "storage/mail/share_table.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::chat {
class chat_view;
}
namespace rookery::storage::queue {
class spool_machine;
}
namespace rookery::storage::directory {
class config_machine;
}
namespace rookery::smtp::dsn {
class text_book;
}

namespace rookery::actors {

struct search_service;

class sent_today;

struct node {
  caf::actor_system* system = nullptr;
  const base::clock* clock = &base::system_clock();
  std::string host_name;                      ///< greetings, Received, message ids
  std::string data_directory;
  std::string version;
  base::instant started{};

  caf::actor log;                             ///< log_actor; use `commit`
  std::shared_ptr<commit_gate> gate = std::make_shared<commit_gate>();
  std::vector<caf::actor> machines;           ///< by shard number: configuration, spool, mail shards, chat shards
  std::uint32_t mail_shards = 1;
  std::vector<std::shared_ptr<const storage::mail::share_table>> shares; ///< of each mail shard

  std::vector<std::shared_ptr<const storage::chat::chat_view>> chat;     ///< of each chat shard; may block
  std::shared_ptr<storage::body_reader> bodies;
  std::shared_ptr<storage::directory::config_cell> config;
  std::shared_ptr<published<routing::directory_view>> directory;
  std::shared_ptr<published<config::settings>> settings;
  std::shared_ptr<published<delivery::delivery_view>> delivery; ///< queues, routes, host logins
  std::shared_ptr<published<archiving::archive_book>> archives; ///< may be null: nothing is archived
  std::shared_ptr<published<smtp::dsn::text_book>> report_texts; ///< null, or nothing in it: the built-in ones
  const storage::queue::spool_machine* spool = nullptr;  ///< for its thread-safe reads
  const storage::directory::config_machine* configuration = nullptr; ///< for its history
  caf::actor resolver;                        ///< dns_question
  caf::actor fetcher;                         ///< http_fetch
  caf::actor sts;                             ///< sts_question
  caf::actor tls_counter;                     ///< tls_session_seen (actors/tlsrpt/counter_actor.hpp)
  caf::actor tls_reporter;                    ///< send_tls_reports (actors/tlsrpt/reporter_actor.hpp)
  caf::actor mailbox_keeper;                  ///< tidy_mailboxes, restore_mailboxes (actors/mailboxes/keeper.hpp)
  caf::actor dispatch;                        ///< what waits to leave (actors/queue/dispatch_actor.hpp)
  std::shared_ptr<search_service> search;     ///< actors/search; null: searches read messages
  std::shared_ptr<login_service> login;
  std::shared_ptr<login_trust> trust;         ///< authorities of client certificates, keys of tokens
  std::shared_ptr<sent_today> sent;           ///< what accounts have sent today (actors/account/sent_today.hpp)
  std::shared_ptr<const base::secret_box> secrets; ///< opens passwords for other servers
  std::shared_ptr<worker_pool> readers;       ///< blocking reads, long searches
  std::shared_ptr<worker_pool> passwords;     ///< slow hashes
  std::atomic<bool> draining{false};
  caf::actor verifier;                        ///< verify_recipient (actors/queue/verifier_actor.hpp)

  base::shard_id shard_of(base::account_id a) const noexcept {
    // What was removed from an account (mail::removed_of) is where the account is.
    return base::shard_id{storage::first_mail_shard + static_cast<std::uint32_t>((a.value & ~(std::uint64_t{1} << 63)) % mail_shards)};
  }
  /// `owner`: storage/chat/owner.hpp.
  base::shard_id chat_shard_of(std::string_view owner) const noexcept {
    return base::shard_id{storage::first_mail_shard + mail_shards + storage::chat::shard_index(owner, static_cast<std::uint32_t>(chat.size()))};
  }
  const storage::chat::chat_view& chat_of(std::string_view owner) const {
    return *chat[storage::chat::shard_index(owner, static_cast<std::uint32_t>(chat.size()))];
  }
  const caf::actor& shard_actor(base::account_id a) const { return machines[shard_of(a).value]; }

  /// A commit on behalf of a connection: it gets a commit_done_ptr with the same token.
  /// False: answer "try later", nothing was sent.
  bool commit(net::connection& from, storage::commit_group group, ack when, std::uint64_t token,
              std::shared_ptr<void> keep = nullptr) const;

  /// Grows over restarts; unique on this node.
  base::message_id next_message_id();

private:
  std::atomic<std::uint64_t> last_message_id_{0};
};

} // namespace rookery::actors
