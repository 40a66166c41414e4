#include "base/text.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/stream_session.hpp"
#include "tests/support/dialogue.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

/// settings: loopback, tls, starttls, sasl2, tokens, registration, scram_sha_1, binding (the connection has channel binding data), logged_in (what
/// comes before a resource is bound was played already)
/// limits: <name in limits.hpp> = number (times in seconds)
/// Answers: served; unknown; tls; right; wrong; credentials (of "pencil"); unknown_credentials; say_failure;
/// accept; refuse CONDITION; tokens (t1 is SECRET, t0 is EXPIRED); token SECRET; no_token; made; taken; bound JID; refuse_binding; managed ID; managed_only; resumed ID HANDLED (two stanzas wait);
/// refuse_resumption [HANDLED]; handled N; send XML; end; shut_down
class xmpp_dialogue {
public:
  using session_type = stream_session;

  xmpp_dialogue(const support::dialogue_head& head, base::instant now) {
    auto settings = std::make_shared<stream_settings>();
    settings->starttls_available = head.has("settings", "starttls");
    settings->sasl2 = head.has("settings", "sasl2");
    settings->tokens = head.has("settings", "tokens");
    settings->registration = head.has("settings", "registration");
    settings->mechanisms.scram_sha_1 = head.has("settings", "scram_sha_1");
    auto& l = settings->limits;
    const auto set = [&head](const char* name, auto& value) {
      if (const auto n = head.number("limits", name)) value = static_cast<std::decay_t<decltype(value)>>(*n);
    };
    set("login_octets", l.login_octets), set("stanza_octets", l.stanza_octets), set("output_octets", l.output_octets);
    set("unhandled_stanzas", l.unhandled_stanzas), set("unacknowledged_stanzas", l.unacknowledged_stanzas);
    set("octets_a_second", l.octets_a_second), set("burst_octets", l.burst_octets);
    set("authentication_failures", l.authentication_failures);
    facts_.session_id = "s1";
    facts_.peer_is_loopback = head.has("settings", "loopback");
    facts_.tls = head.has("settings", "tls");
    if (head.has("settings", "binding")) facts_.tls_exporter = "exporter", facts_.tls_server_end_point = "endpoint";
    facts_.nonce = "3rfcNHYJY1ZVvWVs7j";
    session_ = std::make_unique<stream_session>(settings, facts_, now);
    if (!head.has("settings", "logged_in")) return;
    session_->feed("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='x.example' version='1.0'>", now);
    session_->next_event();
    session_->domain_served(true);
    session_->feed("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHVzZXIAcGVuY2ls</auth>", now);
    session_->next_event();
    session_->password_verified(true);
    session_->next_event();
    session_->accept_login();
    session_->feed("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='x.example' version='1.0'>", now);
    while (session_->next_event()) {}
    session_->sent(session_->output().size());
  }
  stream_session& session() { return *session_; }

  std::string print(stream_session::event& e) {
    using namespace stream_event;
    using std::string;
    return std::visit(overloaded{
      [](check_domain& x) { return "check_domain " + x.domain; },
      [](start_tls&) { return string("start_tls"); },
      [](find_credentials& x) { return "find_credentials " + x.user + (x.authzid.empty() ? "" : " as " + x.authzid); },
      [](check_password& x) { return "check_password " + x.user + " " + x.password + (x.authzid.empty() ? "" : " as " + x.authzid); },
      [](check_proof&) { return string("check_proof"); },
      [](authenticated& x) { return "authenticated " + x.mechanism + " " + x.user + (x.authzid.empty() ? "" : " as " + x.authzid); },
      [](authentication_failed& x) { return "failed" + (x.user.empty() ? "" : " " + x.user) + (x.held ? " held" : ""); },
      [](make_account& x) { return "make_account " + x.user + " " + x.password; },
      [](find_tokens& x) { return "find_tokens " + x.user + " " + x.client_id + " " + x.mechanism; },
      [](settle_token& x) {
        return "settle_token " + x.client_id + (x.used.empty() ? "" : " used " + x.used) + (x.mechanism.empty() ? "" : " for " + x.mechanism) + (x.forget ? " forget" : "");
      },
      [](bind_resource& x) {
        return "bind " + (x.resource.empty() ? "-" : x.resource) + (x.at_login ? " at login" : "") + (x.tag.empty() ? "" : " tag " + x.tag) +
               (x.client_id.empty() ? "" : " client " + x.client_id) + (x.carbons ? " carbons" : "");
      },
      [](enable_management& x) { return string(x.resume ? "enable resumable" : "enable"); },
      [](resume_stream& x) { return "resume " + x.previous + " " + std::to_string(x.handled); },
      [](stanza& x) {
        return x.what.name.empty() ? string("refused") : "stanza " + (x.to ? x.to->text() : "-") + " " + xml::to_text(x.what, space::client);
      },
      [](client_state& x) { return string(x.active ? "active" : "inactive"); },
      [](gone& x) { return "gone " + x.why + (x.finished ? "" : ", may resume"); }}, e);
  }

