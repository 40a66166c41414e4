#include "protocols/imap/response_writer.hpp"

#include "base/text.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/imap/atom.hpp"
#include "protocols/imap/date.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace rookery::imap {

namespace {

constexpr std::size_t number_room = 20;

char* put(char* to, std::string_view text) noexcept {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}
char* put(char* to, std::uint64_t number) noexcept { return std::to_chars(to, to + number_room, number).ptr; }

/// "* " number " WORD\r\n".
void number_line(base::buffer& out, std::uint32_t number, std::string_view word) {
  char* const begin = out.prepare(number_room + word.size() + 5);
  char* to = put(begin, "* ");
  to = put(to, std::uint64_t{number});
  *to++ = ' ';
  to = put(to, word);
  to = put(to, "\r\n");
  out.commit(static_cast<std::size_t>(to - begin));
}

void numbers(base::buffer& out, std::span<const std::uint32_t> hits, char separator) {
  bool first = true;
  for (const auto n : hits) {
    char* const begin = out.prepare(number_room);
    char* to = begin;
    if (!first) *to++ = separator;
    first = false;
    to = put(to, std::uint64_t{n});
    out.commit(static_cast<std::size_t>(to - begin));
  }
}

number_ranges ranges_of(std::span<const std::uint32_t> ascending) {
  number_ranges out;
  for (const auto n : ascending) append_number(out, n);
  return out;
}

bool may_be_quoted(std::string_view text, bool utf8) noexcept {
  if (text.size() > 1000) return false;
  bool ascii = true;
  for (const char c : text) {
    if (c == '\r' || c == '\n' || c == '\0') return false;
    if (static_cast<unsigned char>(c) >= 0x80) ascii = false;
  }
  return ascii || (utf8 && charset::valid_utf8(text));
}

} // namespace

void print_number(base::buffer& out, std::uint64_t number) {
  char* const begin = out.prepare(number_room);
  out.commit(static_cast<std::size_t>(put(begin, number) - begin));
}

void print_string(base::buffer& out, std::string_view text, bool utf8) {
  if (!may_be_quoted(text, utf8)) {
    char* const begin = out.prepare(number_room + 4);
    char* to = begin;
    *to++ = '{';
    to = put(to, std::uint64_t{text.size()});
    to = put(to, "}\r\n");
    out.commit(static_cast<std::size_t>(to - begin));
    out.append(text);
    return;
  }
  char* const begin = out.prepare(text.size() * 2 + 2);
  char* to = begin;
  *to++ = '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') *to++ = '\\';
    *to++ = c;
  }
  *to++ = '"';
  out.commit(static_cast<std::size_t>(to - begin));
}

// fetch_row

fetch_row::fetch_row(base::buffer& out, std::uint32_t number, std::string_view word) : out_(out) {
  char* const begin = out_.prepare(number_room + word.size() + 5);
  char* to = put(begin, "* ");
  to = put(to, std::uint64_t{number});
  *to++ = ' ';
  to = put(to, word);
  to = put(to, " (");
  out_.commit(static_cast<std::size_t>(to - begin));
}

/// Writes "NAME " with what divides it from the item before; there is `room` behind it.
char* fetch_row::item(std::string_view name, std::size_t room) {
  char* const begin = out_.prepare(name.size() + 2 + room);
  char* to = begin;
  if (!first_) *to++ = ' ';
  first_ = false;
  to = put(to, name);
  *to++ = ' ';
  out_.commit(static_cast<std::size_t>(to - begin));
  return to;
}

fetch_row& fetch_row::flags(const flag_printer& printer, std::uint64_t flags) {
  char* const begin = item("FLAGS", printer.room());
  out_.commit(static_cast<std::size_t>(printer.print(begin, flags) - begin));
  return *this;
}

fetch_row& fetch_row::uid(std::uint32_t uid) {
  char* const begin = item("UID", number_room);
  out_.commit(static_cast<std::size_t>(put(begin, std::uint64_t{uid}) - begin));
  return *this;
}

fetch_row& fetch_row::size(std::uint64_t octets) {
  char* const begin = item("RFC822.SIZE", number_room);
  out_.commit(static_cast<std::size_t>(put(begin, octets) - begin));
  return *this;
}

fetch_row& fetch_row::internal_date(base::wall_time time) {
  char* const begin = item("INTERNALDATE", date_time_octets + 2);
  char* to = begin;
  *to++ = '"';
  to = print_date_time(to, time);
  *to++ = '"';
  out_.commit(static_cast<std::size_t>(to - begin));
  return *this;
}

