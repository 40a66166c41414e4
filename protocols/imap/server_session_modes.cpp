// What is offered, what a client has switched on, and how all of it ends (RFC 8437).
#include "protocols/imap/server_session.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/imap/list.hpp"

#include <algorithm>

namespace rookery::imap {

std::string server_session::capabilities() const {
  std::string out = "IMAP4rev1 IMAP4rev2 ";
  out += settings_->literal_minus ? "LITERAL-" : "LITERAL+";
  out += " SASL-IR ID ENABLE IDLE LANGUAGE";
  if (state_ == session_state::not_authenticated) {
    if (!facts_.tls && settings_->tls_available) out += " STARTTLS";
    const auto facts = login_facts();
    if (!facts.secure()) out += " LOGINDISABLED";
    for (const auto m : sasl::offered(facts, settings_->mechanisms)) {
      out += " AUTH=";
      out += sasl::name(m);
    }
    return out;
  }
  out += " NAMESPACE UNSELECT UIDPLUS MOVE CHILDREN LIST-EXTENDED LIST-STATUS SPECIAL-USE CREATE-SPECIAL-USE"
         " CONDSTORE QRESYNC ESEARCH SEARCHRES WITHIN SORT SORT=DISPLAY THREAD=ORDEREDSUBJECT THREAD=REFERENCES"
         " MULTIAPPEND BINARY STATUS=SIZE OBJECTID SAVEDATE PREVIEW QUOTA QUOTASET QUOTA=RES-STORAGE QUOTA=RES-MESSAGE"
         " ESORT CONTEXT=SEARCH CONTEXT=SORT PARTIAL UIDONLY UIDBATCHES REPLACE INPROGRESS NOTIFY MULTISEARCH SEARCH=FUZZY FILTERS I18NLEVEL=2"
         " CATENATE URLAUTH URLAUTH=BINARY URL-PARTIAL ACL RIGHTS=texk LIST-MYRIGHTS METADATA LIST-METADATA"
         " UTF8=ACCEPT APPENDLIMIT=";
  base::append_number(out, settings_->limits.append_octets);
  if (const auto most = settings_->limits.saved_at_once(); most != 0) {
    out += settings_->limits.messages != 0 ? " MESSAGELIMIT=" : " SAVELIMIT=";
    base::append_number(out, most);
  }
  if (settings_->compress_available && !compressed_) out += " COMPRESS=DEFLATE";
  if (!compressed_) out += " UNAUTHENTICATE";
  return out;
}

void server_session::enable_condstore() {
  if (mode_.condstore) return;
  mode_.condstore = true;
  if (state_ == session_state::selected) queued_.emplace_back(condstore_enabled{});
}

/// RFC 5161 §3.1: what is unknown is not mentioned.
void server_session::enable(const std::vector<std::string>& names) {
  std::string enabled;
  const auto note = [&enabled](std::string_view name) {
    if (!enabled.empty()) enabled.push_back(' ');
    enabled += name;
  };
  for (const auto& name : names) {
    if (base::iequals(name, "CONDSTORE")) {
      enable_condstore();
      note("CONDSTORE");
    } else if (base::iequals(name, "QRESYNC")) {
      enable_condstore();
      mode_.qresync = true;
      note("QRESYNC");
    } else if (base::iequals(name, "UTF8=ACCEPT")) {
      mode_.utf8 = true;
      note("UTF8=ACCEPT");
    } else if (base::iequals(name, "UIDONLY")) { // RFC 9586
      mode_.uid_only = true;
      note("UIDONLY");
    } else if (base::iequals(name, "IMAP4rev2")) {
      mode_.rev2 = true;
      note("IMAP4rev2");
    }
  }
  writer().enabled(enabled);
  finish("OK", "", "ENABLE completed");
}

/// RFC 5255 §3.2. The first answer in the new language is that of LANGUAGE itself.
void server_session::speak(const std::vector<std::string>& ranges) {
  if (ranges.empty()) {
    writer().languages({language_tag(language::english), language_tag(language::german), "I-DEFAULT"});
    return finish("OK", "", "LANGUAGE completed");
  }
  const auto chosen = choose_language(ranges);
  if (!chosen) return finish("NO", "", "None of these languages is spoken here");
  mode_.language = *chosen;
  writer().languages({language_tag(*chosen)});
  finish("OK", "", "LANGUAGE completed");
}

/// RFC 5255 §4.7. There is one comparator: texts are folded by it once, when messages arrive.
void server_session::compare_by(const std::vector<std::string>& comparators) {
  constexpr std::string_view own = "i;unicode-casemap";
  const auto means_own = [own](std::string_view name) {
    if (base::iequals(name, "default")) return true;
    if (name.starts_with('+')) name.remove_prefix(1); // RFC 4790 §3.3: the usual direction
    return matches(base::to_lower(name), own);
  };
  if (!comparators.empty() && std::none_of(comparators.begin(), comparators.end(), means_own))
    return finish("NO", "BADCOMPARATOR", "Only i;unicode-casemap is known");
  writer().comparator(own);
  finish("OK", "", "COMPARATOR completed");
}

/// RFC 8437 §3: all but TLS is as after the greeting. Failed logins still count.
void server_session::unauthenticated() {
  if (closing_) return;
  base::check(command_open(), "no command is open");
  mode_ = {};
  deselected();
  state_ = session_state::not_authenticated;
  finish("OK", "CAPABILITY " + capabilities(), "Not authenticated any more");
}

} // namespace rookery::imap
