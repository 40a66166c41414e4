/// A message on its way from elsewhere into a mailbox here: gathered, judged, and stored in one
/// commit with the note that it was collected. Belongs to one connection.
#pragma once

#include "actors/account/message_gathering.hpp"
#include "actors/collection/run_order.hpp"
#include "actors/node.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/queue/command.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

class arriving_message {
public:
  /// What came of storing it; `stored` also when it was there before (known by its octets).
  struct outcome {
    bool stored = false;
    std::string reason; ///< why not
  };
  using answer = std::function<void(outcome)>;

  arriving_message(node& n, std::shared_ptr<const run_order> order) : node_(n), order_(std::move(order)) {}

  /// Finds the account's mailboxes, for the quota; `then` gets a reason, or "" when all is well.
  void open(net::connection&, std::function<void(std::string)> then);
  void begin();
  void append(base::const_bytes octets);
  std::uint64_t octets() const noexcept { return pending_ ? pending_->message->size() : 0; }
  /// `note` is what remembers it; an empty key is the digest of its octets, and if that is among
  /// `order.seen` nothing is stored again. `undo` is what takes the note back should the mailbox refuse
  /// the message; nothing: it is dropped. One at a time.
  void store(net::connection&, storage::queue::put_note note, std::optional<storage::queue::any_command> undo,
             storage::mail::flag_set, base::wall_time received, answer);
  /// Commits notes alone; answered like a message.
  void commit_notes(net::connection&, std::vector<storage::queue::any_command>, answer);
  /// The answer to a commit of this connection.
  void committed(net::connection&, const commit_done&);

private:
  /// What a worker may read and write when the connection is gone.
  struct pending {
    std::shared_ptr<message_gathering> message;
    std::optional<base::error> failed;
    base::message_id id;
    std::string prefix;
    storage::queue::put_note note;
    storage::queue::any_command undo;
    storage::commit_group group;
  };
  static void prepare(node&, const run_order&, pending&, storage::mail::flag_set, base::wall_time received);
  void commit(net::connection&);
  void finish(outcome);
  std::string trace_field(const connection_facts&, const std::string& id) const;

  node& node_;
  std::shared_ptr<const run_order> order_;
  std::shared_ptr<storage::mail::account_cell> use_;
  std::shared_ptr<pending> pending_;
  answer then_;
  std::uint64_t token_ = 0;
  bool committing_ = false;
};

} // namespace rookery::actors
