#include "protocols/imap/fetch.hpp"

#include "base/text.hpp"
#include "protocols/imap/command_parser.hpp"
#include "protocols/imap/response_writer.hpp"

#include <algorithm>

namespace rookery::imap {

bool fetch_items::marks_seen() const noexcept {
  return std::any_of(sections.begin(), sections.end(), [](const fetch_section& s) { return !s.peek; });
}

namespace {

using text = fetch_section::text;
using kind = fetch_section::kind;

/// A fetch-att's name: letters, digits, dots.
std::string_view item_name(word_reader& in) {
  const auto rest = in.rest();
  std::size_t n = 0;
  while (n < rest.size() && (base::is_alnum(rest[n]) || rest[n] == '.')) ++n;
  in.skip(n);
  return rest.substr(0, n);
}

/// "(" header-fld-name *(SP header-fld-name) ")".
bool read_fields(word_reader& in, fetch_section& out) {
  in.space();
  if (!in.take('(')) return in.syntax("List of header fields expected");
  while (!in.take(')')) {
    in.space();
    if (in.take(')')) break;
    if (out.fields.size() >= in.limits().header_fields) return in.syntax("Too many header fields");
    if (!in.astring(out.fields.emplace_back())) return false;
  }
  return !out.fields.empty() || in.syntax("Missing header fields");
}

/// What stands between the brackets of BODY[...], RFC 9051 §6.4.5.1.
bool read_section(word_reader& in, fetch_section& out) {
  const bool body = out.what == kind::body;
  for (bool dot = true; dot && base::is_digit(in.peek()); dot = in.take('.')) {
    std::uint32_t number = 0;
    if (out.part.size() >= in.limits().section_depth) return in.syntax("Section too deep");
    if (!in.number(number) || number == 0) return in.syntax("Invalid section");
    out.part.push_back(number);
    if (in.peek() == ']') return in.take(']');
  }
  if (out.part.empty() && in.take(']')) return true;
  if (!body) return in.syntax("Invalid section");
  const auto name = item_name(in);
  if (base::iequals(name, "HEADER")) out.which = text::header;
  else if (base::iequals(name, "TEXT")) out.which = text::text;
  else if (base::iequals(name, "MIME") && !out.part.empty()) out.which = text::mime;
  else if (base::iequals(name, "HEADER.FIELDS")) out.which = text::header_fields;
  else if (base::iequals(name, "HEADER.FIELDS.NOT")) out.which = text::header_fields_not;
  else return in.syntax("Invalid section");
  if ((out.which == text::header_fields || out.which == text::header_fields_not) && !read_fields(in, out)) return false;
  in.space();
  return in.take(']') || in.syntax("Invalid section");
}

/// "<" offset "." octets ">".
bool read_partial(word_reader& in, fetch_section& out) {
  if (!in.take('<')) return true;
  out.partial = true;
  if (!in.number(out.offset) || !in.take('.') || !in.number(out.octets) || !in.take('>') || out.octets == 0)
    return in.syntax("Invalid partial range");
  return true;
}

std::string label_of(const fetch_section& s) {
  std::string out = s.what == kind::body ? "BODY[" : s.what == kind::binary ? "BINARY[" : "BINARY.SIZE[";
  for (std::size_t i = 0; i < s.part.size(); ++i) {
    if (i > 0) out.push_back('.');
    base::append_number(out, s.part[i]);
  }
  if (s.which != text::all && !s.part.empty()) out.push_back('.');
  switch (s.which) {
    case text::all: break;
    case text::header: out += "HEADER"; break;
    case text::text: out += "TEXT"; break;
    case text::mime: out += "MIME"; break;
    case text::header_fields: out += "HEADER.FIELDS "; break;
    case text::header_fields_not: out += "HEADER.FIELDS.NOT "; break;
  }
  if (!s.fields.empty()) {
    for (std::size_t i = 0; i < s.fields.size(); ++i) {
      out.push_back(i == 0 ? '(' : ' ');
      const auto& field = s.fields[i];
      if (!field.empty() && std::all_of(field.begin(), field.end(), is_astring_char)) {
        out += field;
        continue;
      }
      base::buffer quoted;
      print_string(quoted, field, true);
      out += quoted.view();
    }
    out.push_back(')');
  }
  out.push_back(']');
  if (s.partial) {
    out.push_back('<');
    base::append_number(out, s.offset);
    out.push_back('>');
  }
  return out;
}

bool add_section(word_reader& in, fetch_items& out, fetch_section section) {
  if (out.sections.size() >= in.limits().fetch_sections) return in.fail(parse_fault::limit, "Too many sections");
  if (section.label.empty()) section.label = label_of(section);
  // The same section twice is answered once.
  for (const auto& other : out.sections)
    if (other.label == section.label && other.octets == section.octets && other.peek == section.peek) return true;
  out.sections.push_back(std::move(section));
  return true;
}

bool add_rfc822(word_reader& in, fetch_items& out, text which, bool peek, const char* label) {
  fetch_section section;
  section.which = which;
  section.peek = peek;
  section.label = label;
  return add_section(in, out, std::move(section));
}

struct named_item {
  std::string_view name;
  std::uint32_t bit;
};
constexpr named_item plain_items[] = {{"FLAGS", fetch_item::flags},
                                      {"UID", fetch_item::uid},
                                      {"RFC822.SIZE", fetch_item::size},
                                      {"INTERNALDATE", fetch_item::internal_date},
                                      {"MODSEQ", fetch_item::modseq},
                                      {"ENVELOPE", fetch_item::envelope},
                                      {"BODYSTRUCTURE", fetch_item::bodystructure},
                                      {"SAVEDATE", fetch_item::save_date},
                                      {"EMAILID", fetch_item::email_id},
                                      {"THREADID", fetch_item::thread_id}};

bool read_item(word_reader& in, fetch_items& out) {
  const auto name = item_name(in);
  for (const auto& item : plain_items)
    if (base::iequals(name, item.name)) {
      out.bits |= item.bit;
      return true;
    }
  if (base::iequals(name, "PREVIEW")) { // RFC 8970 §3
    out.bits |= fetch_item::preview;
    // "PREVIEW (LAZY)"; a bare list may also be FETCH modifiers behind a single item.
    auto rest = in.rest();
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    if (base::istarts_with(rest, "(LAZY)")) {
      in.space();
      in.skip(6);
      out.bits |= fetch_item::preview_lazy;
    }
    return true;
  }
  if (base::iequals(name, "RFC822")) return add_rfc822(in, out, text::all, false, "RFC822");
  if (base::iequals(name, "RFC822.HEADER")) return add_rfc822(in, out, text::header, true, "RFC822.HEADER");
  if (base::iequals(name, "RFC822.TEXT")) return add_rfc822(in, out, text::text, false, "RFC822.TEXT");
  if (base::iequals(name, "RFC822.PEEK")) return add_rfc822(in, out, text::all, true, "RFC822");
  if (base::iequals(name, "RFC822.TEXT.PEEK")) return add_rfc822(in, out, text::text, true, "RFC822.TEXT");

  fetch_section section;
  if (base::iequals(name, "BODY")) {
    if (in.peek() != '[') {
      out.bits |= fetch_item::body;
      return true;
    }
  } else if (base::iequals(name, "BODY.PEEK")) {
    section.peek = true;
  } else if (base::iequals(name, "BINARY")) {
    section.what = kind::binary;
  } else if (base::iequals(name, "BINARY.PEEK")) {
    section.what = kind::binary;
    section.peek = true;
  } else if (base::iequals(name, "BINARY.SIZE")) {
    section.what = kind::binary_size;
    section.peek = true;
  } else {
    return in.syntax("Unknown FETCH item");
  }
  if (!in.take('[') || !read_section(in, section)) return in.syntax("Invalid section");
  if (section.what != kind::binary_size && !read_partial(in, section)) return false;
  return add_section(in, out, std::move(section));
}

/// "(" "CHANGEDSINCE" SP n [SP "VANISHED"] ")", RFC 7162 §3.1.4.1; "PARTIAL" SP range, RFC 9394 §3.3.
bool read_modifiers(word_reader& in, fetch& out, const client_mode& mode) {
  while (!in.take(')')) {
    in.space();
    if (in.take(')')) break;
    if (in.keyword("CHANGEDSINCE")) {
      std::uint64_t modseq = 0;
      if (!in.space() || !in.number(modseq)) return in.syntax("Invalid CHANGEDSINCE");
      out.changed_since = modseq;
      out.items.bits |= fetch_item::modseq;
    } else if (in.keyword("PARTIAL")) {
      if (!out.uid || out.page) return in.syntax("PARTIAL needs UID FETCH, once");
      if (!in.space() || !read_partial_range(in, out.page.emplace())) return in.syntax("Invalid PARTIAL range");
    } else if (in.keyword("VANISHED")) {
      out.vanished = true;
    } else {
      return in.syntax("Unknown FETCH modifier");
    }
  }
  // RFC 7162 §3.2.6.
  if (out.vanished && (!out.uid || !out.changed_since || !mode.qresync))
    return in.syntax("VANISHED needs UID FETCH, CHANGEDSINCE and QRESYNC");
  return true;
}

} // namespace

bool read_fetch_items(word_reader& in, fetch_items& out) {
  if (!in.take('(')) return in.syntax("List of FETCH items expected");
  do {
    in.space();
    if (!read_item(in, out)) return false;
  } while (in.space() && in.peek() != ')');
  in.space();
  return in.take(')') || in.syntax("Invalid list of FETCH items");
}

bool read_fetch(word_reader& in, fetch& out, const client_mode& mode) {
  using namespace fetch_item;
  if (!in.space() || !read_set(in, out.set) || !in.space()) return in.syntax("Invalid FETCH");
  if (in.peek() == '(') {
    if (!read_fetch_items(in, out.items)) return false;
  } else if (in.keyword("ALL")) {
    out.items.bits |= flags | internal_date | size | envelope;
  } else if (in.keyword("FAST")) {
    out.items.bits |= flags | internal_date | size;
  } else if (in.keyword("FULL")) {
    out.items.bits |= flags | internal_date | size | envelope | body;
  } else if (!read_item(in, out.items)) {
    return false;
  }
  // RFC 9586: a UIDFETCH row begins with the UID already.
  if (out.uid && !mode.uid_only) out.items.bits |= uid;
  if (in.space() && in.take('(')) return read_modifiers(in, out, mode);
  return true;
}

} // namespace rookery::imap
