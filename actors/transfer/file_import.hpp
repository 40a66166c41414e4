/// Copies mailbox files into an account. Blocks; belongs to one thread.
#pragma once

#include "actors/transfer/copy_target.hpp"
#include "storage/file/file_system.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace rookery::actors {

class file_import {
public:
  file_import(copy_target& to, transfer_run_ptr run) : to_(to), run_(std::move(run)) {}
  /// One mbox file into `order.mailbox`; of a directory every file "NAME.mbox" below it.
  base::result<void> mbox(const std::string& path);
  base::result<void> maildir(const std::string& root);
  /// The mailboxes of one person, anywhere below `root`, in a spool of Cyrus (cyrus_import.cpp).
  base::result<void> cyrus(const std::string& root);

private:
  base::result<void> mbox_file(const std::string& path, const std::string& folder, const std::string& mailbox);
  base::result<void> mbox_directory(const std::string& root, const std::string& below);
  struct place { std::string directory, mailbox, name; };
  base::result<void> find_folders(const std::string& root, const std::string& below, unsigned depth, std::vector<place>& into);
  base::result<void> maildir_folder(const std::string& root, const place&, bool subscribed);
  base::result<void> find_cyrus_mailboxes(const std::string& root, const std::string& below, unsigned depth, std::vector<place>& into,
                                          std::set<std::string>& others);
  base::result<void> cyrus_mailbox(const std::string& root, const place&);
  /// Its time is the file's when the message has none yet.
  base::result<void> message_file(const std::string& path, copied_message);
  /// Into the batch, which is stored when it is full.
  base::result<void> take(copied_message);
  base::result<void> flush();
  /// What is left of the batch is stored, and the pass through the folder is over.
  base::result<void> end_folder();
  void leave_out(const std::string& what, const std::string& why);
  bool known(std::uint64_t key);

  copy_target& to_;
  transfer_run_ptr run_;
  storage::file_system& files_ = storage::posix_file_system();
  std::vector<copied_message> batch_;
  std::uint64_t batch_octets_ = 0;
};

} // namespace rookery::actors
