/// The client's side and the server's side talk to each other.
#include "protocols/pop3/client_session.hpp"
#include "tests/protocols/pop3/scripted_host.hpp"

#include <gtest/gtest.h>

#include <map>

namespace rookery::pop3 {
namespace {

template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

/// Fetches everything, removes what it fetched, and quits.
struct collector {
  explicit collector(tls_use tls, bool pipelining = true) {
    settings->login = {tls, "u1@example.test", "secret word", false};
    settings->pipelining = pipelining;
  }
  void on_event(client_session::event& e) {
    namespace ce = client_event;
    std::visit(overloaded{
      [&](ce::start_tls&) { tls_wanted = true; },
      [&](ce::check_peer&) { session->peer_accepted(scripted_host::t0); },
      [&](ce::derive_key& x) {
        keys += 1;
        session->key_derived(sasl::derive_key(x.question), scripted_host::t0);
      },
      [&](ce::entry& x) { ids[x.number] = x.uid; },
      [&](ce::listed&) {
        for (const auto& [number, uid] : ids) session->retrieve(number, scripted_host::t0);
      },
      [&](ce::message_begin& x) { messages[x.number]; },
      [&](ce::message_chunk& x) { messages.rbegin()->second += x.octets; },
      [&](ce::message_end& x) {
        session->remove(x.number, scripted_host::t0);
        if (x.number == ids.size()) session->quit(scripted_host::t0);
      },
      [](ce::message_missing&) {}, [](ce::removed&) {},
      [&](ce::gone& x) { ended = x; }}, e);
  }
  /// Carries octets to and fro until both are silent, `cut` at a time.
  void talk(scripted_host& host, std::size_t cut) {
    connection_facts facts;
    facts.peer_is_loopback = true;
    facts.nonce = nonce;
    session.emplace(settings, facts, scripted_host::t0);
    for (bool moved = true; moved && !session->closed();) {
      moved = false;
      const auto take_events = [&] {
        while (auto e = session->next_event()) on_event(*e), moved = true;
      };
      while (!host.said.empty()) {
        session->feed(std::string_view(host.said).substr(0, cut), scripted_host::t0);
        host.said.erase(0, cut);
        take_events();
      }
      take_events();
      if (tls_wanted) {
        facts.tls = true;
        session->tls_started(facts, scripted_host::t0);
        tls_wanted = false;
        continue;
      }
      const std::string out(session->output());
      session->sent(out.size());
      if (!out.empty()) host.feed(out, cut), moved = true;
    }
  }
  std::shared_ptr<client_settings> settings = std::make_shared<client_settings>();
  std::optional<client_session> session;
  std::map<std::uint32_t, std::string> ids, messages;
  std::optional<client_event::gone> ended;
  std::string nonce; ///< Without one there is no SCRAM.
  int keys = 0;
  bool tls_wanted = false;
};

TEST(Pop3Client, CollectsFromOurServer) {
  for (const bool pipelining : {true, false})
    for (const std::size_t cut : {1u, 7u, 10000u}) {
      scripted_host host;
      collector client(tls_use::none, pipelining);
      client.talk(host, cut);
      ASSERT_TRUE(client.ended) << cut;
      EXPECT_EQ(client.ended->why, client_end::quit);
      EXPECT_TRUE(client.ended->committed);
      EXPECT_EQ(client.ids[2], "17.7");
      EXPECT_EQ(client.messages[1], host.messages[0]);
      EXPECT_EQ(client.messages[2], host.messages[1]);
      EXPECT_EQ(client.messages[3], "three\r\n");
      EXPECT_NE(host.log.find("delete 0 1 2\n"), std::string::npos) << host.log;
    }
}

TEST(Pop3Client, PutsTlsBelowBeforeItLogsIn) {
  scripted_host host;
  collector client(tls_use::required);
  client.talk(host, 100);
  ASSERT_TRUE(client.ended);
  EXPECT_EQ(client.ended->why, client_end::quit);
  EXPECT_TRUE(host.log.starts_with("tls\n")) << host.log;
  EXPECT_EQ(client.messages.size(), 3u);
}

TEST(Pop3Client, IsToldOfAWrongPassword) {
  scripted_host host;
  collector client(tls_use::none);
  client.settings->login.password = "wrong";
  client.talk(host, 100);
  ASSERT_TRUE(client.ended);
  EXPECT_EQ(client.ended->why, client_end::login_refused);
  EXPECT_EQ(client.ended->text, "[AUTH] Authentication failed");
}

TEST(Pop3Client, ProvesItsPasswordByScram) {
  scripted_host host;
  host.iterations = 4096;
  collector client(tls_use::none);
  client.nonce = "clientnonce";
  client.talk(host, 100);
  ASSERT_TRUE(client.ended);
  EXPECT_EQ(client.ended->why, client_end::quit) << client.ended->text;
  EXPECT_EQ(client.keys, 1);
  EXPECT_EQ(client.messages.size(), 3u);
  EXPECT_EQ(host.log.find("password"), std::string::npos) << host.log;
}

TEST(Pop3Client, TriesAPasswordTwiceAtMost) {
  scripted_host host;
  host.iterations = 4096;
  collector client(tls_use::none);
  client.nonce = "clientnonce";
  client.settings->login.password = "wrong";
  client.talk(host, 100);
  ASSERT_TRUE(client.ended);
  EXPECT_EQ(client.ended->why, client_end::login_refused);
  EXPECT_NE(host.log.find("failed SCRAM-SHA-256 u1@example.test\n"), std::string::npos) << host.log;
  EXPECT_TRUE(host.log.ends_with("failed PLAIN u1@example.test\n")) << host.log;
}

TEST(Pop3Client, IsToldOfABusyMaildrop) {
  scripted_host host;
  host.refuse = refusal::in_use;
  collector client(tls_use::none);
  client.talk(host, 100);
  ASSERT_TRUE(client.ended);
  EXPECT_EQ(client.ended->why, client_end::login_later);
}

TEST(Pop3Client, LosesNoRemovalThatTheServerDidNotCommit) {
  scripted_host host;
  host.commits = false;
  collector client(tls_use::none);
  client.talk(host, 100);
  ASSERT_TRUE(client.ended);
  EXPECT_FALSE(client.ended->committed);
}

TEST(Pop3Client, WaitsWithoutALimitWhileTheHostIsBusy) {
  auto settings = std::make_shared<client_settings>();
  settings->login = {tls_use::none, "ann", "secret", true};
  client_session session(settings, {}, scripted_host::t0);
  session.feed("+OK\r\n-ERR\r\n+OK\r\n+OK\r\n+OK\r\n.\r\n-ERR\r\n", scripted_host::t0);
  while (session.next_event()) {}
  EXPECT_FALSE(session.deadline());
  EXPECT_TRUE(session.can_ask());
  session.retrieve(1, scripted_host::t0);
  EXPECT_EQ(session.deadline(), scripted_host::t0 + settings->limits.reply_time);
}

TEST(Pop3Client, SendsNoNameThatHoldsALineEnd) {
  auto settings = std::make_shared<client_settings>();
  settings->login = {tls_use::none, "ann\r\nDELE 1", "secret", true};
  client_session session(settings, {}, scripted_host::t0);
  session.feed("+OK\r\n-ERR\r\n", scripted_host::t0);
  const auto e = session.next_event();
  ASSERT_TRUE(e);
  EXPECT_EQ(std::get<client_event::gone>(*e).why, client_end::no_login);
}

} // namespace
} // namespace rookery::pop3
