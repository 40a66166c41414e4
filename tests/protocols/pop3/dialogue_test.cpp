#include "base/text.hpp"
#include "protocols/pop3/server_session.hpp"
#include "tests/support/dialogue.hpp"

#include <gtest/gtest.h>

namespace rookery::pop3 {
namespace {

template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

constexpr const char* end_names[] = {"quit", "timeout", "too_many_errors", "too_many_failed_logins", "shut_down", "message_failed", "closed"};
constexpr const char* failure_names[] = {"malformed", "aborted", "wrong", "channel_binding", "too_long"};

/// settings: loopback, tls, stls, scram_sha_1, certificates (one is shown), tokens
/// limits: <name in limits.hpp> = number (times in seconds)
/// Answers: right; wrong; unavailable; credentials (of "pencil", known); unknown_credentials; tls;
/// opened SIZE:UID …; in_use; try_later; not_allowed; message TEXT (whole); piece TEXT; end; unavailable_message;
/// proof USER; no_proof;
/// committed; not_committed; say_failure; shut_down; close LINE
class pop3_dialogue {
public:
  using session_type = server_session;

  pop3_dialogue(const support::dialogue_head& head, base::instant now) {
    auto settings = std::make_shared<server_settings>();
    settings->stls_available = head.has("settings", "stls");
    settings->mechanisms.scram_sha_1 = head.has("settings", "scram_sha_1");
    settings->mechanisms.certificates = head.has("settings", "certificates");
    settings->mechanisms.tokens = head.has("settings", "tokens");
    auto& l = settings->limits;
    const auto set = [&head](const char* name, auto& value) {
      if (const auto n = head.number("limits", name)) value = static_cast<std::decay_t<decltype(value)>>(*n);
    };
    set("line_octets", l.line_octets), set("auth_line_octets", l.auth_line_octets), set("errors", l.errors);
    set("authentication_failures", l.authentication_failures);
    facts_.peer_is_loopback = head.has("settings", "loopback");
    facts_.tls = head.has("settings", "tls");
    if (head.has("settings", "certificates")) facts_.tls_client = std::make_shared<const client_certificate>();
    facts_.nonce = "servernonce";
    session_ = std::make_unique<server_session>(settings, facts_, now);
  }
  server_session& session() { return *session_; }

  std::string print(server_session::event& e) {
    using std::string;
    return std::visit(overloaded{
      [](check_password& c) { return "check_password " + string(c.method) + " " + c.question.user + " " + c.question.password; },
      [](find_credentials& f) { return "find_credentials " + string(f.method) + " " + f.question.user; },
      [](check_proof& c) { return string("check_proof ") + (c.question.what == sasl::check_proof::kind::token ? "token" : "certificate") + (c.question.authzid.empty() ? "" : " " + c.question.authzid) + (c.question.token.empty() ? "" : " " + c.question.token); },
      [](open_maildrop& o) { return "open_maildrop " + string(o.method) + " " + o.user; },
      [](retrieve& r) { return string(r.top ? "top " : "retrieve ") + std::to_string(r.index); },
      [](quit_with_deletions& q) {
        string out("quit_with_deletions");
        for (const auto i : q.indexes) out += " " + std::to_string(i);
        return out;
      },
      [](start_tls&) { return string("start_tls"); },
      [](authentication_failed& f) { return "authentication_failed " + string(f.method) + " " + f.user + " " + failure_names[static_cast<int>(f.why)] + (f.held ? " held" : ""); },
      [](gone& g) { return string("gone ") + end_names[static_cast<int>(g.why)]; }}, e);
  }

  bool answer(std::string_view text, base::instant now) {
    auto& s = *session_;
    if (text == "right") s.password_verified(true);
    else if (text == "wrong") s.password_verified(false);
    else if (text == "unavailable") s.authentication_unavailable();
    else if (text == "credentials" || text == "unknown_credentials")
      s.credentials_found(sasl::make_credentials("pencil", "salt", 10), text == "credentials");
    else if (text == "tls") {
      facts_.tls = true;
      facts_.tls_exporter = std::string(32, 'e');
      s.tls_started(facts_, now);
    }
    else if (text.starts_with("opened")) s.opened(read_maildrop(text.substr(6)));
    else if (text == "in_use") s.refused(refusal::in_use);
    else if (text == "try_later") s.refused(refusal::try_later);
    else if (text == "not_allowed") s.refused(refusal::not_allowed);
    else if (text == "quiet_hours") s.refused(refusal::quiet_hours);
    else if (text.starts_with("message ")) {
      s.write_message(unescaped(text.substr(8)));
      s.end_message();
    }
    else if (text.starts_with("piece ")) s.write_message(unescaped(text.substr(6)));
    else if (text == "end") s.end_message();
    else if (text == "unavailable_message") s.message_unavailable();
    else if (text == "committed") s.committed(true);
    else if (text == "not_committed") s.committed(false);
    else if (text.starts_with("proof ")) s.proof_judged(true, text.substr(6));
    else if (text == "no_proof") s.proof_judged(false, "");
    else if (text == "say_failure") s.say_failure();
    else if (text == "shut_down") s.shut_down(now);
    else if (text.starts_with("close ")) s.close_with(text.substr(6));
    else return false;
    return true;
  }

private:
  static maildrop read_maildrop(std::string_view text) {
    maildrop drop{"9.", {}};
    for (const auto entry : base::split(base::trim(text), ' ')) {
      if (entry.empty()) continue;
      const auto colon = entry.find(':');
      drop.messages.push_back({*base::parse_u64(entry.substr(0, colon)), *base::parse_u32(entry.substr(colon + 1))});
    }
    return drop;
  }
  static std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'r' || text[i + 1] == 'n'))
        out += text[++i] == 'r' ? '\r' : '\n';
      else
        out += text[i];
    }
    return out;
  }

  connection_facts facts_;
  std::unique_ptr<server_session> session_;
};

class Pop3Dialogues : public testing::TestWithParam<std::string> {};
TEST_P(Pop3Dialogues, GoAsWritten) { EXPECT_EQ("", support::play_dialogue<pop3_dialogue>(GetParam())); }
INSTANTIATE_TEST_SUITE_P(Pop3, Pop3Dialogues,
                         testing::ValuesIn(support::dialogue_files(ROOKERY_SOURCE_DIR "/tests/dialogues/pop3")),
                         [](const auto& file) { return support::dialogue_name(file.param); });

} // namespace
} // namespace rookery::pop3
