#include "base/text.hpp"
#include "protocols/smtp/server_session.hpp"
#include "tests/support/dialogue.hpp"

#include <gtest/gtest.h>

namespace rookery::smtp {
namespace {

template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

constexpr const char* reset_names[] = {"rset", "greeting", "start_tls", "refused", "bare_line_end", "ended"};
constexpr const char* fault_names[] = {"syntax", "sequence", "line_too_long", "bare_cr", "bare_lf", "message_too_large",
  "too_many_recipients", "too_many_errors", "too_many_refused_recipients", "too_many_idle_commands",
  "too_many_failed_logins", "too_many_mails", "foreign_protocol", "timeout", "text_line_too_long"};
constexpr const char* end_names[] = {"quit", "timeout", "limit", "shut_down", "refused"};
constexpr const char* failure_names[] = {"malformed", "aborted", "wrong", "channel_binding", "too_long"};

/// session: mx|submission|lmtp
/// settings: loopback, tls, starttls, tls_required, auth, etrn, atrn, urls, show_errors
/// limits: <name in limits.hpp> = number (times in seconds)
/// Answers: accept; refuse CODE ENHANCED TEXT; octets TEXT, last TEXT (of a URL); each REPLY / REPLY …; right; wrong; unavailable;
/// credentials (of "pencil", known); unknown_credentials; tls; pause; resume; shut_down; close CODE ENHANCED TEXT
class smtp_dialogue {
public:
  using session_type = server_session;

  smtp_dialogue(const support::dialogue_head& head, base::instant now) : now_(now) {
    auto settings = std::make_shared<server_settings>();
    settings->host_name = "mx.example.org";
    const auto profile_name = head.value("session");
    settings->profile = profile_name == "submission" ? profile::submission : profile_name == "lmtp" ? profile::lmtp : profile::mx;
    settings->starttls_available = head.has("settings", "starttls");
    settings->tls_required = head.has("settings", "tls_required");
    settings->authentication_offered = head.has("settings", "auth");
    settings->etrn_offered = head.has("settings", "etrn");
    settings->atrn_offered = head.has("settings", "atrn");
    settings->urls_offered = head.has("settings", "urls");
    settings->mechanisms.scram_sha_1 = head.has("settings", "scram_sha_1");
    settings->mechanisms.certificates = head.has("settings", "certificates");
    settings->mechanisms.tokens = head.has("settings", "tokens");
    auto& l = settings->limits;
    const auto set = [&head](const char* name, auto& value) {
      if (const auto n = head.number("limits", name)) value = static_cast<std::decay_t<decltype(value)>>(*n);
    };
    set("message_octets", l.message_octets), set("recipients", l.recipients), set("mails", l.mails);
    set("line_octets", l.line_octets), set("auth_line_octets", l.auth_line_octets), set("text_line_octets", l.text_line_octets);
    set("errors", l.errors), set("refused_recipients", l.refused_recipients), set("idle_commands", l.idle_commands);
    set("authentication_failures", l.authentication_failures), set("turned_domains", l.turned_domains), set("input_octets", l.input_octets), set("dropped_octets", l.dropped_octets);
    facts_.session_id = "s1";
    facts_.peer_address = "192.0.2.7";
    if (head.has("settings", "certificates")) facts_.tls_client = std::make_shared<const client_certificate>();
    facts_.nonce = "servernonce";
    facts_.peer_is_loopback = head.has("settings", "loopback");
    facts_.tls = head.has("settings", "tls");
    show_errors_ = head.has("settings", "show_errors");
    session_ = std::make_unique<server_session>(settings, facts_, now, base::wall_time(std::chrono::seconds(1700000000)));
  }
  server_session& session() { return *session_; }

  std::string print(server_session::event& e) {
    using std::string;
    return std::visit(overloaded{
      [](client_named& n) { return string("client_named ") + (n.greeting == greeting_verb::helo ? "helo " : n.greeting == greeting_verb::ehlo ? "ehlo " : "lhlo ") + n.name; },
      [](authenticated& a) { return "authenticated " + a.user + " by " + string(sasl::name(a.mechanism)); },
      [](authentication_failed& f) { return "authentication_failed " + f.user + " " + failure_names[static_cast<int>(f.why)] + (f.held ? " held" : ""); },
      [](body_chunk& b) { return "body " + string(b.octets); },
      [](transaction_reset& r) { return string("transaction_reset ") + reset_names[static_cast<int>(r.why)]; },
      [this](protocol_error& p) { return show_errors_ ? string("protocol_error ") + fault_names[static_cast<int>(p.what)] : string(); },
      [](gone& g) { return string("gone ") + end_names[static_cast<int>(g.why)]; },
      [](check_password& c) { return "check_password " + c.question.user + " " + c.question.password + (c.question.authzid.empty() ? "" : " as " + c.question.authzid); },
      [](find_credentials& f) { return "find_credentials " + f.question.user; },
      [](check_proof& c) { return string("check_proof ") + (c.question.what == sasl::check_proof::kind::token ? "token" : "certificate") + (c.question.authzid.empty() ? "" : " " + c.question.authzid) + (c.question.token.empty() ? "" : " " + c.question.token); },
      [](mail_from& m) { return print_mail(m); },
      [](rcpt_to& r) { return print_rcpt(r); },
      [](data_begin& d) { return string(d.chunked ? "data_begin chunked" : "data_begin"); },
      [](message_end& m) { return "message_end octets=" + std::to_string(m.octets) + " recipients=" + std::to_string(m.recipients); },
      [](fetch_url& u) { return "fetch_url " + std::to_string(u.offset) + " " + u.url; },
      [](start_queue& q) { return "start_queue " + string(q.what == start_queue::kind::node ? "" : q.what == start_queue::kind::queue ? "# " : "@ ") + q.name; },
      [](turn_around& t) {
        string out = "turn_around";
        for (const auto& d : t.domains) out += " " + d;
        return out;
      },
      [this](turned&) { return "turned" + (session_->rest().empty() ? "" : ", rest: " + string(session_->rest())); },
      [](start_tls&) { return string("start_tls"); }}, e);
  }