  bool answer(std::string_view text, base::instant now) {
    const auto words = base::split(text, ' ');
    const auto first = words[0];
    const auto number = [&words](std::size_t i) { return *base::parse_u32(words.at(i)); };
    if (first == "served") session_->domain_served(true);
    else if (first == "unknown") session_->domain_served(false);
    else if (first == "tls") facts_.tls = true, session_->tls_started(facts_, now);
    else if (first == "right") session_->password_verified(true);
    else if (first == "wrong") session_->password_verified(false);
    else if (first == "credentials" || first == "unknown_credentials")
      session_->credentials_found(sasl::make_credentials("pencil", "salt", 4096), first == "credentials");
    else if (first == "say_failure") session_->say_failure();
    else if (first == "accept") session_->accept_login(*read_jid("user@x.example"));
    else if (first == "tokens") session_->tokens_found({{"t0", "EXPIRED", true}, {"t1", "SECRET", false}});
    else if (first == "made") session_->account_made({});
    else if (first == "taken") session_->account_made(condition::conflict, "It is taken");
    else if (first == "token") session_->token_settled(words.at(1), base::from_milliseconds(1'700'000'000'000));
    else if (first == "no_token") session_->token_settled();
    else if (first == "refuse") session_->refuse_login(words.at(1));
    else if (first == "bound") session_->bound(*read_jid(words.at(1)), words.size() > 2 ? words[2] : std::string_view());
    else if (first == "refuse_binding") session_->refuse_binding(condition::conflict);
    else if (first == "managed") session_->management_enabled(words.at(1), std::chrono::seconds(600));
    else if (first == "managed_only") session_->management_enabled({}, {});
    else if (first == "resumed") {
      stream_management m;
      m.push(std::make_shared<const std::string>("<message id='w1'/>"));
      m.push(std::make_shared<const std::string>("<message id='w2'/>"));
      session_->resumed(*read_jid("user@x.example/r"), words.at(1), std::move(m), number(2) + 3, 3);
    } else if (first == "refuse_resumption") session_->refuse_resumption(words.size() > 1 ? std::optional(number(1)) : std::nullopt);
    else if (first == "handled") session_->handled(number(1));
    else if (first == "send") session_->send(std::make_shared<const std::string>(text.substr(5)));
    else if (first == "end") session_->end(stream_fault::conflict);
    else if (first == "shut_down") session_->shut_down(now);
    else return false;
    return true;
  }

private:
  connection_facts facts_;
  std::unique_ptr<stream_session> session_;
};

TEST(StreamSession, GivesBackWhatCameDuringALoginThatDied) {
  auto settings = std::make_shared<stream_settings>();
  connection_facts facts;
  facts.tls = true;
  const base::instant now{};
  stream_session s(settings, facts, now);
  s.feed("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='x.example' version='1.0'>", now);
  s.next_event();
  s.domain_served(true);
  s.feed("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>AHVzZXIAcGVuY2ls</initial-response>"
         "<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:sm:3'/></bind></authenticate>", now);
  s.next_event();
  s.password_verified(true);
  s.next_event();
  s.accept_login(*read_jid("user@x.example"));
  s.next_event();
  s.bound(*read_jid("user@x.example/r"));
  s.send(std::make_shared<const std::string>("<message id='m1'/>"));
  EXPECT_EQ(std::string(s.output()).find("m1"), std::string::npos);
  s.end(stream_fault::conflict);
  const auto left = s.take_management();
  ASSERT_EQ(left.stanzas(), 1u);
  EXPECT_EQ(*left.unacknowledged().front(), "<message id='m1'/>");
}

class XmppDialogues : public testing::TestWithParam<std::string> {};
TEST_P(XmppDialogues, GoAsWritten) { EXPECT_EQ("", support::play_dialogue<xmpp_dialogue>(GetParam())); }
INSTANTIATE_TEST_SUITE_P(Xmpp, XmppDialogues, testing::ValuesIn(support::dialogue_files(ROOKERY_SOURCE_DIR "/tests/dialogues/xmpp")),
                         [](const auto& file) { return support::dialogue_name(file.param); });

} // namespace
} // namespace rookery::xmpp
