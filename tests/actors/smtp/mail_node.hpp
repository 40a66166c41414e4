/// A node that receives mail on free ports and is read by IMAP.
#pragma once

#include "actors/smtp/reception_host.hpp"
#include "tests/actors/support/line_client.hpp"
#include "tests/actors/support/test_node.hpp"

#include <cstdint>

namespace rookery::tests {

/// There before the node is, which opens them.
struct smtp_ports {
  std::uint16_t mx_port = 0, submission_port = 0, lmtp_port = 0;
  void open(test_node&);
};

class mail_node : private smtp_ports, public test_node {
public:
  explicit mail_node(int accounts) : test_node(accounts, [this](test_node& n) { open(n); }) {}
  std::uint16_t mx() const noexcept { return mx_port; }
  std::uint16_t submission() const noexcept { return submission_port; }
  std::uint16_t lmtp() const noexcept { return lmtp_port; }
};

} // namespace rookery::tests
