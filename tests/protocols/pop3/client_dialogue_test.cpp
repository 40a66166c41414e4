#include "base/text.hpp"
#include "protocols/pop3/client_session.hpp"
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

/// settings: tls = none | when_offered | required | implicit, plaintext, loopback, lockstep, long (forty times the password)
/// limits: <name in client_limits.hpp> = number
/// User "ann", password "secret". Answers: tls; accept; refuse; key; retrieve N …; remove N …; skip; quit; shut_down
class pop3_client_dialogue {
public:
  using session_type = client_session;

  pop3_client_dialogue(const support::dialogue_head& head, base::instant now) {
    auto settings = std::make_shared<client_settings>();
    const auto tls = head.text("settings", "tls").value_or("none");
    settings->login = {tls == "implicit" ? tls_use::implicit : tls == "required" ? tls_use::required
                       : tls == "when_offered" ? tls_use::when_offered : tls_use::none,
                       "ann", "secret", head.has("settings", "plaintext")};
    if (head.has("settings", "long"))
      for (int i = 1; i < 40; ++i) settings->login.password += "secret";
    settings->pipelining = !head.has("settings", "lockstep");
    auto& l = settings->limits;
    const auto set = [&head](const char* name, auto& value) {
      if (const auto n = head.number("limits", name)) value = static_cast<std::decay_t<decltype(value)>>(*n);
    };
    set("line_octets", l.line_octets), set("messages", l.messages), set("message_octets", l.message_octets);
    set("capability_lines", l.capability_lines), set("pipelined_commands", l.pipelined_commands);
    facts_.peer_is_loopback = head.has("settings", "loopback");
    facts_.tls = tls == "implicit";
    facts_.nonce = "clientnonce";
    session_ = std::make_unique<client_session>(settings, facts_, now);
  }
  client_session& session() { return *session_; }

  std::string print(client_session::event& e) {
    using namespace client_event;
    using std::string, std::to_string;
    return std::visit(overloaded{
      [](start_tls&) { return string("start_tls"); },
      [](check_peer&) { return string("check_peer"); },
      [](derive_key& x) { return "derive_key " + to_string(x.question.iterations); },
      [](entry& x) { return "entry " + to_string(x.number) + " " + to_string(x.octets) + " " + string(x.uid.empty() ? "-" : x.uid); },
      [](listed& x) { return "listed " + to_string(x.messages) + (x.unique_ids ? "" : " without ids"); },
      [](message_begin& x) { return "begin " + to_string(x.number); },
      [](message_chunk& x) { return "body " + string(x.octets); },
      [](message_end& x) { return "end " + to_string(x.number); },
      [](message_missing& x) { return "missing " + to_string(x.number) + " " + x.text; },
      [](removed& x) { return "removed " + to_string(x.number) + (x.done ? "" : " refused"); },
      [](gone& x) {
        return "gone " + string(name(x.why)) + (x.committed ? " committed" : "") + (x.text.empty() ? "" : " " + x.text);
      }}, e);
  }

  bool answer(std::string_view text, base::instant now) {
    const auto words = base::split(text, ' ');
    if (text == "tls") {
      facts_.tls = true;
      session_->tls_started(facts_, now);
    } else if (text == "accept") session_->peer_accepted(now);
    else if (text == "refuse") session_->peer_refused("certificate-expired");
    else if (text == "key") session_->key_derived(std::string(32, 'k'), now);
    else if (text == "skip") session_->skip_message();
    else if (text == "quit") session_->quit(now);
    else if (text == "shut_down") session_->shut_down(now);
    else if (words[0] == "retrieve" || words[0] == "remove") {
      for (std::size_t i = 1; i < words.size(); ++i) {
        const auto number = *base::parse_u32(words[i]);
        words[0] == "retrieve" ? session_->retrieve(number, now) : session_->remove(number, now);
      }
    } else return false;
    return true;
  }

private:
  connection_facts facts_;
  std::unique_ptr<client_session> session_;
};

class Pop3ClientDialogues : public testing::TestWithParam<std::string> {};
TEST_P(Pop3ClientDialogues, GoAsWritten) { EXPECT_EQ("", support::play_dialogue<pop3_client_dialogue>(GetParam())); }
INSTANTIATE_TEST_SUITE_P(Pop3Client, Pop3ClientDialogues,
                         testing::ValuesIn(support::dialogue_files(ROOKERY_SOURCE_DIR "/tests/dialogues/pop3_client")),
                         [](const auto& file) { return support::dialogue_name(file.param); });

} // namespace
} // namespace rookery::pop3