fetch_row& fetch_row::modseq(std::uint64_t modseq) {
  char* const begin = item("MODSEQ", number_room + 2);
  char* to = begin;
  *to++ = '(';
  to = put(to, modseq);
  *to++ = ')';
  out_.commit(static_cast<std::size_t>(to - begin));
  return *this;
}

fetch_row& fetch_row::envelope(std::string_view wire) {
  char* const begin = item("ENVELOPE", wire.size());
  out_.commit(static_cast<std::size_t>(put(begin, wire) - begin));
  return *this;
}

fetch_row& fetch_row::body(std::string_view wire) {
  char* const begin = item("BODY", wire.size());
  out_.commit(static_cast<std::size_t>(put(begin, wire) - begin));
  return *this;
}

fetch_row& fetch_row::bodystructure(std::string_view wire) {
  char* const begin = item("BODYSTRUCTURE", wire.size());
  out_.commit(static_cast<std::size_t>(put(begin, wire) - begin));
  return *this;
}

fetch_row& fetch_row::save_date(std::optional<base::wall_time> time) {
  char* const begin = item("SAVEDATE", date_time_octets + 2);
  char* to = begin;
  if (time) {
    *to++ = '"';
    to = print_date_time(to, *time);
    *to++ = '"';
  } else {
    to = put(to, "NIL");
  }
  out_.commit(static_cast<std::size_t>(to - begin));
  return *this;
}

fetch_row& fetch_row::email_id(std::string_view id) {
  char* const begin = item("EMAILID", id.size() + 2);
  char* to = begin;
  *to++ = '(';
  to = put(to, id);
  *to++ = ')';
  out_.commit(static_cast<std::size_t>(to - begin));
  return *this;
}

fetch_row& fetch_row::thread_id(std::string_view id) {
  char* const begin = item("THREADID", id.size() + 3);
  char* to = begin;
  if (id.empty()) {
    to = put(to, "NIL");
  } else {
    *to++ = '(';
    to = put(to, id);
    *to++ = ')';
  }
  out_.commit(static_cast<std::size_t>(to - begin));
  return *this;
}

fetch_row& fetch_row::preview(std::optional<std::string_view> text) {
  item("PREVIEW", 3);
  if (text) print_string(out_, *text); // 8-bit text as a literal: right for every client
  else out_.append("NIL");
  return *this;
}

fetch_row& fetch_row::section(std::string_view label, std::string_view octets) {
  if (octets.empty()) {
    item(label, 2);
    out_.append("\"\"");
    return *this;
  }
  section_head(label, octets.size());
  out_.append(octets);
  return *this;
}

fetch_row& fetch_row::no_section(std::string_view label) {
  item(label, 3);
  out_.append("NIL");
  return *this;
}

fetch_row& fetch_row::section_head(std::string_view label, std::uint64_t octets) {
  char* const begin = item(label, number_room + 4);
  char* to = begin;
  *to++ = '{';
  to = put(to, octets);
  to = put(to, "}\r\n");
  out_.commit(static_cast<std::size_t>(to - begin));
  return *this;
}

fetch_row& fetch_row::binary(std::string_view label, std::string_view octets) {
  if (octets.empty()) return section(label, octets);
  binary_head(label, octets.size(), octets.find('\0') != std::string_view::npos);
  out_.append(octets);
  return *this;
}

fetch_row& fetch_row::binary_head(std::string_view label, std::uint64_t octets, bool has_nul) {
  if (!has_nul) return section_head(label, octets);
  char* const begin = item(label, number_room + 5);
  char* to = put(begin, "~{");
  to = put(to, octets);
  to = put(to, "}\r\n");
  out_.commit(static_cast<std::size_t>(to - begin));
  return *this;
}

fetch_row& fetch_row::binary_size(std::string_view label, std::uint64_t octets) {
  char* const begin = item(label, number_room);
  out_.commit(static_cast<std::size_t>(put(begin, octets) - begin));
  return *this;
}

void fetch_row::end() { out_.append(")\r\n"); }

// response_writer

void response_writer::line(std::string_view kind, std::string_view code, std::string_view text) {
  out_.append("* ");
  out_.append(kind);
  out_.push_back(' ');
  if (!code.empty()) {
    out_.push_back('[');
    out_.append(code);
    out_.append("] ");
  }
  say(out_, mode_.language, text);
  out_.append("\r\n");
}

