#include "protocols/imap/server_session.hpp"
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

/// session: plain (no TLS) | loopback | tls | user (loopback, logged in as "ann", greeting taken); besides: certificates (one
/// is shown), tokens
/// Answers: ok, no, bad [CODE] TEXT; untagged LINE; selected; selected_read_only; deselected; unauthenticated; right; wrong;
/// unavailable; credentials (of "pencil"); proof USER; no_proof; say_failure; accept_login; accept; refuse [CODE] TEXT; tls; compress; shut_down
class imap_dialogue {
public:
  using session_type = server_session;

  imap_dialogue(const support::dialogue_head& head, base::instant now) {
    facts_.session_id = "s1";
    facts_.peer_address = "192.0.2.7";
    facts_.nonce = "servernonce";
    facts_.tls = head.has("session", "tls");
    facts_.peer_is_loopback = head.value("session") != "plain" && !facts_.tls;
    auto settings = std::make_shared<server_settings>();
    settings->mechanisms.tokens = head.has("session", "tokens");
    settings->mechanisms.certificates = head.has("session", "certificates");
    if (settings->mechanisms.certificates) facts_.tls_client = std::make_shared<const client_certificate>();
    session_ = std::make_unique<server_session>(std::move(settings), facts_, now);
    if (head.value("session") == "user") {
      session_->feed("in LOGIN ann secret\r\n", now);
      session_->next_event();
      session_->password_verified(true);
      session_->next_event();
      session_->accept_login();
      session_->sent(session_->output().size());
    }
  }
  server_session& session() { return *session_; }

  std::string print(server_session::event& e) {
    using std::string;
    return std::visit(overloaded{[](check_password& q) { return "check_password " + q.user + " " + q.password; },
                                 [](find_credentials& q) { return "find_credentials " + q.user; },
                                 [](check_proof& c) { return string("check_proof ") + (c.question.what == sasl::check_proof::kind::token ? "token" : "certificate") + (c.question.authzid.empty() ? "" : " " + c.question.authzid) + (c.question.token.empty() ? "" : " " + c.question.token); },
                                 [](authenticated& a) { return "authenticated " + a.user + " " + string(a.mechanism); },
                                 [](authentication_failed& f) { return "authentication_failed " + f.user + " " + string(f.mechanism) + (f.held ? " held" : ""); },
                                 [](command& c) { return print_command(c.what); },
                                 [](append_begin& a) {
                                   auto out = "append_begin " + a.mailbox + " " + std::to_string(a.message.octets);
                                   if (a.message.catenate) out += " in parts";
                                   if (a.replaced) out += " for " + string(a.replaced->uid ? "uid " : "") + std::to_string(a.replaced->number);
                                   return out;
                                 },
                                 [](append_next& a) { return "append_next " + std::to_string(a.message.octets) + (a.message.catenate ? " in parts" : ""); },
                                 [](append_url& a) { return "append_url " + a.url; },
                                 [](append_text& a) { return "append_text " + std::to_string(a.octets); },
                                 [](append_chunk& c) { return "body " + string(c.octets); },
                                 [](append_message_end&) { return string("append_message_end"); },
                                 [](append_end& a) { return "append_end " + std::to_string(a.messages); },
                                 [](append_aborted&) { return string("append_aborted"); },
                                 [](idle_begin&) { return string("idle_begin"); },
                                 [](idle_end&) { return string("idle_end"); },
                                 [](condstore_enabled&) { return string("condstore_enabled"); },
                                 [](start_tls&) { return string("start_tls"); },
                                 [](compress&) { return string("compress"); },
                                 [](client_id&) { return string("client_id"); },
                                 [](logged_out&) { return string("logged_out"); }},
                      e);
  }

