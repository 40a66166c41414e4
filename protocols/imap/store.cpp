#include "protocols/imap/store.hpp"

#include "base/text.hpp"
#include "protocols/imap/command_parser.hpp"

#include <algorithm>

namespace rookery::imap {

bool read_flag(word_reader& in, flag_list& out) {
  if (in.take('\\')) {
    const auto name = "\\" + std::string(in.atom());
    const auto bit = find_system_flag(name);
    if (bit == 0) return in.syntax("Unknown system flag");
    // RFC 9051 §2.3.2: \Recent cannot be changed; clients that copy flags send it nevertheless.
    out.system |= bit & flag::stored_mask;
    return true;
  }
  const auto name = in.word();
  if (name.empty()) return in.syntax("Flag expected");
  if (name.size() > in.limits().flag_octets) return in.fail(parse_fault::limit, "Keyword too long");
  if (name.find(']') != std::string_view::npos) return in.syntax("Invalid keyword");
  if (find_keyword(out.keywords, name) < out.keywords.size()) return true;
  if (out.keywords.size() >= in.limits().flags) return in.fail(parse_fault::limit, "Too many keywords");
  out.keywords.emplace_back(name);
  return true;
}

bool read_flag_list(word_reader& in, flag_list& out) {
  if (!in.take('(')) return in.syntax("List of flags expected");
  while (!in.take(')')) {
    in.space();
    if (in.take(')')) break;
    if (!read_flag(in, out)) return false;
  }
  return true;
}

bool read_store(word_reader& in, store& out) {
  if (!in.space() || !read_set(in, out.set) || !in.space()) return in.syntax("Invalid STORE");
  if (in.take('(')) { // store-modifiers, RFC 7162 §3.1.3
    while (!in.take(')')) {
      in.space();
      if (in.take(')')) break;
      std::uint64_t modseq = 0;
      if (!in.keyword("UNCHANGEDSINCE") || !in.space() || !in.number(modseq)) return in.syntax("Unknown STORE modifier");
      out.unchanged_since = modseq;
    }
    if (!in.space()) return in.syntax("Invalid STORE");
  }
  if (in.take('+')) out.how = store::change::add;
  else if (in.take('-')) out.how = store::change::remove;
  const auto item = in.atom();
  if (base::iequals(item, "FLAGS.SILENT")) out.silent = true;
  else if (!base::iequals(item, "FLAGS")) return in.syntax("FLAGS expected");
  if (!in.space()) return in.syntax("Missing flags");
  if (in.peek() == '(') return read_flag_list(in, out.flags);
  do {
    if (!read_flag(in, out.flags)) return false;
  } while (in.space() && !in.at_end());
  return true;
}

} // namespace rookery::imap