void response_writer::ok(std::string_view code, std::string_view text) { line("OK", code, text); }
void response_writer::no(std::string_view code, std::string_view text) { line("NO", code, text); }
void response_writer::bad(std::string_view code, std::string_view text) { line("BAD", code, text); }
void response_writer::bye(std::string_view code, std::string_view text) { line("BYE", code, text); }

void response_writer::exists(std::uint32_t messages) { number_line(out_, messages, "EXISTS"); }
void response_writer::recent(std::uint32_t messages) {
  if (!mode_.rev2) number_line(out_, messages, "RECENT");
}
void response_writer::expunge(std::uint32_t number) { number_line(out_, number, "EXPUNGE"); }

namespace {
constexpr std::string_view stored_flags = "\\Answered \\Flagged \\Deleted \\Seen \\Draft";
}

void response_writer::flags(const std::vector<std::string>& keywords) {
  out_.append("* FLAGS (");
  out_.append(stored_flags);
  for (const auto& k : keywords) {
    out_.push_back(' ');
    out_.append(k);
  }
  out_.append(")\r\n");
}

void response_writer::permanent_flags(const std::vector<std::string>& keywords, bool read_only, bool new_keywords,
                                      std::uint8_t may) {
  out_.append("* OK [PERMANENTFLAGS (");
  if (!read_only && (may & flag_right::others) == 0) {
    if (may & flag_right::deleted) out_.append(may & flag_right::seen ? "\\Deleted \\Seen" : "\\Deleted");
    else if (may & flag_right::seen) out_.append("\\Seen");
  } else if (!read_only && may != flag_right::all) {
    out_.append("\\Answered \\Flagged \\Draft");
    if (may & flag_right::deleted) out_.append(" \\Deleted");
    if (may & flag_right::seen) out_.append(" \\Seen");
    for (const auto& k : keywords) {
      out_.push_back(' ');
      out_.append(k);
    }
    if (new_keywords) out_.append(" \\*");
  } else if (!read_only) {
    out_.append(stored_flags);
    for (const auto& k : keywords) {
      out_.push_back(' ');
      out_.append(k);
    }
    if (new_keywords) out_.append(" \\*");
  }
  out_.append(read_only ? ")] Read-only mailbox\r\n" : ")] Flags that can be kept\r\n");
}

void response_writer::unseen(std::uint32_t number) {
  if (mode_.rev2 || mode_.uid_only) return;
  out_.append("* OK [UNSEEN ");
  print_number(out_, number);
  out_.append("] First unseen\r\n");
}

void response_writer::uid_validity(std::uint32_t validity) {
  out_.append("* OK [UIDVALIDITY ");
  print_number(out_, validity);
  out_.append("] UIDs valid\r\n");
}

void response_writer::uid_next(std::uint32_t uid) {
  out_.append("* OK [UIDNEXT ");
  print_number(out_, uid);
  out_.append("] Predicted next UID\r\n");
}

void response_writer::highest_modseq(std::uint64_t modseq) {
  out_.append("* OK [HIGHESTMODSEQ ");
  print_number(out_, modseq);
  out_.append("] Highest\r\n");
}

void response_writer::mailbox_id(std::string_view id) {
  out_.append("* OK [MAILBOXID (");
  out_.append(id);
  out_.append(")] Mailbox id\r\n");
}

void response_writer::vanished(std::span<const number_range> uids, bool earlier) {
  if (uids.empty()) return;
  out_.append(earlier ? "* VANISHED (EARLIER) " : "* VANISHED ");
  print(uids, out_);
  out_.append("\r\n");
}

template <class Search>
void response_writer::esearch(std::string_view tag, const Search& s, std::span<const std::uint32_t> hits, bool in_order,
                              std::uint64_t highest_modseq, std::span<const std::uint8_t> relevancies) {
  if (s.returns == search_return::save) return; // RFC 9051 §6.4.4.1: nothing is printed
  out_.append("* ESEARCH (TAG ");
  print_string(out_, tag);
  out_.push_back(')');
  if (s.uid) out_.append(" UID");
  esearch_items(s, hits, in_order, highest_modseq, relevancies);
}

void response_writer::multi_search(std::string_view tag, std::string_view name, std::uint32_t uid_validity,
                                   const imap::search& s, std::span<const std::uint32_t> uids,
                                   std::uint64_t highest_modseq, std::span<const std::uint8_t> relevancies) {
  if (s.returns == search_return::save) return;
  out_.append("* ESEARCH (TAG ");
  print_string(out_, tag);
  out_.append(" MAILBOX ");
  mailbox(name);
  out_.append(" UIDVALIDITY ");
  print_number(out_, uid_validity);
  out_.append(") UID");
  esearch_items(s, uids, true, highest_modseq, relevancies);
}

