#include "actors/pop3/pop3_host.hpp"
#include "actors/watch/metrics_host.hpp"
#include "tests/actors/imap/imap_node.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rookery::tests {
namespace {

/// A node with IMAP, POP3 and metrics on free ports, shared by all tests; each has its account.
struct pop3_node {
  static pop3_node& get() {
    static pop3_node made;
    return made;
  }
  std::uint16_t pop3 = 0, metrics = 0;
  imap_node node;

private:
  pop3_node() : node(12, 0, [this](actors::running_node& running) { listen(running); }) {}
  void listen(actors::running_node& running) {
    auto settings = std::make_shared<pop3::server_settings>();
    auto& n = running.node();
    auto pop = std::make_shared<net::listener>();
    pop->service = "pop3";
    pop->make = [&n, settings](const connection_facts& facts) { return actors::make_pop3_host(n, settings, facts); };
    pop3 = *running.listen(pop, "127.0.0.1", 0, "-ERR\r\n");
    auto watch = std::make_shared<net::listener>();
    watch->service = "metrics";
    watch->make = [&n](const connection_facts& facts) { return actors::make_metrics_host(n, facts); };
    metrics = *running.listen(watch, "127.0.0.1", 0, "");
  }
};

/// A blocking client.
class client {
public:
  explicit client(std::uint16_t port) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<::sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error("no connection");
    const ::timeval limit{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~client() { ::close(fd_); }
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  void send(std::string_view octets) {
    if (::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(octets.size()))
      throw std::runtime_error("not sent");
  }
  std::string line() {
    std::size_t end;
    while ((end = in_.find("\r\n")) == std::string::npos)
      if (!more()) throw std::runtime_error("closed; left: " + in_);
    auto out = in_.substr(0, end);
    in_.erase(0, end + 2);
    return out;
  }
  std::string command(std::string_view text) {
    send(std::string(text) + "\r\n");
    return line();
  }
  /// The lines behind the first one of a multi-line answer, with CRLF, without the last dot.
  std::string lines() {
    std::size_t end;
    while ((end = in_.starts_with(".\r\n") ? 0 : in_.find("\r\n.\r\n")) == std::string::npos)
      if (!more()) throw std::runtime_error("closed");
    const auto text = end == 0 ? std::string() : in_.substr(0, end + 2);
    in_.erase(0, text.size() + 3);
    return text;
  }
  std::string rest() {
    ::shutdown(fd_, SHUT_WR);
    while (more()) {}
    return std::move(in_);
  }

private:
  bool more() {
    char area[65536];
    const auto n = ::recv(fd_, area, sizeof area, 0);
    if (n < 0) throw std::runtime_error("no answer");
    in_.append(area, static_cast<std::size_t>(n));
    return n > 0;
  }
  int fd_ = -1;
  std::string in_;
};

struct pop3_client : client {
  explicit pop3_client(int account) : client(pop3_node::get().pop3), user("u" + std::to_string(account) + "@example.test") {
    EXPECT_EQ(line(), "+OK POP3 server ready");
  }
  std::string log_in(std::string_view password = "secret") {
    command("USER " + user);
    return command("PASS " + std::string(password));
  }
  std::string user;
};

struct imap_as : imap_client {
  explicit imap_as(int account) : imap_client(pop3_node::get().node.port()) {
    command("LOGIN u" + std::to_string(account) + "@example.test secret");
  }
};

void append(int account, const std::vector<std::string>& messages) {
  imap_as c(account);
  for (const auto& m : messages) c.append("INBOX", m);
}

TEST(Pop3Host, AnAccountWithoutMailHasAnEmptyMaildrop) {
  pop3_client c(1);
  EXPECT_EQ(c.log_in(), "+OK The maildrop has 0 messages (0 octets)");
  EXPECT_EQ(c.command("STAT"), "+OK 0 0");
  EXPECT_EQ(c.command("LIST"), "+OK 0 messages");
  EXPECT_EQ(c.lines(), "");
  EXPECT_EQ(c.command("QUIT"), "+OK Goodbye");
}

TEST(Pop3Host, MessagesAreReadAndRemovedAtQuit) {
  append(2, {"Subject: a\r\n\r\n.dot\r\n", "Subject: b\r\n\r\n1\r\n2\r\n3\r\n", "Subject: c\r\n\r\nx"});
  std::string ids;
  {
    pop3_client c(2);
    EXPECT_EQ(c.log_in(), "+OK The maildrop has 3 messages (58 octets)");
    EXPECT_EQ(c.command("RETR 1"), "+OK 20 octets");
    EXPECT_EQ(c.lines(), "Subject: a\r\n\r\n..dot\r\n");
    EXPECT_EQ(c.command("TOP 2 1"), "+OK");
    EXPECT_EQ(c.lines(), "Subject: b\r\n\r\n1\r\n");
    EXPECT_EQ(c.command("RETR 3"), "+OK 15 octets");
    EXPECT_EQ(c.lines(), "Subject: c\r\n\r\nx\r\n");
    c.command("UIDL");
    ids = c.lines();
    c.command("DELE 1");
    c.command("DELE 2");
    imap_as imap(2);
    EXPECT_NE(imap.command("SELECT INBOX").find("* 3 EXISTS"), std::string::npos);
    EXPECT_EQ(c.command("QUIT"), "+OK Goodbye");
    EXPECT_NE(imap.command("NOOP").find("* 2 EXPUNGE\r\n"), std::string::npos);
  }
  pop3_client again(2);
  EXPECT_EQ(again.log_in(), "+OK The maildrop has 1 message (15 octets)");
  again.command("UIDL");
  const auto id = again.lines();
  EXPECT_EQ(id.substr(2), ids.substr(ids.find("3 ") + 2));
}

TEST(Pop3Host, DeletionsOfASessionThatIsLostAreForgotten) {
  append(3, {"Subject: a\r\n\r\n"});
  {
    pop3_client c(3);
    c.log_in();
    EXPECT_EQ(c.command("DELE 1"), "+OK Marked as deleted");
  }
  for (int attempt = 0;; ++attempt) { // the server sees the loss a moment later
    pop3_client c(3);
    const auto answer = c.log_in();
    if (answer.starts_with("-ERR [IN-USE]") && attempt < 1000) continue;
    EXPECT_EQ(answer, "+OK The maildrop has 1 message (14 octets)");
    break;
  }
}

TEST(Pop3Host, OneSessionHoldsTheMaildropAndGivesItBackWithItsLastAnswer) {
  append(4, {"Subject: a\r\n\r\n"});
  {
    pop3_client first(4), second(4);
    first.log_in();
    EXPECT_TRUE(second.log_in().starts_with("-ERR [IN-USE] "));
    EXPECT_EQ(first.command("QUIT"), "+OK Goodbye");
    EXPECT_EQ(second.log_in(), "+OK The maildrop has 1 message (14 octets)");
    EXPECT_EQ(second.command("QUIT"), "+OK Goodbye");
  }
  for (int i = 0; i < 100; ++i) {
    pop3_client c(4);
    EXPECT_EQ(c.log_in(), "+OK The maildrop has 1 message (14 octets)");
    EXPECT_EQ(c.command("QUIT"), "+OK Goodbye");
  }
}

TEST(Pop3Host, TheMaildropStaysAsItWasAtLogin) {
  append(5, {"Subject: a\r\n\r\n"});
  pop3_client c(5);
  c.log_in();
  append(5, {"Subject: b\r\n\r\n"});
  EXPECT_EQ(c.command("STAT"), "+OK 1 14");
  imap_as imap(5);
  imap.command("SELECT INBOX");
  imap.command("STORE 1:* +FLAGS (\\Deleted)");
  imap.command("EXPUNGE");
  EXPECT_EQ(c.command("RETR 1"), "+OK 14 octets"); // its octets are still in the log
  c.lines();
  EXPECT_EQ(c.command("DELE 1"), "+OK Marked as deleted");
  EXPECT_EQ(c.command("QUIT"), "+OK Goodbye");
}

TEST(Pop3Host, ALargeMessageComesWhole) {
  std::string large = "Subject: large\r\n\r\n";
  while (large.size() < 3'000'000) large += "a line " + std::to_string(large.size()) + "\r\n";
  append(6, {large});
  pop3_client c(6);
  c.log_in();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(c.command("RETR 1"), "+OK " + std::to_string(large.size()) + " octets");
    EXPECT_EQ(c.lines(), large);
  }
  EXPECT_EQ(c.command("TOP 1 0"), "+OK");
  EXPECT_EQ(c.lines(), "Subject: large\r\n\r\n");
}

TEST(Pop3Host, WhatIsPipelinedBeforeAHalfCloseIsAnswered) {
  append(7, {"Subject: a\r\n\r\nbody\r\n"});
  pop3_client c(7);
  c.send("USER " + c.user + "\r\nPASS secret\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n");
  EXPECT_EQ(c.rest(), "+OK Send the password\r\n+OK The maildrop has 1 message (20 octets)\r\n+OK 20 octets\r\n"
                      "Subject: a\r\n\r\nbody\r\n.\r\n+OK Marked as deleted\r\n+OK Goodbye\r\n");
}

TEST(Pop3Host, WrongPasswordsAndStrangersGetTheSameAnswer) {
  pop3_client known(8), stranger(8);
  EXPECT_EQ(known.log_in("wrong"), "-ERR [AUTH] Authentication failed");
  stranger.user = "nobody@example.test";
  EXPECT_EQ(stranger.log_in(), "-ERR [AUTH] Authentication failed");
}

TEST(MetricsHost, AnswersWhatAMonitorAsks) {
  const auto ask = [](std::string_view target, std::string_view method = "GET") {
    client c(pop3_node::get().metrics);
    c.send(std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    return c.rest();
  };
  EXPECT_TRUE(ask("/healthz").ends_with("\r\n\r\nok\n"));
  EXPECT_TRUE(ask("/readyz").ends_with("\r\n\r\nready\n"));
  const auto metrics = ask("/metrics");
  EXPECT_NE(metrics.find("Content-Type: text/plain; version=0.0.4"), std::string::npos);
  EXPECT_NE(metrics.find("\nrookery_resident_octets "), std::string::npos);
  EXPECT_TRUE(ask("/").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(ask("/metrics", "POST").starts_with("HTTP/1.1 405 "));
  EXPECT_TRUE(ask("/metrics", "HEAD").ends_with("\r\n\r\n"));
}

} // namespace
} // namespace rookery::tests
