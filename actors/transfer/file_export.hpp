/// Copies an account's mailboxes into files. Blocks; belongs to one thread.
///
/// A Maildir is continued: what has a file already is passed. An mbox file is written anew beside the old
/// one, and takes its place when it is whole. What is counted is synced.
#pragma once

#include "actors/node.hpp"
#include "actors/transfer/transfer_order.hpp"
#include "base/result.hpp"
#include "protocols/maildir/file_name.hpp"
#include "protocols/mbox/message_state.hpp"
#include "storage/file/file_system.hpp"
#include "storage/mail/mailbox_view.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

namespace rookery::actors {

class file_export {
public:
  file_export(caf::scoped_actor& self, node& n, transfer_run_ptr run) : self_(self), node_(n), run_(std::move(run)) {}
  base::result<void> all();

private:
  struct mailbox {
    std::shared_ptr<storage::mail::mailbox_cell> cell;
    std::shared_ptr<const storage::mail::mailbox_view> view;
    std::string name;    ///< in the files
  };
  struct message {
    std::uint32_t index = 0, uid = 0;
    std::uint32_t octets = 0;
    base::wall_time received{};
    mbox::message_state state;
  };
  base::result<void> mbox(const mailbox&);
  base::result<void> maildir(const mailbox&);
  base::result<void> maildir_message(const mailbox&, const message&, const std::string& directory, maildir::keyword_letters&,
                                     std::unordered_set<std::string>& there);
  /// All messages, in the order of their UIDs.
  base::result<void> each(const mailbox&, const std::function<base::result<void>(const message&)>&);
  /// The octets of one, in pieces. `not_found`: expunged meanwhile.
  base::result<void> octets(const mailbox&, const message&, const std::function<base::result<void>(std::string_view)>&);
  void count(std::uint64_t messages, std::uint64_t octets);
  bool ended() const { return run_->stopped() || node_.draining.load() || node_.gate->closed(); }

  caf::scoped_actor& self_;
  node& node_;
  transfer_run_ptr run_;
  storage::file_system& files_ = storage::posix_file_system();
};

} // namespace rookery::actors