void response_writer::languages(std::initializer_list<std::string_view> tags) {
  out_.append("* LANGUAGE (");
  for (const auto* t = tags.begin(); t != tags.end(); ++t) {
    if (t != tags.begin()) out_.push_back(' ');
    out_.append(*t);
  }
  out_.append(")\r\n");
}

void response_writer::comparator(std::string_view name) {
  out_.append("* COMPARATOR ");
  astring(name);
  out_.append("\r\n");
}

template <class Search>
void response_writer::esearch_items(const Search& s, std::span<const std::uint32_t> hits, bool in_order,
                                    std::uint64_t highest_modseq, std::span<const std::uint8_t> relevancies) {
  using namespace search_return;
  const auto returns = s.returns;
  const auto list = [&](std::span<const std::uint32_t> some) {
    if (in_order) print(ranges_of(some), out_);
    else numbers(out_, some, ',');
  };
  if (!hits.empty()) {
    if (returns & min) {
      out_.append(" MIN ");
      print_number(out_, hits.front());
    }
    if (returns & max) {
      out_.append(" MAX ");
      print_number(out_, hits.back());
    }
    if (returns & all) {
      out_.append(" ALL ");
      list(hits);
    }
  }
  if (returns & partial) { // RFC 9394 §3.1: said also when nothing is there
    out_.append(" PARTIAL (");
    print(s.page, out_);
    out_.push_back(' ');
    const auto [begin, end] = s.page.places(hits.size());
    if (begin == end) out_.append("NIL");
    else list(hits.subspan(begin, end - begin));
    out_.push_back(')');
  }
  if (returns & search_return::count) {
    out_.append(" COUNT ");
    print_number(out_, hits.size());
  }
  if (returns & relevancy) {
    // RFC 6203 §4: in the order of the results that are told: of the page, of MIN and MAX, of all.
    out_.append(" RELEVANCY (");
    bool first = true;
    const auto score = [&](std::size_t at) {
      if (at >= relevancies.size()) return;
      if (!std::exchange(first, false)) out_.push_back(' ');
      print_number(out_, relevancies[at]);
    };
    if (returns & partial) {
      const auto [begin, end] = s.page.places(hits.size());
      for (auto i = begin; i < end; ++i) score(i);
    } else if ((returns & (min | max)) != 0 && (returns & (all | search_return::count)) == 0 && !hits.empty()) {
      if (returns & min) score(0);
      if (returns & max) score(hits.size() - 1);
    } else {
      for (std::size_t i = 0; i < hits.size(); ++i) score(i);
    }
    out_.push_back(')');
  }
  if (highest_modseq != 0 && !hits.empty()) {
    out_.append(" MODSEQ ");
    print_number(out_, highest_modseq);
  }
  out_.append("\r\n");
}

void response_writer::hit_numbers(std::string_view kind, std::span<const std::uint32_t> hits, std::uint64_t highest_modseq) {
  out_.append("* ");
  out_.append(kind);
  if (!hits.empty()) {
    out_.push_back(' ');
    numbers(out_, hits, ' ');
    if (highest_modseq != 0) {
      out_.append(" (MODSEQ ");
      print_number(out_, highest_modseq);
      out_.push_back(')');
    }
  }
  out_.append("\r\n");
}

void response_writer::search(std::string_view tag, const imap::search& s, std::span<const std::uint32_t> hits,
                             std::uint64_t highest_modseq, std::span<const std::uint8_t> relevancies) {
  if (s.extended) return esearch(tag, s, hits, true, highest_modseq, relevancies);
  hit_numbers("SEARCH", hits, highest_modseq);
}

void response_writer::sort(std::string_view tag, const imap::sort& s, std::span<const std::uint32_t> hits,
                           std::uint64_t highest_modseq, std::span<const std::uint8_t> relevancies) {
  if (s.extended) return esearch(tag, s, hits, false, highest_modseq, relevancies);
  hit_numbers("SORT", hits, highest_modseq);
}

void response_writer::thread(std::string_view tree) {
  out_.append("* THREAD");
  if (!tree.empty()) {
    out_.push_back(' ');
    out_.append(tree);
  }
  out_.append("\r\n");
}

void response_writer::update_begin(std::string_view tag, bool uid) {
  out_.append("* ESEARCH (TAG ");
  print_string(out_, tag);
  out_.push_back(')');
  if (uid) out_.append(" UID");
}

