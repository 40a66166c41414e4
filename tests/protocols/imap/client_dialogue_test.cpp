#include "base/text.hpp"
#include "protocols/imap/client_session.hpp"
#include "tests/support/dialogue.hpp"

#include <gtest/gtest.h>

namespace rookery::imap {
namespace {

template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

constexpr const char* command_names[] = {"list", "select", "search", "rows", "fetch", "store", "expunge", "append", "idle", "noop"};

std::string flags_text(const flag_list& flags) {
  auto out = std::to_string(flags.system);
  for (const auto& k : flags.keywords) out += "," + k;
  return out;
}

/// settings: tls = none | when_offered | required | implicit, plaintext, loopback
/// login: user = …, password = …
/// limits: <name in client_limits.hpp> = number
/// Answers: tls; accept; refuse; key; list REFERENCE PATTERN ("" is empty); list_all; select NAME; examine NAME; watch NAME
/// (EXAMINE with CONDSTORE); search CRITERIA; rows FIRST LAST [SINCE]; fetch UID …; skip; store SET +FLAG|-FLAG; expunge SET; append NAME OCTETS; body TEXT; idle; end_idle;
/// noop; quit; shut_down
class imap_client_dialogue {
public:
  using session_type = client_session;

  imap_client_dialogue(const support::dialogue_head& head, base::instant now) {
    auto settings = std::make_shared<client_settings>();
    const auto tls = head.text("settings", "tls").value_or("none");
    settings->login = {tls == "implicit" ? tls_use::implicit : tls == "required" ? tls_use::required
                       : tls == "when_offered" ? tls_use::when_offered : tls_use::none,
                       head.text("login", "user").value_or("ann"), head.text("login", "password").value_or("secret"),
                       head.has("settings", "plaintext")};
    auto& l = settings->limits;
    const auto set = [&head](const char* name, auto& value) {
      if (const auto n = head.number("limits", name)) value = static_cast<std::decay_t<decltype(value)>>(*n);
    };
    set("response_octets", l.response_octets), set("literal_octets", l.literal_octets), set("message_octets", l.message_octets);
    set("pipelined_fetches", l.pipelined_fetches);
    facts_.peer_is_loopback = head.has("settings", "loopback");
    facts_.tls = tls == "implicit";
    facts_.nonce = "clientnonce";
    session_ = std::make_unique<client_session>(settings, facts_, now);
  }
  client_session& session() { return *session_; }

  std::string print(client_session::event& e) {
    using std::string, std::to_string;
    namespace ce = client_event;
    return std::visit(overloaded{
      [](ce::start_tls&) { return string("start_tls"); },
      [](ce::check_peer&) { return string("check_peer"); },
      [](ce::derive_key& x) { return "derive_key " + to_string(x.question.iterations); },
      [](ce::ready&) { return string("ready"); },
      [](ce::mailbox& x) { return "mailbox " + x.what.name; },
      [](ce::selected& x) {
        return "selected " + to_string(x.messages) + " validity " + to_string(x.uid_validity) + " next " + to_string(x.uid_next) + (x.highest_modseq != 0 ? " modseq " + to_string(x.highest_modseq) : "") +
               (x.read_only ? " read-only" : "");
      },
      [](ce::found& x) { return "found " + imap::print(x.uids); },
      [](ce::row& x) { return "row " + to_string(x.uid) + " " + to_string(x.size) + " " + flags_text(x.flags); },
      [](ce::message_begin& x) { return "begin " + to_string(x.uid) + " " + to_string(x.octets); },
      [](ce::message_chunk& x) { return "body " + string(x.octets); },
      [](ce::message_end& x) { return "end " + to_string(x.uid) + " " + flags_text(x.flags) + (x.internal_date ? " dated" : ""); },
      [](ce::want_body&) { return string("want_body"); },
      [](ce::news& x) { return "news " + to_string(x.messages); },
      [](ce::done& x) {
        auto out = string(x.ok ? "done " : "failed ") + command_names[static_cast<int>(x.what)];
        if (x.uid != 0) out += " " + to_string(x.uid);
        if (!x.ok) out += (x.code.empty() ? "" : " [" + x.code + "]") + " " + x.text;
        return out;
      },
      [](ce::gone& x) { return "gone " + string(name(x.why)) + (x.text.empty() ? "" : " " + x.text); }}, e);
  }

  bool answer(std::string_view text, base::instant now) {
    const auto words = base::split(text, ' ');
    const auto& verb = words[0];
    const auto rest = text.substr(std::min(text.size(), verb.size() + 1));
    const auto number = [&words](std::size_t i) { return *base::parse_u32(words.at(i)); };
    auto& s = *session_;
    if (verb == "tls") {
      facts_.tls = true;
      s.tls_started(facts_, now);
    } else if (verb == "accept") s.peer_accepted(now);
    else if (verb == "refuse") s.peer_refused("certificate-expired");
    else if (verb == "key") s.key_derived(std::string(32, 'k'), now);
    else if (verb == "list") s.list(words.at(1) == "\"\"" ? "" : words.at(1), words.at(2), now);
    else if (verb == "list_all") s.list_all(now);
    else if (verb == "watch") s.select(rest, true, now, true);
    else if (verb == "select" || verb == "examine") s.select(rest, verb == "examine", now);
    else if (verb == "search") s.search(rest, now);
    else if (verb == "rows") s.rows(number(1), number(2), now, words.size() > 3 ? number(3) : 0);
    else if (verb == "fetch")
      for (std::size_t i = 1; i < words.size(); ++i) s.fetch(number(i), now);
    else if (verb == "skip") s.skip_message();
    else if (verb == "store") {
      flag_list flags;
      const auto flag = words.at(2).substr(1);
      if (const auto bit = find_system_flag(flag)) flags.system = bit;
      else flags.keywords.emplace_back(flag);
      s.store(parse_sequence_set(words.at(1))->resolve(0), words.at(2).starts_with('+'), flags, now);
    } else if (verb == "expunge") s.expunge(parse_sequence_set(words.at(1))->resolve(0), now);
    else if (verb == "append") s.append(words.at(1), {flag::seen, {}}, base::from_milliseconds(100'000), number(2), now);
    else if (verb == "body") {
      s.body(rest);
      s.body_done(now);
    } else if (verb == "idle") s.idle(now);
    else if (verb == "end_idle") s.end_idle(now);
    else if (verb == "noop") s.noop(now);
    else if (verb == "quit") s.quit(now);
    else if (verb == "shut_down") s.shut_down(now);
    else return false;
    return true;
  }

private:
  connection_facts facts_;
  std::unique_ptr<client_session> session_;
};

class ImapClientDialogues : public testing::TestWithParam<std::string> {};
TEST_P(ImapClientDialogues, GoAsWritten) { EXPECT_EQ("", support::play_dialogue<imap_client_dialogue>(GetParam())); }
INSTANTIATE_TEST_SUITE_P(ImapClient, ImapClientDialogues,
                         testing::ValuesIn(support::dialogue_files(ROOKERY_SOURCE_DIR "/tests/dialogues/imap_client")),
                         [](const auto& file) { return support::dialogue_name(file.param); });

} // namespace
} // namespace rookery::imap
