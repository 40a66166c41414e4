/// What the administration needs of a node: a running one, or a store that is open offline.
#pragma once

#include "actors/config/settings.hpp"
#include "actors/transfer/transfer_order.hpp"
#include "actors/xmpp/chat_order.hpp"
#include "actors/xmpp/rooms/room_order.hpp"
#include "base/clock.hpp"
#include "base/crypto/secret_box.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "policy/routing/directory_view.hpp"
#include "protocols/json/value.hpp"
#include "protocols/sasl/server_exchange.hpp"
#include "storage/directory/config_machine.hpp"
#include "storage/directory/config_table.hpp"
#include "storage/mail/command.hpp"
#include "storage/mail/mailbox_view.hpp"
#include "storage/queue/command.hpp"
#include "storage/queue/spool_machine.hpp"
#include "storage/shard/machine.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::admin {

struct node_facts {
  std::string host_name;
  std::string version;
  std::uint32_t node = 1;
  base::wall_time started{};
  std::uint32_t connections = 0;
  bool draining = false;
  std::uint64_t sent = 0;                             ///< messages that other servers took since the start
  std::chrono::nanoseconds sent_unrecorded{0};        ///< sum of the times from their answers until those were durable
};

/// About the servers that mail waits for.
struct destination_question {
  enum class verb : std::uint8_t { list, pause, resume, retry };
  verb what = verb::list;
  std::string destination;      ///< all but list
  std::string because;          ///< pause
  std::string after;            ///< list
  std::size_t max = 100;
};

/// About the people who chat.
struct chat_question {
  enum class verb : std::uint8_t { sessions, kick, announce, streams, end_streams };
  verb what = verb::sessions;
  std::string address;          ///< kick: of an account, or with a resource; sessions: empty is everybody; end_streams: a domain or a session
  std::string domain;           ///< announce: empty is every domain
  std::string text;             ///< announce, and why somebody is kicked
};

/// Each answer function is called exactly once, in the caller's thread: at once, or later.
class node_access {
public:
  using committed = std::function<void(base::result<storage::command_result>)>;
  using all_committed = std::function<void(base::result<std::vector<storage::command_result>>)>;
  using task = std::function<base::result<json::value>()>;
  using task_done = std::function<void(base::result<json::value>)>;

  virtual ~node_access() = default;
  virtual std::shared_ptr<const storage::directory::config_table> table() const = 0;
  virtual std::shared_ptr<const config::settings> values() const = 0;
  /// Newest first.
  virtual std::vector<storage::directory::history_entry> history(std::size_t max) const = 0;
  /// Null when this node has no spool open.
  virtual std::shared_ptr<const storage::queue::spool_view> spool() const = 0;
  /// What seals passwords for other servers; null: none can be kept.
  virtual const base::secret_box* secrets() const = 0;
  virtual base::wall_time now() const = 0;
  virtual node_facts facts() const = 0;

  /// Answered when applied and published: `table()` shows it then.
  virtual void change_config(storage::directory::config_command, committed) = 0;
  virtual void change_spool(storage::queue::command, committed) = 0;
  /// Together or not at all; a result for each, in their order.
  virtual void change_spool_together(std::vector<storage::queue::command>, all_committed) = 0;
  /// {"items": […]} for list; else {"messages": N}, how many wait there. A pause outlives a restart.
  virtual void destinations(destination_question, task_done) = 0;
  /// Accounts and aliases as the table has them.
  virtual std::shared_ptr<const routing::directory_view> directory() const;
  /// The account's mailboxes. Only a running node has them.
  using mailboxes_found = std::function<void(base::result<std::shared_ptr<const storage::mail::account_view>>)>;
  virtual void mailboxes_of(base::account_id, mailboxes_found);
  /// Commands of one account's shard, together or not at all; answered when applied and published.
  virtual void change_mail(base::account_id, std::vector<storage::mail::any_command>, all_committed);
  /// The account is gone: so is its mail, and its chat.
  virtual void drop_mail(base::account_id, committed) = 0;
  /// Runs what blocks (reading the spool, hashing, checking) away from the caller's thread.
  virtual void in_worker(task, task_done) = 0;

  // These block and are called in a worker only.
  /// Up to `octets` of a message's content; fewer only at its end.
  virtual base::result<std::string> content(const storage::body_ref&, std::uint32_t offset, std::size_t octets) = 0;
  virtual base::result<json::value> check() = 0;                             ///< {"faults": [...], …}
  virtual base::result<json::value> backup(const std::string& directory) = 0;
  virtual base::result<json::value> certificates() = 0;
  virtual base::result<json::value> reload_certificates() = 0;
  /// Chat rooms: what is asked for, or the room as it is then.
  virtual base::result<json::value> rooms(const actors::room_order&) {
    return base::fail(base::error_kind::unsupported, "this server does not run");
  }
  /// Archives, files and messages of chat: what is asked for, or what came of it.
  virtual base::result<json::value> chat_work(const actors::chat_order&) {
    return base::fail(base::error_kind::unsupported, "this server does not run");
  }
  virtual base::result<json::value> trace(const std::string& id) = 0;        ///< {"lines": [...]}

  /// Sends the reports about TLS of a day ("2026-11-21") that are not sent yet, now: {"domains", "reports", …}.
  virtual void send_tls_reports(std::string, task_done done) {
    done(base::fail(base::error_kind::unsupported, "this server does not run"));
  }

  /// Members that say how a collection from elsewhere is doing; null: nothing is known of it.
  virtual json::value collection_state(std::uint64_t) const { return {}; }
  /// Runs it now. False: this node does not run.
  virtual bool collect(std::uint64_t) { return false; }

  /// {"items": […]}: mailboxes of an account; or, of what was removed from them and can be restored.
  virtual void mailboxes(base::account_id, bool removed, task_done done);
  /// What was removed after a moment comes back, into one mailbox or ("") all: {"items": […], "failed": N}.
  virtual void restore(base::account_id, std::string mailbox, base::wall_time as_of, bool pretend, task_done done);
  /// What is done at night, now: {"accounts", "mailboxes", "messages", "forgotten", "failed"}.
  virtual void tidy_mailboxes(std::string rule, bool pretend, task_done done);

  /// Starts copying between an account and files or another server.
  virtual base::result<actors::transfer_run_ptr> start_transfer(actors::transfer_order) {
    return base::fail(base::error_kind::unsupported, "nothing is copied here: the node does not run");
  }
  /// Oldest first; those that have ended are forgotten some time.
  virtual std::vector<actors::transfer_run_ptr> transfers() const { return {}; }

  /// {"items": [one a client]}, or {"sessions": N} that were ended, or {"accounts": N} that were told;
  /// of streams to other servers {"items": [one a stream]}, or {"streams": N} that were ended.
  virtual void chat(chat_question, task_done done);

  enum class search_work : std::uint8_t { rebuild, remove, tidy };
  /// {"items": [one a shard]}: how far the search index is.
  virtual json::value search_state() const;
  /// Account 0: all. False: this node does not run.
  virtual bool change_search(search_work, base::account_id) { return false; }
};

} // namespace rookery::admin
