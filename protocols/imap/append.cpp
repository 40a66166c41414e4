#include "protocols/imap/append.hpp"

#include "base/text.hpp"
#include "protocols/imap/command_parser.hpp"
#include "protocols/imap/date.hpp"

namespace rookery::imap {

bool read_append_message(word_reader& in, append_message& out) {
  if (!in.space()) return in.syntax(in.at_end() ? "Message literal expected" : "Invalid APPEND");
  if (in.peek() == '(') {
    if (!read_flag_list(in, out.flags) || !in.space()) return in.syntax("Invalid APPEND");
  }
  if (in.peek() == '"') {
    std::string text;
    if (!in.string(text) || !in.space()) return in.syntax("Invalid APPEND");
    out.internal_date = parse_date_time(text);
    if (!out.internal_date) return in.syntax("Invalid date-time");
  }
  if (in.keyword("CATENATE")) { // RFC 4469 §5
    in.space();
    if (!in.take('(')) return in.syntax("Invalid CATENATE");
    out.catenate = true;
    return true;
  }
  if (in.keyword("UTF8")) { // RFC 6855 §4
    in.space();
    if (!in.take('(')) return in.syntax("Invalid UTF8 literal");
    out.utf8 = true;
  }
  return in.at_end() || in.syntax("Message literal expected");
}

std::optional<append_head> read_append_head(const command_rule& rule, word_reader& in) {
  append_head out;
  if (rule.name == "REPLACE") { // RFC 8508 §5: seq-number SP
    auto& replaced = out.replaced.emplace();
    replaced.uid = rule.uid;
    if (!in.space() || (!in.take('*') && (!in.number(replaced.number) || replaced.number == 0))) {
      in.syntax("Message number expected");
      return {};
    }
  }
  if (!in.space()) {
    in.syntax("Missing mailbox");
    return {};
  }
  if (in.at_end()) return {}; // the literal is the name
  if (!in.mailbox(out.mailbox) || !read_append_message(in, out.message)) return {};
  return out;
}

catenate_part read_catenate_part(word_reader& in, std::string& url) {
  in.space();
  if (in.take(')')) return catenate_part::end;
  if (in.keyword("URL")) {
    if (!in.space()) in.syntax("Invalid CATENATE");
    if (in.at_end()) return catenate_part::url_literal;
    in.astring(url);
    return catenate_part::url;
  }
  if (in.keyword("TEXT")) {
    if (!in.space() || !in.at_end()) in.syntax("Invalid CATENATE");
    return catenate_part::text;
  }
  if (in.keyword("UTF8")) {
    in.space();
    if (!in.take('(') || !in.at_end()) in.syntax("Invalid UTF8 literal");
    return catenate_part::utf8_text;
  }
  in.syntax("Invalid CATENATE");
  return catenate_part::end;
}

} // namespace rookery::imap