  bool answer(std::string_view text, base::instant now) {
    auto& s = *session_;
    const auto word = text.substr(0, text.find(' '));
    auto rest = text.substr(std::min(text.size(), word.size() + 1));
    std::string_view code;
    const auto untagged = rest;
    if (rest.starts_with('[')) {
      code = rest.substr(1, rest.find(']') - 1);
      rest.remove_prefix(code.size() + 3);
    }
    if (word == "ok") s.respond_ok(code, rest);
    else if (word == "no") s.respond_no(code, rest);
    else if (word == "bad") s.respond_bad(code, rest);
    else if (word == "untagged") {
      s.out().append("* ");
      s.out().append(untagged);
      s.out().append("\r\n");
    }
    else if (word == "selected") s.selected(false);
    else if (word == "selected_read_only") s.selected(true);
    else if (word == "deselected") s.deselected();
    else if (word == "unauthenticated") s.unauthenticated();
    else if (word == "right") s.password_verified(true);
    else if (word == "wrong") s.password_verified(false);
    else if (word == "unavailable") s.refuse_login("UNAVAILABLE", "Try later");
    else if (word == "credentials") s.credentials_found(sasl::make_credentials("pencil", "salt", 16), true);
    else if (word == "proof") s.proof_judged(true, rest);
    else if (word == "no_proof") s.proof_judged(false, "");
    else if (word == "say_failure") s.say_failure();
    else if (word == "accept_login") s.accept_login();
    else if (word == "accept") s.accept_append();
    else if (word == "refuse") s.refuse_append(code, rest);
    else if (word == "compress") s.compress_started();
    else if (word == "shut_down") s.shut_down();
    else if (word == "tls") {
      facts_.tls = true;
      s.tls_started(facts_, now);
    }
    else return false;
    return true;
  }

private:
  static std::string print_set(const sequence_set& set) {
    return set.has_star() ? "with *" : imap::print(set.resolve(0)) + (set.saved ? "$" : "");
  }
  static std::string print_page(const partial_range& page) {
    base::buffer out;
    imap::print(page, out);
    return std::string(out.view());
  }
  static std::string print_command(const any_command& any) {
    using std::string;
    return std::visit(
        overloaded{[](const noop&) { return string("noop"); }, [](const check&) { return string("check"); },
                   [](const select& c) {
                     auto out = "select " + c.mailbox + (c.read_only ? " read_only" : "");
                     if (c.qresync)
                       out += " qresync=" + std::to_string(c.qresync->uid_validity) + "/" + std::to_string(c.qresync->modseq) + "/" +
                              (c.qresync->known_uids ? imap::print(*c.qresync->known_uids) : "");
                     return out;
                   },
                   [](const close_mailbox&) { return string("close"); }, [](const unselect&) { return string("unselect"); },
                   [](const create_mailbox& c) { return "create_mailbox " + c.mailbox; },
                   [](const delete_mailbox& c) { return "delete_mailbox " + c.mailbox; },
                   [](const rename_mailbox& c) { return "rename_mailbox " + c.from + " " + c.to; },
                   [](const subscribe& c) { return "subscribe " + c.mailbox; }, [](const list&) { return string("list"); },
                   [](const status& c) { return "status " + c.mailbox; }, [](const expunge&) { return string("expunge"); },
                   [](const search& c) {
                     auto out = string(c.extended ? "search extended" : "search");
                     if (c.returns & search_return::update) out += " update";
                     if (c.returns & search_return::partial) out += " page=" + print_page(c.page);
                     if (c.returns & search_return::relevancy) out += " relevancy";
                     if (c.program.uses_fuzzy) out += " fuzzy";
                     if (c.program.uses_filters) out += " filters";
                     return out;
                   },
                   [](const sort& c) { return string(c.program.uses_fuzzy ? "sort fuzzy" : "sort"); },
                   [](const thread& c) { return string(c.program.uses_fuzzy ? "thread fuzzy" : "thread"); },
                   [](const fetch& c) {
                     auto out = string("fetch ") + (c.uid ? "uid " : "") + print_set(c.set);
                     for (const auto& s : c.items.sections) out += " " + s.label;
                     if (c.changed_since) out += " changedsince=" + std::to_string(*c.changed_since);
                     if (c.vanished) out += " vanished";
                     if (c.page) out += " page=" + print_page(*c.page);
                     return out;
                   },
                   [](const store& c) {
                     return "store " + print_set(c.set) + (c.unchanged_since ? " unchangedsince=" + std::to_string(*c.unchanged_since) : "");
                   },
                   [](const copy& c) { return "copy " + print_set(c.set) + " " + c.mailbox; },
                   [](const move& c) { return "move " + print_set(c.set) + " " + c.mailbox; },
                   [](const get_quota& c) { return "get_quota " + c.root; },
                   [](const get_quota_root& c) { return "get_quota_root " + c.mailbox; },
                   [](const set_quota& c) { return "set_quota " + c.root; },
                   [](const unauthenticate&) { return string("unauthenticate"); },
                   [](const notify& c) {
                     string out = c.none ? "notify none" : c.status ? "notify status" : "notify";
                     for (const auto& g : c.groups) {
                       out += " (" + std::to_string(static_cast<int>(g.filter));
                       for (const auto& name : g.names) out += " " + name;
                       out += " " + std::to_string(g.events);
                       for (const auto& section : g.new_items.sections) out += " " + section.label;
                       out += ")";
                     }
                     return out;
                   },
                   [](const multi_search& c) {
                     auto out = "multi_search" + string(c.selected ? " selected" : "");
                     for (const auto& s : c.sources) {
                       out += " " + std::to_string(static_cast<int>(s.filter));
                       for (const auto& name : s.names) out += " " + name;
                     }
                     if (c.what.program.uses_fuzzy) out += " fuzzy";
                     return out;
                   },
                   [](const cancel_update& c) {
                     string out = "cancel_update";
                     for (const auto& tag : c.tags) out += " " + tag;
                     return out;
                   },
                   [](const uid_batches& c) {
                     auto out = "uid_batches " + std::to_string(c.messages);
                     if (c.batches) out += " " + std::to_string(c.batches->first) + ":" + std::to_string(c.batches->second);
                     return out;
                   },
                   [](const set_acl& c) { return "set_acl " + c.mailbox + " " + c.identifier + " " + c.rights; },
                   [](const delete_acl& c) { return "delete_acl " + c.mailbox + " " + c.identifier; },
                   [](const get_acl& c) { return "get_acl " + c.mailbox; },
                   [](const list_rights& c) { return "list_rights " + c.mailbox + " " + c.identifier; },
                   [](const my_rights& c) { return "my_rights " + c.mailbox; },
                   [](const reset_key& c) {
                     auto out = "reset_key <" + c.mailbox + ">";
                     for (const auto& m : c.mechanisms) out += " " + m;
                     return out;
                   },
                   [](const gen_url_auth& c) {
                     string out = "gen_url_auth";
                     for (const auto& [url, mechanism] : c.urls) out += " " + url + " " + mechanism;
                     return out;
                   },
                   [](const url_fetch& c) {
                     string out = "url_fetch";
                     for (const auto& u : c.urls) out += " " + u.url + (u.items != 0 ? " " + std::to_string(u.items) : "");
                     return out;
                   },
                   [](const get_metadata& c) {
                     auto out = "get_metadata <" + c.mailbox + ">";
                     for (const auto& e : c.entries) out += " " + e;
                     if (c.octets_max) out += " maxsize=" + std::to_string(*c.octets_max);
                     if (c.depth != metadata_depth::none) out += c.depth == metadata_depth::one ? " depth=1" : " depth=infinity";
                     return out;
                   },
                   [](const set_metadata& c) {
                     auto out = "set_metadata <" + c.mailbox + ">";
                     for (const auto& [name, value] : c.entries) out += " " + name + (value ? "=" + *value : " gone");
                     return out;
                   }},
        any);
  }

  connection_facts facts_;
  std::unique_ptr<server_session> session_;
};

class ImapDialogues : public testing::TestWithParam<std::string> {};
TEST_P(ImapDialogues, GoAsWritten) { EXPECT_EQ("", support::play_dialogue<imap_dialogue>(GetParam())); }
INSTANTIATE_TEST_SUITE_P(Imap, ImapDialogues, testing::ValuesIn(support::dialogue_files(ROOKERY_SOURCE_DIR "/tests/dialogues/imap")),
                         [](const auto& file) { return support::dialogue_name(file.param); });

} // namespace
} // namespace rookery::imap
