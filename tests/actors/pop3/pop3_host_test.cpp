#include "actors/pop3/pop3_host.hpp"
#include "actors/watch/metrics_host.hpp"
#include "tests/actors/support/line_client.hpp"
#include "tests/actors/support/test_node.hpp"

#include <gtest/gtest.h>

namespace rookery::tests {
namespace {

/// A node with IMAP, POP3 and metrics on free ports, shared by all tests; each has its account.
struct pop3_node {
  static pop3_node& get() {
    static pop3_node made;
    return made;
  }
  std::uint16_t pop3 = 0, metrics = 0;
  test_node node;

private:
  pop3_node() : node(14, [this](test_node& n) { listen(n); }) {}
  void listen(test_node& n) {
    auto settings = std::make_shared<pop3::server_settings>();
    pop3 = n.listen("pop3", [&n, settings](const connection_facts& f) { return actors::make_pop3_host(n.node(), settings, f); });
    metrics = n.listen("metrics", [&n](const connection_facts& f) { return actors::make_metrics_host(n.node(), f); });
  }
};

struct client : line_client {
  using line_client::line_client;
  std::string command(std::string_view text) {
    send(std::string(text) + "\r\n");
    return line();
  }
  /// The lines behind the first one of a multi-line answer, with CRLF, without the last dot.
  std::string lines() {
    std::string text;
    for (auto next = line(); next != "."; next = line()) text += next + "\r\n";
    return text;
  }
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
  explicit imap_as(int account) : imap_client(pop3_node::get().node.imap()) {
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

TEST(Pop3Host, Utf8HeadersAreForThoseWhoAskForThem) {
  const std::string letter = "From: J\xc3\xb6rg <j@x.test>\r\nX-J\xc3\xb6: 1\r\nSubject: a\r\n\r\n\xc3\xb6\r\nb\r\n";
  append(10, {letter});
  const std::string shown = "From: =?utf-8?q?J=C3=B6rg?= <j@x.test>\r\nSubject: a\r\n\r\n";
  {
    pop3_client c(10);
    c.log_in();
    c.command("RETR 1");
    EXPECT_EQ(c.lines(), shown + "\xc3\xb6\r\nb\r\n");
    c.command("TOP 1 1");
    EXPECT_EQ(c.lines(), shown + "\xc3\xb6\r\n");
    c.command("QUIT");
  }
  pop3_client c(10);
  EXPECT_EQ(c.command("UTF8"), "+OK UTF-8 it is");
  c.log_in();
  c.command("RETR 1");
  EXPECT_EQ(c.lines(), letter);
}

TEST(Pop3Host, SessionsEndWhenTheirAccountIsClosed) {
  pop3_client inside(9), outside(9);
  inside.log_in();
  pop3_node::get().node.close(9);
  EXPECT_EQ(inside.rest(false), "-ERR [SYS/PERM] The account was closed, or its password changed\r\n");
  EXPECT_EQ(outside.log_in(), "-ERR [SYS/PERM] The maildrop cannot be opened");
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