void response_writer::update_item(std::string_view item, std::span<const result_step> steps) {
  // What is added moves the place for the next one on; what is removed does not.
  const std::uint32_t stride = item == "ADDTO" ? 1 : 0;
  out_.push_back(' ');
  out_.append(item);
  char before = '(';
  out_.push_back(' ');
  for (std::size_t i = 0; i < steps.size();) {
    const auto first = steps[i].position;
    auto end = i + 1;
    while (end < steps.size() && steps[end].position == (first == 0 ? 0 : first + static_cast<std::uint32_t>(end - i) * stride)) ++end;
    out_.push_back(before);
    before = ' ';
    print_number(out_, first);
    out_.push_back(' ');
    for (auto from = i; from < end;) {
      auto to = from + 1;
      while (to < end && steps[to].number == steps[to - 1].number + 1) ++to;
      if (from != i) out_.push_back(',');
      print_number(out_, steps[from].number);
      if (to - from > 1) {
        out_.push_back(':');
        print_number(out_, steps[to - 1].number);
      }
      from = to;
    }
    i = end;
  }
  out_.push_back(')');
}

void response_writer::update_end() { out_.append("\r\n"); }

void response_writer::uid_batches(std::string_view tag, std::span<const number_range> batches) {
  out_.append("* UIDBATCHES (TAG ");
  print_string(out_, tag);
  out_.push_back(')');
  char before = ' ';
  for (const auto& [high, low] : batches) {
    out_.push_back(before);
    before = ',';
    print_number(out_, high);
    out_.push_back(':');
    print_number(out_, low);
  }
  out_.append("\r\n");
}

void response_writer::astring(std::string_view text) {
  if (!text.empty() && text.size() <= 1000 && std::all_of(text.begin(), text.end(), is_astring_char) &&
      !base::iequals(text, "NIL"))
    out_.append(text);
  else
    print_string(out_, text, mode_.utf8_names());
}

void response_writer::mailbox(std::string_view name) { astring(to_wire(name, mode_.utf8_names())); }

void response_writer::list(const imap::list& command, const list_row& row) {
  std::string attributes;
  print_attributes(row.attributes, attributes);
  out_.append(command.lsub ? "* LSUB (" : "* LIST (");
  out_.append(attributes);
  out_.append(") \"/\" ");
  mailbox(row.name);
  if (row.child_subscribed) out_.append(" (\"CHILDINFO\" (\"SUBSCRIBED\"))");
  out_.append("\r\n");
}

void response_writer::list_renamed(std::string_view name, std::uint32_t attributes, std::string_view old_name) {
  std::string text;
  print_attributes(attributes, text);
  out_.append("* LIST (");
  out_.append(text);
  out_.append(") \"/\" ");
  mailbox(name);
  out_.append(" (\"OLDNAME\" (");
  mailbox(old_name);
  out_.append("))\r\n");
}

void response_writer::list_separator(bool lsub) {
  out_.append(lsub ? "* LSUB (\\Noselect) \"/\" \"\"\r\n" : "* LIST (\\Noselect) \"/\" \"\"\r\n");
}

void response_writer::status(std::string_view name, std::uint32_t items, const status_values& v) {
  out_.append("* STATUS ");
  mailbox(name);
  out_.append(" (");
  bool first = true;
  const auto item = [&](std::uint32_t bit, std::string_view word) {
    if ((items & bit) == 0) return false;
    if (!first) out_.push_back(' ');
    first = false;
    out_.append(word);
    out_.push_back(' ');
    return true;
  };
  const auto number = [&](std::uint32_t bit, std::string_view word, std::uint64_t value) {
    if (item(bit, word)) print_number(out_, value);
  };
  number(status_item::messages, "MESSAGES", v.messages);
  // RFC 9051 appendix E: RECENT is gone there; a client that asks still gets a number.
  number(status_item::recent, "RECENT", mode_.rev2 ? 0 : v.recent);
  number(status_item::uidnext, "UIDNEXT", v.uidnext);
  number(status_item::uidvalidity, "UIDVALIDITY", v.uidvalidity);
  number(status_item::unseen, "UNSEEN", v.unseen);
  number(status_item::deleted, "DELETED", v.deleted);
  number(status_item::size, "SIZE", v.size);
  number(status_item::highestmodseq, "HIGHESTMODSEQ", v.highestmodseq);
  if (item(status_item::mailboxid, "MAILBOXID")) {
    out_.push_back('(');
    out_.append(v.mailboxid);
    out_.push_back(')');
  }
  if (item(status_item::appendlimit, "APPENDLIMIT")) {
    if (v.appendlimit) print_number(out_, *v.appendlimit);
    else out_.append("NIL");
  }
  number(status_item::deleted_storage, "DELETED-STORAGE", v.deleted_storage);
  out_.append(")\r\n");
}

