#include "base/text.hpp"
#include "protocols/smtp/client_session.hpp"
#include "tests/support/dialogue.hpp"

#include <gtest/gtest.h>

namespace rookery::smtp {
namespace {

constexpr const char* stage_names[] = {"connect", "greeting", "tls", "authentication", "mail", "recipient", "data", "body", "final", "idle"};
constexpr const char* obstacle_names[] = {"eight_bit", "utf8", "no_require_tls", "size", "no_deliver_by", "sender"};
constexpr const char* kind_names[] = {"delivered", "refused", "deferred", "untried"};
constexpr const char* ended_names[] = {"quit", "by_peer", "timeout", "broken", "aborted"};

/// session: smtp|lmtp
/// settings: tls = none|when_offered|required|implicit, loopback, user = NAME, password = TEXT, plaintext_auth, no_pipelining, no_chunking
/// limits: <name of client_limits> = number
/// times: <name of client_times> = seconds
/// mail: (the parameters of `! begin`) from = A, to = A B C, octets = N, body = 7bit|8bit|binary, utf8, requiretls, verify, ret = full|hdrs,
///       envid = X, by = N, by_mode = R|N|NT, notify = N, orcpt = X     (in texts %0d %0a %00 %20 mean one octet)
/// Answers: begin; begin from=… to=…,… (other addresses); body TEXT (\r\n as in dialogues); body_done; body_failed; tls; accept_peer;
/// key; wrong_key; quit; shut_down; abort; lost; nothing
class smtp_client_dialogue {
public:
  using session_type = client_session;

  smtp_client_dialogue(const support::dialogue_head& head, base::instant now) : head_(head) {
    auto settings = std::make_shared<client_settings>();
    settings->host_name = "out.example.net";
    settings->lmtp = head.value("session") == "lmtp";
    const auto use = head.text("settings", "tls").value_or("when_offered");
    settings->tls = use == "none" ? tls_use::none : use == "required" ? tls_use::required : use == "implicit" ? tls_use::implicit : tls_use::when_offered;
    settings->pipelining = !head.has("settings", "no_pipelining");
    settings->chunking = !head.has("settings", "no_chunking");
    settings->allow_plaintext_auth = head.has("settings", "plaintext_auth");
    if (const auto user = head.text("settings", "user"))
      settings->credentials = sasl::client_credentials{*user, head.text("settings", "password").value_or("pencil"), ""};
    const auto set = [&head](const char* line, const char* name, auto& value) {
      if (const auto n = head.number(line, name)) value = static_cast<std::decay_t<decltype(value)>>(*n);
    };
    auto& l = settings->limits;
    set("limits", "reply_line_octets", l.reply_line_octets), set("limits", "reply_lines", l.reply_lines);
    set("limits", "reply_octets", l.reply_octets), set("limits", "recipients", l.recipients);
    set("limits", "chunk_octets", l.chunk_octets), set("limits", "eager_octets", l.eager_octets), set("limits", "mails", l.mails);
    auto& t = settings->times;
    set("times", "greeting", t.greeting), set("times", "mail", t.mail), set("times", "data_end", t.data_end);
    facts_.peer_is_loopback = head.has("settings", "loopback");
    facts_.tls = settings->tls == tls_use::implicit;
    facts_.nonce = "rOprNGfwEbeRWgbNEkqO"; // RFC 7677 §3
    session_ = std::make_unique<client_session>(settings, facts_, now);
  }
  client_session& session() { return *session_; }

  std::string print(client_session::event& e) {
    if (std::holds_alternative<client_session::start_tls>(e)) return "start_tls";
    if (std::holds_alternative<client_session::check_peer>(e)) return "check_peer";
    if (std::holds_alternative<client_session::ready>(e)) return "ready";
    if (std::holds_alternative<client_session::want_body>(e)) return "want_body";
    if (const auto* d = std::get_if<client_session::derive_key>(&e)) {
      question_ = d->question;
      return std::string("derive_key ") + (question_.sha_256 ? "sha-256 " : "sha-1 ") + std::to_string(question_.iterations);
    }
    if (const auto* f = std::get_if<client_session::session_failed>(&e))
      return std::string("session_failed ") + stage_names[static_cast<int>(f->where)] + (f->retryable ? " retryable" : " final") +
             (f->said ? " " + print_reply(*f->said) : "") + ": " + f->text;
    if (const auto* g = std::get_if<client_session::gone>(&e)) return std::string("gone ") + ended_names[static_cast<int>(g->why)];
    const auto& t = std::get<client_session::transaction_ended>(e);
    std::string out = "transaction_ended";
    if (t.why) out += std::string(" obstacle=") + obstacle_names[static_cast<int>(*t.why)];
    if (t.dsn_passed_on) out += " dsn";
    for (const auto& o : t.outcomes)
      out += std::string("; ") + kind_names[static_cast<int>(o.what)] + " " + stage_names[static_cast<int>(o.where)] + " " + print_reply(o.answer);
    return out;
  }

