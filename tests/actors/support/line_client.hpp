/// Blocking clients for tests that speak to a node as others do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::tests {

/// A connection to a port of 127.0.0.1. Every call throws when nothing comes for 20 seconds.
class line_client {
public:
  explicit line_client(std::uint16_t port);
  ~line_client();
  line_client(const line_client&) = delete;
  line_client& operator=(const line_client&) = delete;

  void send(std::string_view octets);
  /// The next line without its CRLF.
  std::string line();
  /// All that comes until the server closes. Closes our own side first, unless told not to.
  std::string rest(bool close_ours = true);

protected:
  /// False at the end of the stream.
  bool more();
  int fd_ = -1;
  std::string in_;
};

class imap_client : public line_client {
public:
  /// Reads the greeting.
  explicit imap_client(std::uint16_t port);
  /// The next line with the literals in it, with its CRLF.
  std::string row();
  /// Sends the command and gives everything up to its tagged answer, that included.
  std::string command(std::string_view text);
  void append(std::string_view mailbox, std::string_view message, std::string_view flags = "");
  /// Reads untagged lines until one contains `what`; gives all of them.
  std::string until(std::string_view what);

private:
  int tag_ = 0;
};

class smtp_client : public line_client {
public:
  /// Reads the greeting and says EHLO, or LHLO.
  explicit smtp_client(std::uint16_t port, std::string_view greeting = "EHLO client.test");
  /// One whole reply, its lines joined with CRLF.
  std::string reply();
  std::string command(std::string_view line);
  /// MAIL, RCPT …, DATA, the text with its dot; gives the last reply, or the first refusal.
  std::string deliver(std::string_view from, const std::vector<std::string>& to, std::string_view message);
};

} // namespace rookery::tests
