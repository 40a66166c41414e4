/// Our client against our server, in every profile, with and without each extension, cut at random.
#include "protocols/sasl/client_exchange.hpp"
#include "protocols/smtp/client_session.hpp"
#include "protocols/smtp/server_session.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <random>

namespace rookery::smtp {
namespace {

using outcome = recipient_outcome::kind;

struct received {
  mail_from envelope;
  std::vector<rcpt_to> recipients;
  std::string body;
};

/// A wire between the two, with both hosts.
class wire {
public:
  std::shared_ptr<server_settings> server = std::make_shared<server_settings>();
  std::shared_ptr<client_settings> client = std::make_shared<client_settings>();
  connection_facts facts_of_client, facts_of_server;
  std::deque<std::pair<transaction, std::string>> to_send;
  std::function<bool(const mailbox&)> takes = [](const mailbox&) { return true; };
  std::string password = "pencil";

  std::vector<received> got;
  std::vector<std::vector<recipient_outcome>> outcomes;
  std::vector<client_session::session_failed> failures;
  bool dsn_passed_on = false;
  std::uint64_t octets_to_server = 0, round_trips = 0;

  explicit wire(unsigned seed) : dice_(seed) {
    server->host_name = "mx.example.org";
    client->host_name = "out.example.net";
    facts_of_client.nonce = "clientnonce";
    facts_of_server.nonce = "servernonce";
  }