  bool answer(std::string_view text, base::instant now) {
    auto& s = *session_;
    if (text == "begin") s.begin(make(head_.text("mail", "from").value_or("ann@example.net"), head_.text("mail", "to").value_or("bob@example.org")));
    else if (text.starts_with("begin to=")) s.begin(make("ann@example.net", std::string(text.substr(9))));
    else if (text.starts_with("body ")) s.body(unescape(text.substr(5)));
    else if (text == "body_done") s.body_done();
    else if (text.starts_with("message ")) s.body(unescape(text.substr(8))), s.body_done();
    else if (text == "body_failed") s.body_failed();
    else if (text == "accept_peer") s.peer_accepted();
    else if (text == "key") s.key_derived(sasl::derive_key(question_));
    else if (text == "quit") s.quit();
    else if (text == "shut_down") s.shut_down(now);
    else if (text == "abort") s.abort();
    else if (text == "lost") s.lost(now);
    else if (text == "tls") {
      s.sent(s.output().size());
      facts_.tls = true;
      s.tls_started(facts_, now);
    } else if (text != "nothing") return false;
    return true;
  }

private:
  static std::string print_reply(const reply& r) {
    std::string text = r.text;
    std::replace(text.begin(), text.end(), '\n', '|');
    return (r.code == 0 ? "-" : std::to_string(r.code)) + (r.enhanced.empty() ? "" : " " + r.enhanced) + " " + text;
  }
  /// %HH is one octet.
  static std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto octet = text[i] == '%' ? base::from_hex(text.substr(i + 1, 2)) : std::nullopt;
      if (octet) out += *octet, i += 2;
      else out += text[i];
    }
    return out;
  }
  static mailbox address(std::string_view text) {
    const auto plain = unescape(text);
    if (plain == "<>") return {};
    const auto at = plain.rfind('@');
    if (at == std::string::npos) return {plain, ""};
    return {plain.substr(0, at), plain.substr(at + 1)};
  }
  transaction make(const std::string& from, const std::string& to) {
    transaction t;
    t.sender = address(from);
    for (const auto one : base::split(to, ' '))
      t.recipients.push_back({address(one), static_cast<std::uint8_t>(head_.number("mail", "notify").value_or(0)), unescape(head_.text("mail", "orcpt").value_or(""))});
    t.octets = head_.number("mail", "octets").value_or(0);
    const auto kind = head_.text("mail", "body").value_or("7bit");
    t.body = kind == "8bit" ? body_type::eight_bit_mime : kind == "binary" ? body_type::binary_mime : body_type::seven_bit;
    t.smtputf8 = head_.has("mail", "utf8");
    t.require_tls = head_.has("mail", "requiretls");
    t.verify_only = head_.has("mail", "verify");
    const auto ret = head_.text("mail", "ret").value_or("");
    t.ret = ret == "full" ? dsn_return::full : ret == "hdrs" ? dsn_return::headers : dsn_return::unset;
    t.envelope_id = unescape(head_.text("mail", "envid").value_or(""));
    if (const auto seconds = head_.number("mail", "by")) {
      const auto mode = head_.text("mail", "by_mode").value_or("N");
      t.by = deliver_by{static_cast<std::int32_t>(*seconds), mode.front() == 'R', mode.ends_with('T')};
    }
    return t;
  }

  support::dialogue_head head_;
  connection_facts facts_;
  sasl::key_question question_;
  std::unique_ptr<client_session> session_;
};

class SmtpClientDialogues : public testing::TestWithParam<std::string> {};
TEST_P(SmtpClientDialogues, GoAsWritten) { EXPECT_EQ("", support::play_dialogue<smtp_client_dialogue>(GetParam())); }
INSTANTIATE_TEST_SUITE_P(SmtpClient, SmtpClientDialogues,
                         testing::ValuesIn(support::dialogue_files(ROOKERY_SOURCE_DIR "/tests/dialogues/smtp_client")),
                         [](const auto& file) { return support::dialogue_name(file.param); });

} // namespace
} // namespace rookery::smtp