void response_writer::quota(std::string_view root, std::span<const quota_resource> resources) {
  out_.append("* QUOTA ");
  print_string(out_, root);
  out_.append(" (");
  bool first = true;
  for (const auto& r : resources) {
    if (!first) out_.push_back(' ');
    first = false;
    out_.append(r.name);
    out_.push_back(' ');
    print_number(out_, r.usage);
    out_.push_back(' ');
    print_number(out_, r.limit);
  }
  out_.append(")\r\n");
}

void response_writer::quota_root(std::string_view name, std::span<const std::string_view> roots) {
  out_.append("* QUOTAROOT ");
  mailbox(name);
  for (const auto root : roots) {
    out_.push_back(' ');
    print_string(out_, root);
  }
  out_.append("\r\n");
}

void response_writer::capability(std::string_view names) {
  out_.append("* CAPABILITY ");
  out_.append(names);
  out_.append("\r\n");
}

void response_writer::enabled(std::string_view names) {
  out_.append("* ENABLED");
  if (!names.empty()) {
    out_.push_back(' ');
    out_.append(names);
  }
  out_.append("\r\n");
}

void response_writer::name_space(std::string_view other_users, std::string_view public_folders) {
  out_.append("* NAMESPACE ((\"\" \"/\"))");
  for (const auto prefix : {other_users, public_folders}) {
    if (prefix.empty()) {
      out_.append(" NIL");
      continue;
    }
    out_.append(" ((");
    print_string(out_, to_wire(prefix, mode_.utf8_names()) + hierarchy_separator, mode_.utf8_names());
    out_.append(" \"/\"))");
  }
  out_.append("\r\n");
}

void response_writer::id(std::span<const std::pair<std::string, std::string>> pairs) {
  out_.append("* ID ");
  if (pairs.empty()) {
    out_.append("NIL\r\n");
    return;
  }
  char before = '(';
  for (const auto& [name, value] : pairs) {
    out_.push_back(before);
    before = ' ';
    print_string(out_, name);
    out_.push_back(' ');
    print_string(out_, value);
  }
  out_.append(")\r\n");
}

// Codes

std::string append_uid_code(std::uint32_t uid_validity, std::span<const number_range> uids) {
  std::string out = "APPENDUID ";
  base::append_number(out, uid_validity);
  return out + " " + print(uids);
}

std::string copy_uid_code(std::uint32_t uid_validity, std::span<const number_range> from, std::span<const number_range> to) {
  if (from.empty()) return {};
  std::string out = "COPYUID ";
  base::append_number(out, uid_validity);
  return out + " " + print(from) + " " + print(to);
}

std::string copy_uid_code(std::uint32_t uid_validity, std::span<const std::uint32_t> from, std::span<const std::uint32_t> to) {
  // Both ascend together, so joined ranges keep the pairs (RFC 4315 §3).
  return copy_uid_code(uid_validity, ranges_of(from), ranges_of(to));
}

std::string in_progress_code(std::string_view tag, std::uint32_t done, std::uint32_t goal) {
  base::buffer out;
  out.append("INPROGRESS (");
  print_string(out, tag);
  if (goal == 0) {
    out.append(" NIL NIL");
  } else {
    out.push_back(' ');
    print_number(out, done);
    out.push_back(' ');
    print_number(out, goal);
  }
  out.push_back(')');
  return std::string(out.view());
}

std::string message_limit_code(std::uint32_t most, std::uint32_t lowest_uid) {
  std::string out = "MESSAGELIMIT ";
  base::append_number(out, most);
  if (lowest_uid == 0) return out;
  out.push_back(' ');
  base::append_number(out, lowest_uid);
  return out;
}

std::string highest_modseq_code(std::uint64_t modseq) {
  std::string out = "HIGHESTMODSEQ ";
  base::append_number(out, modseq);
  return out;
}

std::string modified_code(std::span<const number_range> numbers_) { return "MODIFIED " + print(numbers_); }

std::string mailbox_id_code(std::string_view id) { return "MAILBOXID (" + std::string(id) + ")"; }

} // namespace rookery::imap
