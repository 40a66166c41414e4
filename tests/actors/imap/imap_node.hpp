/// A whole node in a temporary directory with an IMAP listener on a free port: for tests that
/// speak to it as a client does.
#pragma once

#include "actors/imap/imap_host.hpp"
#include "actors/root/running_node.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rookery::tests {

class imap_node {
public:
  /// Accounts u1@example.test and so on, all with the password "secret".
  /// `listen_more` may open other listeners.
  explicit imap_node(int accounts, std::uint16_t port = 0,
                     const std::function<void(actors::running_node&)>& listen_more = {});
  ~imap_node();
  std::uint16_t port() const noexcept { return port_; }
  actors::node& node() noexcept { return running_->node(); }
  /// Another picture of account `number`.
  void set_quota(int number, std::uint64_t octets, std::uint64_t messages);

private:
  routing::account_record account(int number) const;
  std::string directory_;
  std::unique_ptr<actors::running_node> running_;
  sasl::scram_credentials credentials_;
  std::uint16_t port_ = 0;
};

/// A blocking client that shows what arrives.
class imap_client {
public:
  explicit imap_client(std::uint16_t port);
  ~imap_client();
  imap_client(const imap_client&) = delete;
  imap_client& operator=(const imap_client&) = delete;
  void send(std::string_view octets);
  /// The next line with the literals in it.
  std::string line();
  /// Sends the command and gives everything up to its tagged answer, that included.
  std::string command(std::string_view text);
  void append(std::string_view mailbox, std::string_view message, std::string_view flags = "");
  /// Reads untagged lines until one contains `what`; gives all of them.
  std::string until(std::string_view what);

private:
  void more();
  int fd_ = -1;
  int tag_ = 0;
  std::string in_;
};

} // namespace rookery::tests
