// Two nodes in one process, each with the same accounts: one accepts, the other has the mail.
#include "actors/cluster/cluster_certificates.hpp"
#include "actors/pop3/pop3_host.hpp"
#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/system/volume_table.hpp"
#include "cluster/stream/stream_listener.hpp"
#include "tests/actors/support/line_client.hpp"
#include "tests/actors/support/test_node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rookery::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t volume = 5;

class RelayedSession : public ::testing::Test {
protected:
  struct side {
    std::uint64_t member;
    actors::key_and_certificate keys;
    std::uint16_t pop3 = 0;
    std::unique_ptr<test_node> node;
    std::shared_ptr<const cluster::stream_identity> identity;
  };

  static void SetUpTestSuite() {
    authority = new actors::key_and_certificate(*actors::make_authority("c1", base::system_clock().wall()));
    all = new std::vector<cluster::stream_member>;
    near = make(1);
    far = make(2);
    listener = std::move(*cluster::stream_listener::open(far->identity, 0)).release();
    all->push_back({2, "127.0.0.1", listener->port(), actors::certificate_fingerprint(far->keys.certificate)});
    all->push_back({1, "127.0.0.1", 1, actors::certificate_fingerprint(near->keys.certificate)});
    const auto relays = actors::relays_of(far->node->node());
    listener->handle(actors::session_stream, [relays](std::unique_ptr<cluster::node_stream> s, const cluster::stream_opening& o) { relays->take(std::move(s), o); });
    lead(2);
  }
  static void TearDownTestSuite() {
    delete listener;
    delete near;
    delete far;
    delete authority;
    delete all;
  }
  static side* make(std::uint64_t member) {
    auto* out = new side{member, {}, 0, nullptr, nullptr};
    const auto keys = actors::make_key_pair();
    out->keys = {*actors::issue_certificate(*authority, keys->public_key, std::to_string(member), base::system_clock().wall()), keys->private_key};
    out->identity = *cluster::stream_identity::make({"c1", member, authority->certificate, out->keys.certificate, out->keys.key, [members = all] { return *members; }});
    out->node = std::make_unique<test_node>(20, [out](test_node& n) {
      const auto settings = std::make_shared<const pop3::server_settings>();
      out->pop3 = n.listen("pop3", [&n, settings](const connection_facts& f) { return actors::make_pop3_host(n.node(), settings, f); });
      actors::relays_of(n.node())->serve("pop3", [&n, settings](const actors::session_handover& h) { return actors::make_pop3_host(n.node(), settings, h); });
      const auto imap = std::make_shared<const imap::server_settings>();
      actors::relays_of(n.node())->serve("imap", [&n, imap](const actors::session_handover& h) { return actors::make_imap_host(n.node(), imap, h); });
    });
    actors::relays_of(out->node->node())->identity(out->identity);
    // The volume is the far node's own.
    actors::volumes_of(out->node->node())->set_own(member == 2 ? volume : member);
    return out;
  }
  /// Both know that this node leads the volume; 0: nobody.
  static void lead(std::uint64_t leader) {
    for (auto* s : {near, far}) {
      auto view = std::make_shared<const routing::home_view>(std::vector<routing::volume_place>{{volume, leader, 1, "far", s->member == leader}}, std::make_shared<const routing::chosen_homes>());
      actors::set_homes(s->node->node(), view);
      actors::relays_of(s->node->node())->followed(*view);
    }
  }
  void SetUp() override {
    lead(2);
    number = ++used;
    user = "u" + std::to_string(number) + "@example.test";
  }
  std::unique_ptr<imap_client> client(std::uint16_t port) {
    auto c = std::make_unique<imap_client>(port);
    EXPECT_THAT(c->command("LOGIN " + user + " secret"), HasSubstr(" OK [CAPABILITY "));
    return c;
  }
  static std::string mail(std::string_view text) { return "From: ann@outside.test\r\nSubject: One\r\n\r\n" + std::string(text) + "\r\n"; }

  static actors::key_and_certificate* authority;
  static std::vector<cluster::stream_member>* all;
  static side* near;
  static side* far;
  static cluster::stream_listener* listener;
  static int used;
  int number = 0;
  std::string user;
};
actors::key_and_certificate* RelayedSession::authority = nullptr;
std::vector<cluster::stream_member>* RelayedSession::all = nullptr;
RelayedSession::side* RelayedSession::near = nullptr;
RelayedSession::side* RelayedSession::far = nullptr;
cluster::stream_listener* RelayedSession::listener = nullptr;
int RelayedSession::used = 0;

TEST_F(RelayedSession, WorksWhereTheMailIs) {
  auto there = client(far->node->imap());
  there->append("INBOX", mail("Some words."));
  auto c = client(near->node->imap());
  EXPECT_THAT(c->command("SELECT INBOX"), HasSubstr("* 1 EXISTS"));
  EXPECT_THAT(c->command("FETCH 1 BODY[TEXT]"), HasSubstr("Some words."));
  c->append("INBOX", mail("More words."));
  EXPECT_THAT(there->command("STATUS INBOX (MESSAGES)"), HasSubstr("MESSAGES 2"));
  EXPECT_EQ(actors::relays_of(near->node->node())->now().given.at(2), 1u);
  EXPECT_EQ(actors::relays_of(far->node->node())->now().taken, 1u);
  EXPECT_THAT(c->command("LOGOUT"), HasSubstr("* BYE"));
  EXPECT_EQ(c->rest(false), "");
}

