/// A whole node in a temporary directory with an IMAP listener on a free port.
#pragma once

#include "actors/imap/imap_host.hpp"
#include "actors/root/running_node.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rookery::tests {

class test_node {
public:
  /// Accounts u1@example.test and so on, all with the password "secret"; the alias team@ for
  /// u1 and u2; away@ for somebody elsewhere. `listen_more` may open other listeners.
  explicit test_node(int accounts, const std::function<void(test_node&)>& listen_more = {});
  ~test_node();
  std::uint16_t imap() const noexcept { return imap_; }
  actors::node& node() noexcept { return running_->node(); }
  /// Gives the port.
  std::uint16_t listen(std::string service, std::function<std::unique_ptr<net::protocol>(const connection_facts&)> make,
                       std::string refusal = {});
  /// Another record of account `number`, as the configuration would publish it.
  void change(int number, const std::function<void(routing::account_record&)>& how);
  /// The same, and its sessions end.
  void close(int number);

private:
  routing::account_record account(int number) const;
  std::string directory_;
  std::unique_ptr<actors::running_node> running_;
  sasl::scram_credentials credentials_;
  std::uint16_t imap_ = 0;
};

} // namespace rookery::tests