  bool answer(std::string_view text, base::instant now) {
    auto& s = *session_;
    if (text == "accept") s.accept();
    else if (text.starts_with("accept ")) s.answer(read_reply(text.substr(7)));
    else if (text.starts_with("refuse ")) s.refuse(read_reply(text.substr(7)));
    else if (text.starts_with("each ")) {
      std::vector<reply> replies;
      for (auto one : base::split(text.substr(5), '/')) replies.push_back(read_reply(base::trim(one)));
      s.answer_each(replies);
    }
    else if (text.starts_with("octets ")) s.url_octets(with_line_ends(text.substr(7)), false);
    else if (text.starts_with("last")) s.url_octets(with_line_ends(text.substr(std::min<std::size_t>(text.size(), 5))), true);
    else if (text.starts_with("queue ")) s.queue_answered(read_reply(text.substr(6)));
    else if (text == "right") s.password_verified(true);
    else if (text == "wrong") s.password_verified(false);
    else if (text.starts_with("proof ")) s.proof_judged(true, text.substr(6));
    else if (text == "no_proof") s.proof_judged(false, "");
    else if (text == "say_failure") s.say_failure();
    else if (text == "unavailable") s.authentication_unavailable();
    else if (text == "credentials" || text == "unknown_credentials") s.credentials_found(sasl::make_credentials("pencil", "salt", 10), text == "credentials");
    else if (text == "tls") {
      facts_.tls = true;
      facts_.tls_exporter = std::string(32, 'e');
      s.tls_started(facts_, now);
    }
    else if (text == "pause") s.pause_body(true);
    else if (text == "resume") s.pause_body(false);
    else if (text == "shut_down") s.shut_down(now);
    else if (text.starts_with("close ")) s.close_with(read_reply(text.substr(6)));
    else return false;
    return true;
  }

private:
  /// \\r and \\n as they are meant.
  static std::string with_line_ends(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool escaped = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'r' || text[i + 1] == 'n');
      out.push_back(!escaped ? text[i] : text[i + 1] == 'r' ? '\r' : '\n');
      if (escaped) ++i;
    }
    return out;
  }
  static reply read_reply(std::string_view text) {
    reply r;
    r.code = static_cast<std::uint16_t>(*base::parse_u32(text.substr(0, 3)));
    text.remove_prefix(4);
    const auto space = text.find(' ');
    r.enhanced = text.substr(0, space);
    r.text = text.substr(space + 1);
    return r;
  }

  static std::string print_mail(const mail_from& m) {
    std::string out = "mail_from " + (m.sender.null() ? "<>" : m.sender.text());
    const auto& p = m.parameters;
    if (p.size) out += " size=" + std::to_string(*p.size);
    if (p.body == body_type::eight_bit_mime) out += " 8bitmime";
    if (p.body == body_type::binary_mime) out += " binarymime";
    if (p.smtputf8) out += " smtputf8";
    if (p.require_tls) out += " requiretls";
    if (p.ret != dsn_return::unset) out += p.ret == dsn_return::full ? " ret=full" : " ret=hdrs";
    if (!p.envelope_id.empty()) out += " envid=" + p.envelope_id;
    if (p.auth) out += " auth=<" + *p.auth + ">";
    if (p.by) out += " by=" + std::to_string(p.by->seconds) + (p.by->or_return ? "R" : "N") + (p.by->trace ? "T" : "");
    if (p.hold_for) out += " holdfor=" + std::to_string(p.hold_for->count());
    if (p.hold_until) out += " holduntil=" + std::to_string(base::to_seconds(*p.hold_until));
    return out;
  }
  static std::string print_rcpt(const rcpt_to& r) {
    std::string out = "rcpt_to " + r.recipient.text();
    if (r.parameters.notify != 0) out += " notify=" + std::to_string(r.parameters.notify);
    if (!r.parameters.original_recipient.empty()) out += " orcpt=" + r.parameters.original_recipient;
    return out;
  }

  base::instant now_;
  connection_facts facts_;
  bool show_errors_ = false;
  std::unique_ptr<server_session> session_;
};

class SmtpDialogues : public testing::TestWithParam<std::string> {};
TEST_P(SmtpDialogues, GoAsWritten) { EXPECT_EQ("", support::play_dialogue<smtp_dialogue>(GetParam())); }
INSTANTIATE_TEST_SUITE_P(Smtp, SmtpDialogues, testing::ValuesIn(support::dialogue_files(ROOKERY_SOURCE_DIR "/tests/dialogues/smtp")),
                         [](const auto& file) { return support::dialogue_name(file.param); });

} // namespace
} // namespace rookery::smtp
