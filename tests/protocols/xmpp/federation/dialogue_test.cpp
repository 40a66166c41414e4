#include "base/text.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/federation/peer_session.hpp"
#include "tests/support/dialogue.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp::federation {
namespace {

template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

/// We are here.example, the other is there.example; with "side: client" we connect.
/// settings: starttls, tls, tls_optional, no_dialback, verify (we connect to ask for the key "k" of the stream "id9"),
/// settled (who was connected to: there.example has proved itself by its certificate)
/// certificate: the domain for which the other side has a trusted one; a word more: it is not trusted
/// limits: <name in limits.hpp> = number (times in seconds)
/// Answers: served; refused FAULT; tls; key OURS THEIRS valid|invalid|unknown|refused|unreachable; handled N; send XML; close; shut_down
class peer_dialogue {
public:
  using session_type = peer_session;

  peer_dialogue(const support::dialogue_head& head, base::instant now) {
    auto settings = std::make_shared<peer_settings>();
    settings->starttls_available = head.has("settings", "starttls");
    settings->tls_required = !head.has("settings", "tls_optional");
    settings->dialback = !head.has("settings", "no_dialback");
    settings->secret = "s3cr3tf0rd14lb4ck";
    auto& l = settings->limits;
    const auto set = [&head](const char* name, auto& value) {
      if (const auto n = head.number("limits", name)) value = static_cast<std::decay_t<decltype(value)>>(*n);
    };
    set("early_octets", l.early_octets), set("stanza_octets", l.stanza_octets), set("output_octets", l.output_octets);
    set("unhandled_stanzas", l.unhandled_stanzas), set("octets_a_second", l.octets_a_second), set("burst_octets", l.burst_octets);
    set("pairs", l.pairs), set("open_keys", l.open_keys), set("failures", l.failures);
    if (const auto n = head.number("limits", "idle_time")) l.idle_time = std::chrono::seconds(*n);
    if (const auto n = head.number("limits", "acknowledgement_time")) l.acknowledgement_time = std::chrono::seconds(*n);
    const bool connects = head.value("side") == "client";
    facts_.session_id = "s1";
    facts_.nonce = "n";
    certificate_ = head.value("certificate");
    connects_ = connects;
    if (head.has("settings", "tls")) put_tls();
    std::optional<peer_errand> errand;
    if (connects) errand = {{"here.example", "there.example"}, {}, {}};
    if (head.has("settings", "verify")) errand->key_id = "id9", errand->key = "k";
    session_ = std::make_unique<peer_session>(settings, facts_, now, errand);
    if (!head.has("settings", "settled")) return;
    for (const auto* octets : {"<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' from='there.example' to='here.example' version='1.0'>",
                               "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>",
                               "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' from='there.example' to='here.example' version='1.0'>"}) {
      session_->feed(octets, now);
      while (auto e = session_->next_event())
        if (std::holds_alternative<peer_event::check_domain>(*e)) session_->domain_checked({});
    }
    session_->sent(session_->output().size());
  }
  peer_session& session() { return *session_; }

  std::string print(peer_session::event& e) {
    using namespace peer_event;
    using std::string;
    const auto pair = [](const domain_pair& p) { return " " + p.ours + " " + (p.theirs.empty() ? "-" : p.theirs); };
    return std::visit(overloaded{
      [&](check_domain& x) { return "check_domain" + pair(x.between); },
      [](start_tls&) { return string("start_tls"); },
      [&](check_key& x) { return "check_key" + pair(x.between) + " " + x.id + " " + x.key; },
      [&](proved& x) { return "proved" + pair(x.between) + " " + string(x.how) + (x.both ? " both" : ""); },
      [](ready& x) { return "ready " + string(x.how) + (x.both ? " both" : ""); },
      [](key_judged& x) { return "key_judged " + std::to_string(static_cast<int>(x.what)); },
      [](stanza& x) { return (x.wrong ? "wrong " + string(name(*x.wrong)) : "stanza") + " " + xml::to_text(x.what, space::client); },
      [](acknowledged& x) { return "acknowledged " + std::to_string(x.stanzas); },
      [](gone& x) { return "gone " + x.why + (x.finished ? "" : ", lost") + (x.says == condition::remote_server_timeout ? "" : " " + string(name(x.says))); }}, e);
  }

  bool answer(std::string_view text, base::instant now) {
    const auto words = base::split(text, ' ');
    const auto first = words[0];
    if (first == "served") session_->domain_checked({});
    else if (first == "refused") session_->domain_checked(words.at(1) == "host-unknown" ? stream_fault::host_unknown : stream_fault::policy_violation, "Not here");
    else if (first == "tls") put_tls(), session_->tls_started(facts_, now);
    else if (first == "key") {
      const std::string_view names[] = {"valid", "invalid", "unknown", "refused", "unreachable"};
      const auto at = std::find(std::begin(names), std::end(names), words.at(3));
      session_->key_checked({std::string(words[1]), std::string(words[2])}, static_cast<key_verdict>(at - std::begin(names)));
    } else if (first == "handled") session_->handled(*base::parse_u32(words.at(1)));
    else if (first == "send") session_->send(std::make_shared<const std::string>(text.substr(5)));
    else if (first == "close") session_->close("the host closes");
    else if (first == "shut_down") session_->shut_down(now);
    else return false;
    return true;
  }

private:
  void put_tls() {
    facts_.tls = true;
    const auto words = base::split(certificate_, ' ');
    if (certificate_.empty()) return;
    auto shown = std::make_shared<client_certificate>();
    shown->domains = {std::string(words[0])};
    shown->trusted = words.size() < 2;
    if (!shown->trusted) shown->fault = "self-signed certificate";
    (connects_ ? facts_.tls_server : facts_.tls_client) = std::move(shown);
  }

  connection_facts facts_;
  std::string certificate_;
  bool connects_ = false;
  std::unique_ptr<peer_session> session_;
};

class FederationDialogues : public testing::TestWithParam<std::string> {};
TEST_P(FederationDialogues, GoAsWritten) { EXPECT_EQ("", support::play_dialogue<peer_dialogue>(GetParam())); }
INSTANTIATE_TEST_SUITE_P(Federation, FederationDialogues, testing::ValuesIn(support::dialogue_files(ROOKERY_SOURCE_DIR "/tests/dialogues/federation")),
                         [](const auto& file) { return support::dialogue_name(file.param); });

} // namespace
} // namespace rookery::xmpp::federation