  /// Until both have gone.
  void run() {
    const base::instant now{std::chrono::hours(1)};
    server_session s(server, facts_of_server, now, base::wall_time(std::chrono::seconds(1'700'000'000)));
    client_session c(client, facts_of_client, now);
    for (int i = 0; i < 100'000; ++i) {
      while (auto e = c.next_event()) on_client(c, s, *e, now);
      while (auto e = s.next_event()) on_server(s, *e);
      const bool moved = move(c, s, now, true) | move(s, c, now, false);
      if (!moved && c.closed()) return;
      ASSERT_TRUE(moved || i < 99'999);
      if (!moved && !feed_body(c)) {
        ADD_FAILURE() << "both wait";
        return;
      }
    }
  }

private:
  template <class From, class To>
  bool move(From& from, To& to, base::instant now, bool to_server) {
    const auto out = from.output();
    if (out.empty()) return false;
    const auto n = 1 + dice_() % out.size();
    const std::string piece(out.substr(0, n));
    if (to_server) octets_to_server += n;
    else if (n == out.size()) ++round_trips;
    to.feed(piece, now);
    from.sent(n);
    return true;
  }

  bool feed_body(client_session& c) {
    if (!c.takes_body()) return false;
    const auto& text = to_send.front().second;
    const auto n = std::min<std::size_t>(1 + dice_() % 5'000, text.size() - body_sent_);
    c.body(std::string_view(text).substr(body_sent_, n));
    body_sent_ += n;
    if (body_sent_ == text.size()) c.body_done();
    return true;
  }

  void on_client(client_session& c, server_session& s, client_session::event& e, base::instant now) {
    if (std::holds_alternative<client_session::start_tls>(e)) {
      c.sent(c.output().size());
      put_tls(facts_of_client);
      c.tls_started(facts_of_client, now);
      put_tls(facts_of_server);
      s.tls_started(facts_of_server, now);
    } else if (std::holds_alternative<client_session::check_peer>(e)) {
      c.peer_accepted();
    } else if (auto* d = std::get_if<client_session::derive_key>(&e)) {
      c.key_derived(sasl::derive_key(d->question));
    } else if (std::holds_alternative<client_session::ready>(e)) {
      if (to_send.empty()) return c.quit();
      body_sent_ = 0;
      c.begin(to_send.front().first);
    } else if (auto* t = std::get_if<client_session::transaction_ended>(&e)) {
      outcomes.push_back(t->outcomes);
      dsn_passed_on = t->dsn_passed_on;
      to_send.pop_front();
    } else if (auto* f = std::get_if<client_session::session_failed>(&e)) {
      failures.push_back(*f);
    }
  }

  void on_server(server_session& s, server_session::event& e) {
    if (auto* p = std::get_if<check_password>(&e)) {
      s.password_verified(p->question.password == password);
    } else if (std::holds_alternative<find_credentials>(e)) {
      s.credentials_found(sasl::make_credentials(password, "saltsalt", 4096), true);
    } else if (auto* failed = std::get_if<authentication_failed>(&e)) {
      if (failed->held) s.say_failure();
    } else if (auto* m = std::get_if<mail_from>(&e)) {
      now_ = {*m, {}, {}};
      s.accept();
    } else if (auto* r = std::get_if<rcpt_to>(&e)) {
      if (!takes(r->recipient)) return s.refuse({550, "5.1.1", "No such user"});
      now_.recipients.push_back(*r);
      s.accept();
    } else if (std::holds_alternative<data_begin>(e)) {
      s.accept();
    } else if (auto* b = std::get_if<body_chunk>(&e)) {
      now_.body += b->octets;
    } else if (std::holds_alternative<message_end>(e)) {
      got.push_back(now_);
      if (server->profile != profile::lmtp) return s.accept();
      std::vector<reply> replies;
      for (const auto& one : now_.recipients)
        replies.push_back(one.recipient.local_part == "full" ? reply{452, "4.2.2", "Full"} : reply{250, "2.0.0", "Ok"});
      s.answer_each(replies);
    }
  }

  static void put_tls(connection_facts& f) {
    f.tls = true;
    f.tls_exporter = std::string(32, 'e');
  }

  std::mt19937 dice_;
  std::size_t body_sent_ = 0;
  received now_;
};

transaction mail_to(std::vector<std::string> names, std::size_t octets = 0) {
  transaction t;
  t.sender = {"ann", "example.net"};
  for (auto& n : names) t.recipients.push_back({{std::move(n), "example.org"}, 0, ""});
  t.octets = octets;
  return t;
}

std::string text_of(std::mt19937& dice, std::size_t lines) {
  std::string out = "Subject: x\r\n\r\n";
  for (std::size_t i = 0; i < lines; ++i) {
    if (dice() % 4 == 0) out += '.';
    out += std::string(dice() % 100, static_cast<char>('a' + dice() % 26));
    if (dice() % 5 == 0) out += "\xc3\xa4";
    out += "\r\n";
  }
  return out;
}

TEST(SmtpBothSides, BringEveryMessageThroughUnchanged) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 dice(seed);
    wire w(seed);
    const auto kind = seed % 3;
    w.server->profile = static_cast<profile>(kind);
    w.client->lmtp = w.server->profile == profile::lmtp;
    w.client->pipelining = seed % 2 == 0;
    w.client->chunking = seed % 5 != 0;
    w.client->limits.eager_octets = seed % 4 == 0 ? 0 : 3'000;
    w.client->limits.chunk_octets = 100 + dice() % 5'000;
    w.server->starttls_available = seed % 7 < 4;
    w.client->tls = w.server->starttls_available ? tls_use::required : tls_use::none;
    w.facts_of_client.peer_is_loopback = w.facts_of_server.peer_is_loopback = true;
    if (w.server->profile == profile::submission) w.client->credentials = {"ann", "pencil", ""};
    w.takes = [](const mailbox& m) { return m.local_part != "nobody"; };

    std::vector<std::string> bodies;
    for (int i = 0; i < 4; ++i) {
      auto body = text_of(dice, dice() % 200);
      auto t = mail_to({"bob", "nobody", "cem"}, body.size());
      if (i == 2) {
        t = mail_to({"nobody"}, body.size());
      } else {
        if (i == 3 && w.client->chunking) {
          body = std::string("\0\r\n\n.\r", 6) + body;
          t.body = body_type::binary_mime;
        }
        bodies.push_back(body);
      }
      w.to_send.emplace_back(t, body);
    }
    w.run();
    ASSERT_TRUE(w.failures.empty()) << seed << ": " << w.failures[0].text;
    ASSERT_EQ(3u, w.got.size()) << seed;
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(bodies[i], w.got[i].body) << seed;
    ASSERT_EQ(4u, w.outcomes.size());
    EXPECT_EQ(outcome::delivered, w.outcomes[0][0].what);
    EXPECT_EQ(outcome::refused, w.outcomes[0][1].what);
    EXPECT_EQ(stage::recipient, w.outcomes[0][1].where);
    EXPECT_EQ(outcome::delivered, w.outcomes[0][2].what);
    EXPECT_EQ(outcome::refused, w.outcomes[2][0].what);
    EXPECT_TRUE(w.dsn_passed_on);
  }
}

TEST(SmtpBothSides, PassOnWhatTheEnvelopeSays) {
  wire w(1);
  w.server->starttls_available = true;
  w.client->tls = tls_use::required;
  auto t = mail_to({"j\xc3\xbcrgen", "b o b", "quo\"te"}, 14);
  t.recipients[0].notify = notify::success | notify::delay;
  t.recipients[0].original_recipient = "rfc822;x+2By@example.org";
  t.smtputf8 = true;
  t.require_tls = true;
  t.ret = dsn_return::full;
  t.envelope_id = "E+2B1";
  t.by = deliver_by{120, true, true};
  w.to_send.emplace_back(t, "Subject: x\r\n\r\n");
  w.run();
  ASSERT_EQ(1u, w.got.size());
  const auto& p = w.got[0].envelope.parameters;
  EXPECT_EQ(t.sender, w.got[0].envelope.sender);
  EXPECT_EQ(14u, p.size);
  EXPECT_EQ(body_type::eight_bit_mime, p.body);
  EXPECT_TRUE(p.smtputf8);
  EXPECT_TRUE(p.require_tls);
  EXPECT_EQ(dsn_return::full, p.ret);
  EXPECT_EQ("E+2B1", p.envelope_id);
  ASSERT_TRUE(p.by);
  EXPECT_EQ(120, p.by->seconds);
  EXPECT_TRUE(p.by->or_return && p.by->trace);
  ASSERT_EQ(3u, w.got[0].recipients.size());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(t.recipients[static_cast<std::size_t>(i)].address, w.got[0].recipients[static_cast<std::size_t>(i)].recipient);
  EXPECT_EQ(notify::success | notify::delay, w.got[0].recipients[0].parameters.notify);
  EXPECT_EQ("rfc822;x+2By@example.org", w.got[0].recipients[0].parameters.original_recipient);
}

TEST(SmtpBothSides, LogInByEveryMechanism) {
  for (const bool tls : {false, true})
    for (const bool right : {true, false}) {
      wire w(3);
      w.server->profile = profile::submission;
      w.server->starttls_available = tls;
      w.client->tls = tls ? tls_use::required : tls_use::none;
      w.facts_of_client.peer_is_loopback = w.facts_of_server.peer_is_loopback = true;
      w.client->credentials = {"ann", right ? "pencil" : "pen", ""};
      w.to_send.emplace_back(mail_to({"bob"}), "x\r\n");
      w.run();
      EXPECT_EQ(right ? 1u : 0u, w.got.size());
      ASSERT_EQ(right ? 0u : 1u, w.failures.size());
      if (!right) { EXPECT_EQ(stage::authentication, w.failures[0].where); }
    }
}

TEST(SmtpBothSides, GiveAnOutcomeToEachRecipientByLmtp) {
  wire w(4);
  w.server->profile = profile::lmtp;
  w.client->lmtp = true;
  w.takes = [](const mailbox& m) { return m.local_part != "nobody"; };
  w.to_send.emplace_back(mail_to({"full", "nobody", "bob"}), "x\r\n");
  w.run();
  ASSERT_EQ(1u, w.outcomes.size());
  EXPECT_EQ(outcome::deferred, w.outcomes[0][0].what);
  EXPECT_EQ("4.2.2", w.outcomes[0][0].answer.enhanced);
  EXPECT_EQ(outcome::refused, w.outcomes[0][1].what);
  EXPECT_EQ(outcome::delivered, w.outcomes[0][2].what);
}

TEST(SmtpBothSides, KeepTheServersLimits) {
  wire w(5);
  w.server->limits.recipients = 2;
  w.server->limits.mails = 2;
  w.server->limits.message_octets = 100;
  w.to_send.emplace_back(mail_to({"a", "b", "c"}, 50), "x\r\n");
  w.to_send.emplace_back(mail_to({"a"}, 101), "never sent");
  w.to_send.emplace_back(mail_to({"a"}, 50), "x\r\n");
  w.to_send.emplace_back(mail_to({"a"}, 50), "left for another connection");
  w.run();
  EXPECT_EQ(2u, w.got.size());
  ASSERT_EQ(3u, w.outcomes.size());
  EXPECT_EQ(outcome::untried, w.outcomes[0][2].what);
  EXPECT_EQ("5.3.4", w.outcomes[1][0].answer.enhanced);
  EXPECT_EQ(1u, w.to_send.size());
}

/// A customer logs in and asks for its mail; then our side is the client and the customer's greets.
TEST(SmtpBothSides, TurnAroundByAtrn) {
  const base::instant now{std::chrono::hours(1)};
  auto offers = std::make_shared<server_settings>();
  offers->atrn_offered = offers->authentication_offered = true;
  connection_facts facts;
  facts.peer_is_loopback = true;
  facts.nonce = "nonce";
  server_session provider(offers, facts, now);
  server_session customer(std::make_shared<server_settings>(), facts, now);
  // The customer's server greets as soon as it sees the 250; here it comes with ATRN, as rest().
  provider.feed("EHLO gw.example.net\r\nAUTH PLAIN AGFubgBwZW5jaWw=\r\nATRN example.net\r\n" + std::string(customer.output()), now);
  customer.sent(customer.output().size());
  std::vector<std::string> domains;
  bool turned_around = false;
  while (auto e = provider.next_event()) {
    if (std::holds_alternative<check_password>(*e)) provider.password_verified(true);
    if (const auto* t = std::get_if<turn_around>(&*e)) {
      domains = t->domains;
      provider.accept();
    }
    turned_around = turned_around || std::holds_alternative<turned>(*e);
  }
  ASSERT_TRUE(turned_around);
  EXPECT_EQ(std::vector<std::string>{"example.net"}, domains);
  EXPECT_TRUE(provider.output().ends_with("250 2.0.0 OK now reversing the connection\r\n"));

  auto settings = std::make_shared<client_settings>();
  settings->tls = tls_use::none;
  client_session c(settings, facts, now);
  c.feed(std::string(provider.rest()), now);
  std::string body;
  outcome what = outcome::untried;
  for (int i = 0; i < 20 && !c.closed(); ++i) {
    while (auto e = c.next_event()) {
      if (std::holds_alternative<client_session::ready>(*e)) {
        if (what == outcome::delivered) c.quit();
        else c.begin(mail_to({"bob"}, 3));
      } else if (std::holds_alternative<client_session::want_body>(*e)) {
        c.body("x\r\n");
        c.body_done();
      } else if (const auto* t = std::get_if<client_session::transaction_ended>(&*e)) {
        what = t->outcomes.at(0).what;
      }
    }
    customer.feed(std::string(c.output()), now);
    c.sent(c.output().size());
    while (auto e = customer.next_event()) {
      if (const auto* b = std::get_if<body_chunk>(&*e)) body += b->octets;
      else if (std::holds_alternative<mail_from>(*e) || std::holds_alternative<rcpt_to>(*e) || std::holds_alternative<data_begin>(*e) ||
               std::holds_alternative<message_end>(*e))
        customer.accept();
    }
    c.feed(std::string(customer.output()), now);
    customer.sent(customer.output().size());
  }
  EXPECT_TRUE(c.closed());
  EXPECT_EQ(outcome::delivered, what);
  EXPECT_EQ("x\r\n", body);
}

} // namespace
} // namespace rookery::smtp
