/// The client's side and the server's side talk to each other.
#include "protocols/imap/client_session.hpp"
#include "protocols/imap/server_session.hpp"

#include <gtest/gtest.h>

#include <map>

namespace rookery::imap {
namespace {

template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

constexpr base::instant t0{};

connection_facts loopback() {
  connection_facts facts;
  facts.peer_is_loopback = true;
  facts.nonce = "abcdefghijklmnopqrstuvwx";
  return facts;
}

/// One mailbox "INBOX", messages by UID; APPEND goes to `appended`.
struct small_server {
  small_server() : session(std::make_shared<server_settings>(), loopback(), t0) {}

  void step() {
    while (auto e = session.next_event())
      std::visit(overloaded{
        [&](check_password& q) { session.password_verified(q.password == "secret"); },
        [&](find_credentials& q) { session.credentials_found(sasl::make_credentials("secret", "salt", 4096), q.user == "ann"); },
        [&](authenticated&) { session.accept_login(); },
        [&](authentication_failed& f) { if (f.held) session.say_failure(); },
        [&](command& c) { run(c.what); },
        [&](append_begin&) { session.accept_append(); },
        [&](append_next&) { session.accept_append(); },
        [&](append_chunk& c) { appended += c.octets; },
        [&](append_end&) { session.respond_ok("APPENDUID 17 99", "stored"); },
        [&](idle_begin&) { session.writer().exists(4); },
        [&](idle_end&) { session.respond_ok("", "done"); },
        [&](start_tls&) {
          auto facts = session.facts();
          facts.tls = true;
          tls = true;
          pending_facts = facts;
        },
        [](auto&) {}}, *e);
  }
  void run(any_command& what) {
    auto writer = session.writer();
    std::visit(overloaded{
      [&](select& s) {
        if (s.mailbox != "INBOX") return session.respond_no("NONEXISTENT", "No such mailbox");
        writer.exists(static_cast<std::uint32_t>(messages.size()));
        writer.uid_validity(17);
        writer.uid_next(50);
        session.selected(s.read_only);
        session.respond_ok(s.read_only ? "READ-ONLY" : "READ-WRITE", "Selected");
      },
      [&](list& l) {
        writer.list(l, {"INBOX", 0, false});
        writer.list(l, {"Entw\xc3\xbcrfe \"1\"", list_attribute::drafts, false});
        session.respond_ok("", "Done");
      },
      [&](search& s) {
        std::vector<std::uint32_t> hits;
        for (const auto& [uid, text] : messages) hits.push_back(uid);
        writer.search(session.tag(), s, hits);
        session.respond_ok("", "Done");
      },
      [&](fetch& f) {
        const std::vector<std::string> keywords{"$Work"};
        const flag_printer printer(keywords);
        std::uint32_t number = 0;
        for (const auto& [uid, text] : messages) {
          ++number;
          if (!contains(f.set.resolve(messages.rbegin()->first), uid)) continue;
          auto row = writer.fetch(number);
          row.uid(uid).flags(printer, flag::seen | flag::keyword_bit(0)).size(text.size());
          row.internal_date(base::from_milliseconds(100'000));
          for (const auto& s : f.items.sections) row.section(s.label, text);
          row.end();
        }
        session.respond_ok("", "Done");
      },
      [&](store& s) {
        log += "store " + print(s.set.resolve(0)) + " " + std::to_string(s.flags.system) + "\n";
        session.respond_ok("", "Done");
      },
      [&](expunge& e) {
        log += "expunge " + (e.uids ? print(e.uids->resolve(0)) : "all") + "\n";
        session.respond_ok("", "Done");
      },
      [&](auto&) { session.respond_ok("", "Done"); }}, what);
  }
  std::map<std::uint32_t, std::string> messages{{5, "Subject: five\r\n\r\nbody\r\n"}, {7, ""}, {9, "a\nb {3}\r\n* 1 EXISTS\r\n)"}};
  std::string appended, log;
  bool tls = false;
  std::optional<connection_facts> pending_facts;
  server_session session;
};

struct client {
  explicit client(tls_use tls = tls_use::none, std::string password = "secret") {
    settings->login = {tls, "ann", std::move(password), false};
  }
  void on(client_session::event& e) {
    namespace ce = client_event;
    std::visit(overloaded{
      [&](ce::start_tls&) { tls_wanted = true; },
      [&](ce::check_peer&) { session->peer_accepted(t0); },
      [&](ce::derive_key& x) {
        keys += 1;
        session->key_derived(sasl::derive_key(x.question), t0);
      },
      [&](ce::ready&) { begin(); },
      [&](ce::mailbox& m) { mailboxes.push_back(m.what.name); },
      [&](ce::selected& s) { selected = s; },
      [&](ce::found& f) { found = print(f.uids); },
      [&](ce::row& r) { rows += std::to_string(r.uid) + ":" + std::to_string(r.size) + " "; },
      [&](ce::message_begin& m) { bodies[m.uid]; },
      [&](ce::message_chunk& c) { bodies.rbegin()->second += c.octets; },
      [&](ce::message_end& m) { ends[m.uid] = m; },
      [&](ce::want_body&) {
        session->body("new ");
        session->body("message");
        session->body_done(t0);
      },
      [&](ce::news& n) {
        news = n.messages;
        session->end_idle(t0);
      },
      [&](ce::done& d) { (d.ok ? done : failed) += 1; },
      [&](ce::gone& g) { gone = g; }}, e);
  }
  void begin() {
    session->list("", "*", t0);
    session->select("nowhere", true, t0);
    session->select("INBOX", false, t0);
    session->search("ALL", t0);
    session->rows(6, 0, t0);
    for (const auto uid : {5u, 6u, 7u, 9u}) session->fetch(uid, t0);
    const number_ranges uids{{5, 7}, {9, 9}};
    session->store(uids, true, {flag::deleted, {}}, t0);
    session->expunge(uids, t0);
    session->append("Entw\xc3\xbcrfe", {flag::draft, {"$Work"}}, base::from_milliseconds(0), 11, t0);
    session->idle(t0);
    session->quit(t0);
  }
  /// Carries octets to and fro until both are silent, `cut` at a time.
  void talk(small_server& server, std::size_t cut) {
    session.emplace(settings, loopback(), t0);
    const auto carry = [cut](auto& from, const auto& feed) {
      std::string octets(from.output());
      from.sent(octets.size());
      for (std::size_t at = 0; at < octets.size(); at += cut) feed(std::string_view(octets).substr(at, cut));
      return !octets.empty();
    };
    const auto drain = [&] {
      while (auto e = session->next_event()) on(*e);
    };
    for (bool moved = true; moved;) {
      moved = carry(server.session, [&](std::string_view octets) { session->feed(octets, t0), drain(); });
      drain();
      if (tls_wanted && server.pending_facts) {
        tls_wanted = false;
        auto facts = loopback();
        facts.tls = true;
        server.session.tls_started(*server.pending_facts, t0);
        session->tls_started(facts, t0);
        moved = true;
        drain();
      }
      moved |= carry(*session, [&](std::string_view octets) { server.session.feed(octets, t0), server.step(); });
    }
  }

  std::shared_ptr<client_settings> settings = std::make_shared<client_settings>();
  std::optional<client_session> session;
  std::vector<std::string> mailboxes;
  client_event::selected selected;
  std::string found, rows;
  std::map<std::uint32_t, std::string> bodies;
  std::map<std::uint32_t, client_event::message_end> ends;
  std::uint32_t news = 0;
  int done = 0, failed = 0, keys = 0;
  std::optional<client_event::gone> gone;
  bool tls_wanted = false;
};

TEST(ImapClient, DoesEverythingWithOurServer) {
  for (const std::size_t cut : {1u, 7u, 100'000u}) {
    small_server server;
    client c;
    c.talk(server, cut);
    ASSERT_TRUE(c.gone) << cut;
    EXPECT_EQ(c.gone->why, client_end::logout) << c.gone->text;
    EXPECT_EQ(c.mailboxes, (std::vector<std::string>{"INBOX", "Entw\xc3\xbcrfe \"1\""}));
    EXPECT_EQ(c.selected.messages, 3u);
    EXPECT_EQ(c.selected.uid_validity, 17u);
    EXPECT_EQ(c.selected.uid_next, 50u);
    EXPECT_EQ(c.found, "5,7,9");
    EXPECT_EQ(c.rows, "7:0 9:22 ");
    EXPECT_EQ(c.bodies, server.messages);
    EXPECT_EQ(c.ends[9].flags, (flag_list{flag::seen, {"$Work"}}));
    EXPECT_EQ(c.ends[5].internal_date, base::from_milliseconds(100'000));
    EXPECT_EQ(server.log, "store 5:7,9 8\nexpunge 5:7,9\n");
    EXPECT_EQ(server.appended, "new message");
    EXPECT_EQ(c.news, 4u);
    EXPECT_EQ(c.keys, 1); // SCRAM
    EXPECT_EQ(c.done, 12);
    EXPECT_EQ(c.failed, 1); // the mailbox that does not exist
  }
}

TEST(ImapClient, PutsTlsBelowBeforeItLogsIn) {
  small_server server;
  client c(tls_use::required);
  c.talk(server, 100);
  ASSERT_TRUE(c.gone);
  EXPECT_EQ(c.gone->why, client_end::logout);
  EXPECT_TRUE(server.tls);
  EXPECT_EQ(c.bodies, server.messages);
}

TEST(ImapClient, IsToldOfAWrongPassword) {
  small_server server;
  client c(tls_use::none, "wrong");
  c.talk(server, 100);
  ASSERT_TRUE(c.gone);
  EXPECT_EQ(c.gone->why, client_end::login_refused);
}

TEST(ImapClient, WaitsWithoutALimitWhileTheHostIsBusy) {
  auto settings = std::make_shared<client_settings>();
  settings->login = {tls_use::none, "ann", "secret", true};
  client_session session(settings, {}, t0);
  session.feed("* OK [CAPABILITY IMAP4rev1] x\r\n", t0);
  while (session.next_event()) {}
  session.feed("r1 OK [CAPABILITY IMAP4rev1] in\r\n", t0);
  while (session.next_event()) {}
  EXPECT_TRUE(session.can_ask());
  EXPECT_FALSE(session.deadline());
  session.noop(t0 + std::chrono::hours(1));
  EXPECT_EQ(session.deadline(), t0 + std::chrono::hours(1) + settings->limits.stall_time);
}

} // namespace
} // namespace rookery::imap
