/// A whole node in a temporary directory that receives mail on free ports and is read by
/// IMAP: for tests that speak to it as servers and users do.
#pragma once

#include "actors/imap/imap_host.hpp"
#include "actors/root/running_node.hpp"
#include "actors/smtp/reception_host.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::tests {

class mail_node {
public:
  /// Accounts u1@example.test and so on, all with the password "secret"; the alias team@ for
  /// u1 and u2; away@ for somebody elsewhere.
  explicit mail_node(int accounts);
  ~mail_node();
  actors::node& node() noexcept { return running_->node(); }
  std::uint16_t mx() const noexcept { return mx_; }
  std::uint16_t submission() const noexcept { return submission_; }
  std::uint16_t lmtp() const noexcept { return lmtp_; }
  std::uint16_t imap() const noexcept { return imap_; }
  void change(int number, const std::function<void(routing::account_record&)>& how);

private:
  std::uint16_t listen(smtp::profile);
  routing::account_record account(int number) const;

  std::string directory_;
  std::unique_ptr<actors::running_node> running_;
  sasl::scram_credentials credentials_;
  std::uint16_t mx_ = 0, submission_ = 0, lmtp_ = 0, imap_ = 0;
};

/// A blocking client.
class smtp_client {
public:
  /// Reads the greeting and says EHLO, or LHLO.
  explicit smtp_client(std::uint16_t port, std::string_view greeting = "EHLO client.test");
  ~smtp_client();
  smtp_client(const smtp_client&) = delete;
  smtp_client& operator=(const smtp_client&) = delete;
  void send(std::string_view octets);
  /// One whole reply, its lines joined with CRLF.
  std::string reply();
  std::string command(std::string_view line) {
    send(std::string(line) + "\r\n");
    return reply();
  }
  /// MAIL, RCPT …, DATA, the text with its dot; gives the last reply, or the first refusal.
  std::string deliver(std::string_view from, const std::vector<std::string>& to, std::string_view message);

private:
  int fd_ = -1;
  std::string in_;
};

} // namespace rookery::tests
