/// A host for tests: answers every question at once and writes down what it was asked.
#pragma once

#include "protocols/imap/server_session.hpp"

#include <string>
#include <string_view>

namespace rookery::imap {

class scripted_host {
public:
  explicit scripted_host(server_settings settings = {}, connection_facts facts = loopback())
      : session_(std::make_shared<server_settings>(std::move(settings)), std::move(facts), now()) {
    take_output(); // the greeting has a test of its own
  }

  static connection_facts loopback() {
    connection_facts facts;
    facts.session_id = "s1";
    facts.peer_address = "127.0.0.1";
    facts.peer_is_loopback = true;
    facts.nonce = "abcdefghijklmnopqrstuvwx";
    return facts;
  }
  base::instant now() const { return base::instant{} + elapsed_; }
  server_session& session() { return session_; }

  /// What was sent since; taken away.
  std::string take_output() {
    std::string out(session_.output());
    session_.sent(out.size());
    return out;
  }
  /// What the host was asked, one word or so each; taken away.
  std::string take_asked() { return std::exchange(asked_, {}); }

  /// Feeds `input` in pieces of `piece` octets and gives all that was sent.
  std::string say(std::string_view input, std::size_t piece = std::string_view::npos) {
    std::string out;
    while (!input.empty()) {
      const auto part = input.substr(0, piece);
      input.remove_prefix(part.size());
      session_.feed(part, now());
      step();
      out += take_output();
    }
    return out;
  }
  std::string log_in() { return say("in LOGIN ann secret\r\n"); }
  void wait(std::chrono::seconds time) {
    elapsed_ += time;
    session_.tick(now());
    step();
  }
  void step() {
    while (auto event = session_.next_event()) std::visit([this](auto& e) { on(e); }, *event);
  }

  bool answer = true;          ///< false: commands stay open
  bool right = true;           ///< passwords
  bool judges = true;          ///< … are judged at once
  bool accept_messages = true; ///< APPEND
  std::string stored;          ///< octets of the messages, '|' behind each

private:
  void note(std::string_view what) {
    if (!asked_.empty()) asked_ += ' ';
    asked_ += what;
  }
  void on(check_password& q) {
    note("password:" + q.user + ":" + q.password);
    if (!judges) return;
    session_.password_verified(right && q.password == "secret");
  }
  void on(find_credentials& q) {
    note("credentials:" + q.user);
    session_.credentials_found(sasl::make_credentials("secret", "saltsaltsalt", 16), true);
  }
  void on(check_proof& q) {
    note("proof:" + q.question.authzid + ":" + q.question.token);
    session_.proof_judged(right && q.question.token == "token", "ann");
  }
  void on(authenticated& a) {
    note("in:" + a.user + ":" + std::string(a.mechanism));
    session_.accept_login();
  }
  void on(authentication_failed& f) {
    note("failed:" + f.user);
    if (f.held) session_.say_failure();
  }
  void on(command& c) {
    note("command" + std::to_string(c.what.index()));
    if (auto* s = std::get_if<select>(&c.what)) {
      note(s->mailbox);
      if (s->mailbox == "missing") return session_.respond_no("NONEXISTENT", "No such mailbox");
      session_.writer().exists(3);
      session_.selected(s->read_only);
      return session_.respond_ok(s->read_only ? "READ-ONLY" : "READ-WRITE", "Selected");
    }
    if (std::holds_alternative<close_mailbox>(c.what) || std::holds_alternative<unselect>(c.what)) session_.deselected();
    if (std::holds_alternative<unauthenticate>(c.what)) return session_.unauthenticated();
    if (answer) session_.respond_ok("", "Done");
  }
  void on(append_begin& a) {
    note("append:" + a.mailbox + ":" + std::to_string(a.message.octets));
    stored_before_ = stored.size();
    if (accept_messages) session_.accept_append();
    else session_.refuse_append("TRYCREATE", "No such mailbox");
  }
  void on(append_next& a) {
    note("next:" + std::to_string(a.message.octets));
    session_.accept_append();
  }
  void on(append_url& u) {
    stored += "<" + u.url + ">";
    session_.accept_append();
  }
  void on(append_text&) { session_.accept_append(); }
  void on(append_chunk& c) { stored += c.octets; }
  void on(append_message_end&) { stored += '|'; }
  void on(append_end& e) {
    note("end:" + std::to_string(e.messages));
    session_.respond_ok("APPENDUID 1 5", "Stored");
  }
  void on(append_aborted&) {
    note("aborted");
    stored.resize(stored_before_);
  }
  void on(idle_begin&) { note("idle"); }
  void on(idle_end&) {
    note("done");
    session_.respond_ok("", "IDLE completed");
  }
  void on(condstore_enabled&) {
    note("condstore");
    session_.writer().highest_modseq(9);
  }
  void on(start_tls&) { note("tls"); }
  void on(compress&) {
    note("compress");
    session_.compress_started();
  }
  void on(client_id& i) { note("id" + std::to_string(i.pairs.size())); }
  void on(logged_out&) { note("bye"); }

  std::chrono::seconds elapsed_{0};
  server_session session_;
  std::string asked_;
  std::size_t stored_before_ = 0;
};

} // namespace rookery::imap
