/// Answers a POP3 session's questions as a small account would, and keeps what was said.
#pragma once

#include "protocols/pop3/server_session.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace rookery::pop3 {

/// User "u1@example.test" with password "secret word" and three messages.
struct scripted_host {
  static constexpr base::instant t0{};
  static std::shared_ptr<server_settings> make_settings() {
    auto made = std::make_shared<server_settings>();
    made->stls_available = true;
    made->implementation = "Rookery";
    return made;
  }
  static connection_facts safe() {
    connection_facts facts;
    facts.peer_is_loopback = true;
    facts.nonce = "abcdefghijklmnopqrstuvwx";
    return facts;
  }

  explicit scripted_host(connection_facts facts = safe(), std::shared_ptr<const server_settings> settings = make_settings())
      : session(std::move(settings), std::move(facts), t0) {
    take();
  }

  void drain() {
    while (auto e = session.next_event()) std::visit([this](auto& event) { on(event); }, *e);
    take();
  }
  void take() {
    said.append(session.output());
    session.sent(session.output().size());
  }
  void feed(std::string_view octets, std::size_t cut = 1 << 20) {
    for (std::size_t at = 0; at < octets.size(); at += cut) {
      session.feed(octets.substr(at, cut), t0);
      // What was held back while output waited goes on once it is taken.
      for (auto before = said.size() + 1; before != said.size();) {
        before = said.size();
        drain();
      }
    }
  }
  /// What was said since the last call.
  std::string answer(std::string_view octets, std::size_t cut = 1 << 20) {
    said.clear();
    feed(octets, cut);
    return said;
  }
  void log_in() { feed("USER u1@example.test\r\nPASS secret word\r\n"); }

  void on(check_password& e) {
    log += "password " + std::string(e.method) + " " + e.question.user + "\n";
    if (unavailable) return session.authentication_unavailable();
    session.password_verified(e.question.user == "u1@example.test" && e.question.password == "secret word");
  }
  void on(find_credentials& e) {
    log += "credentials " + std::string(e.method) + " " + e.question.user + "\n";
    session.credentials_found(sasl::make_credentials("secret word", "salt", iterations), e.question.user == "u1@example.test");
  }
  void on(check_proof& e) {
    log += "proof " + std::string(e.method) + " " + e.question.authzid + "\n";
    if (unavailable) return session.authentication_unavailable();
    session.proof_judged(e.question.token == "token", "u1@example.test");
  }
  void on(open_maildrop& e) {
    log += "open " + std::string(e.method) + " " + e.user + "\n";
    if (refuse) return session.refused(*refuse);
    maildrop drop{"17.", {}};
    for (const auto& m : messages) drop.messages.push_back({m.size(), static_cast<std::uint32_t>(drop.messages.size() * 2 + 5)});
    session.opened(std::move(drop));
  }
  void on(retrieve& e) {
    log += "retrieve " + std::to_string(e.index) + (e.top ? " top\n" : "\n");
    if (broken) {
      if (*broken > 0) session.write_message(messages[e.index].substr(0, *broken));
      return session.message_unavailable();
    }
    const std::string_view text = messages[e.index];
    for (std::size_t at = 0; at < text.size() && session.wants_message(); at += piece) {
      session.write_message(text.substr(at, piece));
      pieces += 1;
    }
    session.end_message();
  }
  void on(quit_with_deletions& e) {
    log += "delete";
    for (const auto i : e.indexes) log += " " + std::to_string(i);
    log += "\n";
    session.committed(commits);
  }
  void on(start_tls&) {
    log += "tls\n";
    auto facts = session.facts();
    facts.tls = true;
    if (tls) session.tls_started(facts, t0);
  }
  void on(authentication_failed& e) {
    log += "failed " + std::string(e.method) + " " + e.user + "\n";
    if (e.held) session.say_failure();
  }
  void on(gone& e) { log += "gone " + std::to_string(static_cast<int>(e.why)) + "\n"; }

  std::vector<std::string> messages{"Subject: one\r\n\r\nfirst\r\n.\r\n..x\r\n", "Subject: two\r\n\r\n1\r\n2\r\n3\r\n", "three"};
  std::string said, log;
  std::uint32_t iterations = 16; ///< of SCRAM; our own client wants 4,096
  std::size_t piece = 1 << 20, pieces = 0;
  std::optional<refusal> refuse;
  std::optional<std::size_t> broken;
  bool unavailable = false, commits = true, tls = true;
  server_session session;
};

} // namespace rookery::pop3
