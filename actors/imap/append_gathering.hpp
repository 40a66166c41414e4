/// The messages of one APPEND on their way in.
///
/// Source: RFC 9051 §6.3.12; RFC 3502 (all or none).
#pragma once

#include "actors/account/message_gathering.hpp"
#include "base/result.hpp"
#include "protocols/imap/append.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/mail/command.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rookery::actors {

class append_gathering {
public:
  append_gathering(base::mailbox_id mailbox, std::string spill_directory)
      : mailbox_(mailbox), spill_directory_(std::move(spill_directory)) {}

  base::mailbox_id mailbox() const noexcept { return mailbox_; }
  /// Octets of all messages so far and of the one that was announced last.
  std::uint64_t octets() const noexcept { return octets_; }
  std::size_t messages() const noexcept { return messages_.size(); }
  /// Octets that the last message has so far.
  std::uint64_t message_octets() const noexcept { return messages_.back()->have; }
  /// CATENATE may put nothing together.
  bool has_empty_message() const noexcept;

  void begin(const imap::append_message&);
  /// Of the last message. Also in a reader's thread, while nothing else is done with this object. no_space, io: the
  /// spill file cannot be written.
  base::result<void> add(std::string_view octets);

  /// True when `finish` waits for the disk or takes long: then not in a connection's thread.
  bool long_work() const noexcept;
  struct gathered {
    storage::mail::append command;
    std::vector<storage::body_source> bodies;
  };
  /// Hashes and summarizes. The gathering must live until what it gives is durable.
  base::result<gathered> finish(base::wall_time now);

private:
  struct arriving {
    explicit arriving(const std::string& directory) : octets(directory) {}
    imap::append_message about;
    message_gathering octets;
    std::uint64_t have = 0;
  };
  base::mailbox_id mailbox_;
  std::string spill_directory_;
  std::vector<std::unique_ptr<arriving>> messages_;
  std::uint64_t octets_ = 0;
};

} // namespace rookery::actors
