#include "protocols/imap/metadata.hpp"

#include "base/text.hpp"
#include "protocols/imap/mailbox_name.hpp"
#include "protocols/imap/response_writer.hpp"

#include <algorithm>

namespace rookery::imap {
namespace {

bool space(word_reader& in) { return in.space() || in.syntax("Missing argument"); }

/// A mailbox's name, or "" for the server.
bool read_place(word_reader& in, std::string& out) {
  if (in.rest().starts_with("\"\"")) {
    in.skip(2);
    return true;
  }
  return in.mailbox(out);
}

/// RFC 5464 §3.2: components behind '/', of ASCII without '*', '%' and control characters; the first is /private or /shared.
bool read_entry(word_reader& in, std::string& out, bool whole) {
  if (!in.astring(out)) return false;
  if (out.size() > in.limits().metadata_name_octets) return in.fail(parse_fault::limit, "The name of an entry is too long");
  out = base::to_lower(out);
  const bool printable = std::all_of(out.begin(), out.end(), [](char c) { return c >= ' ' && c < 0x7f && c != '*' && c != '%'; });
  const auto scope = std::string_view(out).substr(0, out.find('/', 1));
  if (!printable || out.empty() || out.front() != '/' || out.back() == '/' || out.find("//") != std::string::npos ||
      (scope != "/private" && scope != "/shared"))
    return in.syntax("Invalid entry name");
  return !whole || scope.size() < out.size() || in.syntax("Invalid entry name");
}

/// "(" option value ... ")", its parenthesis taken.
bool read_options(word_reader& in, get_metadata& out) {
  while (!in.take(')')) {
    in.space();
    if (in.take(')')) break;
    if (in.keyword("MAXSIZE")) {
      if (!space(in) || !in.number(out.octets_max.emplace())) return in.syntax("Number expected");
    } else if (in.keyword("DEPTH")) {
      if (!space(in)) return false;
      if (in.keyword("0")) out.depth = metadata_depth::none;
      else if (in.keyword("1")) out.depth = metadata_depth::one;
      else if (in.keyword("INFINITY")) out.depth = metadata_depth::infinity;
      else return in.syntax("Unknown depth");
    } else {
      return in.syntax("Unknown GETMETADATA option");
    }
  }
  return true;
}

/// nstring, or literal8 (RFC 5464 §5).
bool read_value(word_reader& in, std::optional<std::string>& out) {
  if (in.rest().starts_with("~{")) in.skip(1);
  if (!in.nstring(out)) return false;
  return !out || out->size() <= in.limits().literal_octets || in.fail(parse_fault::limit, "The value is too long");
}

} // namespace

bool read_metadata_entries(word_reader& in, std::vector<std::string>& out) {
  if (!in.take('(')) return read_entry(in, out.emplace_back(), false);
  while (!in.take(')')) {
    in.space();
    if (in.take(')')) break;
    if (out.size() >= in.limits().metadata_entries) return in.fail(parse_fault::limit, "Too many entries");
    if (!read_entry(in, out.emplace_back(), false)) return false;
  }
  return !out.empty() || in.syntax("Missing entries");
}

bool read_get_metadata(word_reader& in, get_metadata& out) {
  if (!space(in)) return false;
  // The grammar has the options before the mailbox, the examples of the RFC behind it.
  if (in.take('(') && (!read_options(in, out) || !space(in))) return false;
  if (!read_place(in, out.mailbox) || !space(in)) return false;
  if (in.peek() == '(') {
    const auto next = in.rest().find_first_not_of(' ', 1);
    if (next != std::string_view::npos && base::is_alpha(in.rest()[next])) {
      in.skip(1);
      if (!read_options(in, out) || !space(in)) return false;
    }
  }
  return read_metadata_entries(in, out.entries);
}

bool read_set_metadata(word_reader& in, set_metadata& out) {
  if (!space(in) || !read_place(in, out.mailbox) || !space(in)) return false;
  if (!in.take('(')) return in.syntax("List of entries expected");
  while (!in.take(')')) {
    in.space();
    if (in.take(')')) break;
    if (out.entries.size() >= in.limits().metadata_entries) return in.fail(parse_fault::limit, "Too many entries");
    auto& [name, value] = out.entries.emplace_back();
    if (!read_entry(in, name, true) || !space(in) || !read_value(in, value)) return false;
  }
  return !out.entries.empty() || in.syntax("Missing entries");
}

bool selects(std::string_view asked, metadata_depth depth, std::string_view entry) noexcept {
  if (entry == asked) return true;
  if (depth == metadata_depth::none || entry.size() <= asked.size() || !entry.starts_with(asked) || entry[asked.size()] != '/')
    return false;
  return depth == metadata_depth::infinity || entry.find('/', asked.size() + 1) == std::string_view::npos;
}

namespace {

void begin_metadata(response_writer& out, std::string_view mailbox) {
  out.out().append("* METADATA ");
  if (mailbox.empty()) out.out().append("\"\"");
  else out.mailbox(mailbox);
}

} // namespace

void write_metadata_names(response_writer out, std::string_view mailbox, std::span<const std::string> names) {
  if (names.empty()) return;
  begin_metadata(out, mailbox);
  for (const auto& name : names) {
    out.out().push_back(' ');
    out.astring(name);
  }
  out.out().append("\r\n");
}

void write_metadata(response_writer out, std::string_view mailbox, std::span<const metadata_row> rows) {
  if (rows.empty()) return;
  begin_metadata(out, mailbox);
  char before = '(';
  out.out().push_back(' ');
  for (const auto& [name, value] : rows) {
    out.out().push_back(before);
    before = ' ';
    out.astring(name);
    out.out().push_back(' ');
    if (value.find('\0') == std::string::npos) {
      print_string(out.out(), value, out.mode().utf8_names());
      continue;
    }
    out.out().append("~{");
    print_number(out.out(), value.size());
    out.out().append("}\r\n");
    out.out().append(value);
  }
  out.out().append(")\r\n");
}

std::string metadata_max_size_code(std::uint64_t octets) { return "METADATA MAXSIZE " + std::to_string(octets); }
std::string metadata_long_entries_code(std::uint64_t octets) { return "METADATA LONGENTRIES " + std::to_string(octets); }

} // namespace rookery::imap