TEST_F(RelayedSession, TheLoginIsAnsweredOnceAndWhatCameBehindItIsDone) {
  imap_client c(near->node->imap());
  c.send("a LOGIN " + user + " secret\r\nb NOOP\r\nc LOGOUT\r\n");
  const auto said = c.rest(false);
  EXPECT_THAT(said, HasSubstr("a OK [CAPABILITY "));
  EXPECT_EQ(said.find("a OK"), said.rfind("a OK"));
  EXPECT_THAT(said, HasSubstr("b OK"));
  EXPECT_THAT(said, HasSubstr("* BYE"));
  EXPECT_THAT(said, HasSubstr("c OK"));
  EXPECT_EQ(said.find("* OK"), said.rfind("* OK")); // one greeting
}

TEST_F(RelayedSession, ManyOctetsPassBothWays) {
  auto c = client(near->node->imap());
  std::string text;
  for (int line = 0; text.size() < 3'000'000; ++line) text += std::to_string(line) + " of many lines that have to pass\r\n";
  c->append("INBOX", mail(text));
  c->command("SELECT INBOX");
  const auto got = c->command("FETCH 1 BODY.PEEK[TEXT]");
  EXPECT_TRUE(got.find(text) != std::string::npos) << got.size();
}

TEST_F(RelayedSession, IdleIsTold) {
  auto c = client(near->node->imap());
  c->command("SELECT INBOX");
  c->send("i IDLE\r\n");
  c->until("+ idling");
  client(far->node->imap())->append("INBOX", mail("New."));
  EXPECT_THAT(c->until("* 1 EXISTS"), HasSubstr("EXISTS"));
  c->send("DONE\r\n");
  EXPECT_THAT(c->until("i OK"), HasSubstr("i OK"));
}

TEST_F(RelayedSession, EndsWithByeWhenItsHomeIsLedByAnother) {
  auto c = client(near->node->imap());
  c->command("SELECT INBOX");
  lead(0);
  EXPECT_EQ(c->rest(false), "* BYE [UNAVAILABLE] The server with your mail was lost, connect again\r\n");
}

TEST_F(RelayedSession, WithoutAHomeTheLoginIsRefused) {
  lead(0);
  imap_client c(near->node->imap());
  EXPECT_THAT(c.command("LOGIN " + user + " secret"), HasSubstr(" NO [UNAVAILABLE] The server with your mail cannot be reached"));
  EXPECT_THAT(c.command("LOGIN " + user + " wrong"), HasSubstr(" NO [AUTHENTICATIONFAILED]"));
  lead(2);
  EXPECT_THAT(c.command("LOGIN " + user + " secret"), HasSubstr(" OK ")); // the same connection
  EXPECT_THAT(c.command("SELECT INBOX"), HasSubstr("EXISTS"));
}

TEST_F(RelayedSession, ALoginWaitsForWhoeverServesItsHomeNext) {
  lead(0);
  imap_client c(near->node->imap());
  c.send("a LOGIN " + user + " secret\r\n");
  EXPECT_THAT(imap_client(near->node->imap()).command("NOOP"), HasSubstr(" OK ")); // the login was tried meanwhile
  lead(2);
  EXPECT_THAT(c.until("a "), HasSubstr("a OK"));
  EXPECT_THAT(c.command("SELECT INBOX"), HasSubstr("EXISTS"));
}

TEST_F(RelayedSession, TheHomeHasTheLastWordAboutTheAccount) {
  far->node->change(number, [](auto& a) { a.state = routing::account_state::frozen; });
  imap_client c(near->node->imap());
  EXPECT_THAT(c.command("LOGIN " + user + " secret"), HasSubstr(" NO [AUTHORIZATIONFAILED]"));
}

TEST_F(RelayedSession, EndsWhenTheAccountIsClosedAtHome) {
  auto c = client(near->node->imap());
  far->node->close(number);
  EXPECT_EQ(c->rest(false), "* BYE [UNAVAILABLE] The account was closed, or its password changed\r\n");
}

TEST_F(RelayedSession, Pop3Too) {
  client(far->node->imap())->append("INBOX", mail("For POP3."));
  imap_client c(near->pop3); // lines are lines
  c.send("CAPA\r\nUSER " + user + "\r\nPASS secret\r\nSTAT\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n");
  const auto said = c.rest(false);
  EXPECT_THAT(said, HasSubstr("+OK The maildrop has 1 message"));
  EXPECT_EQ(said.find("The maildrop has"), said.rfind("The maildrop has"));
  EXPECT_THAT(said, HasSubstr("For POP3."));
  EXPECT_THAT(said, HasSubstr("+OK Goodbye"));
  EXPECT_THAT(client(near->node->imap())->command("STATUS INBOX (MESSAGES)"), HasSubstr("MESSAGES 0"));
  lead(0);
  imap_client refused(near->pop3);
  refused.send("USER " + user + "\r\nPASS secret\r\nQUIT\r\n");
  EXPECT_THAT(refused.rest(false), HasSubstr("-ERR [SYS/TEMP]"));
}

} // namespace
} // namespace rookery::tests
