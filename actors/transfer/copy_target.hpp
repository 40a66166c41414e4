/// The account that a transfer fills: its mailboxes, what was copied before, and batches of messages
/// that are stored in one commit with the note that says so. Blocks; belongs to one thread.
#pragma once

#include "actors/account/message_gathering.hpp"
#include "actors/node.hpp"
#include "actors/transfer/transfer_order.hpp"
#include "base/result.hpp"
#include "policy/transfer/copied.hpp"
#include "storage/queue/command.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

/// Larger messages are left out: a commit group has a bound.
inline constexpr std::uint64_t transfer_message_octets_max = 512u << 20;

/// A message on its way in.
struct copied_message {
  std::uint64_t key = 0;
  std::unique_ptr<message_gathering> octets;
  storage::body_source body;           ///< what `octets` gave at its end
  base::wall_time received{};
  storage::mail::flag_set flags;
};

class copy_target {
public:
  copy_target(caf::scoped_actor& self, node& n, transfer_run_ptr run);

  std::unique_ptr<message_gathering> gather() const { return std::make_unique<message_gathering>(node_.data_directory + "/spill"); }

  struct folder {
    std::string source;                ///< "imap:host:port:login", "mbox:/path"
    std::string name;                  ///< there
    std::string mailbox;               ///< here; made when missing
    std::string special_use;           ///< of a mailbox that is made, or ""
    bool subscribe = false;
    std::uint32_t uid_validity = 0;    ///< there
  };
  /// The mailbox is there, and what was copied to it is known. In a dry run nothing is made.
  base::result<void> begin(folder);
  transfer::copied_messages& copied() noexcept { return copied_; }
  const transfer::copied_head& head() const noexcept { return head_; }
  /// Null when there is none (a dry run).
  std::shared_ptr<const storage::mail::mailbox_view> view() const { return cell_ ? cell_->view() : nullptr; }
  /// Stores them in this order and counts them; at most `transfer::batch_messages_max`. The batch is empty afterwards.
  base::result<void> add(std::vector<copied_message>& batch);
  /// Sets the flags of these messages to `flags`.
  base::result<void> set_flags(const storage::mail::uid_ranges&, storage::mail::flag_set flags);
  base::result<void> remove(const storage::mail::uid_ranges&);
  /// The pass through this folder is over.
  base::result<void> end(std::uint64_t highest_modseq);

  bool ended() const { return run_->stopped() || node_.draining.load() || node_.gate->closed(); }

private:
  base::result<std::vector<storage::command_result>> commit(storage::commit_group, std::shared_ptr<void> keep = nullptr);
  storage::shard_command mail_command(storage::mail::any_command) const;
  storage::shard_command note(std::string key, std::string value) const;
  storage::shard_command drop(std::string key) const;
  base::result<void> open();
  base::result<void> open_mailbox_named(const folder&);
  base::result<void> load();
  base::result<void> find_place(std::uint32_t number, transfer::copied_batch);
  base::result<void> forget();
  void fit(storage::mail::flag_set&);

  caf::scoped_actor& self_;
  node& node_;
  transfer_run_ptr run_;
  std::shared_ptr<storage::mail::account_cell> account_;
  std::shared_ptr<storage::mail::mailbox_cell> cell_;
  base::mailbox_id mailbox_{};
  std::string prefix_;
  std::vector<std::string> keywords_;  ///< of the mailbox, and of what comes now
  transfer::copied_messages copied_;
  transfer::copied_head head_;
  std::uint32_t next_number_ = 0;
  std::optional<std::pair<std::uint32_t, transfer::copied_batch>> last_; ///< whose place the next note tells
  std::uint64_t token_ = 0;
};

} // namespace rookery::actors
