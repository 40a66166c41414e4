#include "protocols/imap/url_auth.hpp"

#include "base/text.hpp"
#include "protocols/imap/command_parser.hpp"

#include <algorithm>

namespace rookery::imap {

namespace {

bool space(word_reader& in) { return in.space() || in.syntax("Missing argument"); }

bool read_url(word_reader& in, std::string& out) {
  if (!in.astring(out)) return false;
  return out.size() <= in.limits().url_octets || in.fail(parse_fault::limit, "URL too long");
}

/// RFC 5524 §3.1: "(" url 1*(SP item) ")".
bool read_extended(word_reader& in, fetched_url& out) {
  if (!read_url(in, out.url)) return false;
  while (!in.take(')')) {
    if (!in.space()) return in.syntax("Invalid URLFETCH");
    if (in.keyword("BODY")) out.items |= url_item::body;
    else if (in.keyword("BINARY")) out.items |= url_item::binary;
    else if (in.keyword("BODYPARTSTRUCTURE")) out.items |= url_item::structure;
    else return in.syntax("Unknown URLFETCH item");
  }
  if (out.items == 0) out.items = url_item::body;
  // RFC 5524 §3.1: one form of the octets.
  return (out.items & (url_item::body | url_item::binary)) != (url_item::body | url_item::binary) ||
         in.syntax("Either BODY or BINARY");
}

} // namespace

bool read_reset_key(word_reader& in, reset_key& out) {
  if (!in.space() || in.at_end()) return true;
  if (!in.mailbox(out.mailbox)) return false;
  while (in.space() && !in.at_end()) {
    if (out.mechanisms.size() >= in.limits().url_mechanisms) return in.fail(parse_fault::limit, "Too many mechanisms");
    const auto name = in.atom();
    if (name.empty()) return in.syntax("Missing mechanism");
    out.mechanisms.emplace_back(name);
  }
  return true;
}

bool read_gen_url_auth(word_reader& in, gen_url_auth& out) {
  do {
    if (out.urls.size() >= in.limits().urls) return in.fail(parse_fault::limit, "Too many URLs");
    auto& [url, mechanism] = out.urls.emplace_back();
    if (!space(in) || !read_url(in, url) || !space(in)) return false;
    mechanism = in.atom();
    if (mechanism.empty()) return in.syntax("Missing mechanism");
  } while (in.peek() == ' ' && in.rest().find_first_not_of(' ') != std::string_view::npos);
  return true;
}

bool read_url_fetch(word_reader& in, url_fetch& out) {
  do {
    if (out.urls.size() >= in.limits().urls) return in.fail(parse_fault::limit, "Too many URLs");
    auto& one = out.urls.emplace_back();
    if (!space(in)) return false;
    if (in.take('(') ? !read_extended(in, one) : !read_url(in, one.url)) return false;
  } while (in.peek() == ' ' && in.rest().find_first_not_of(' ') != std::string_view::npos);
  return true;
}

void write_gen_url_auth(response_writer out, std::span<const std::string> urls) {
  out.out().append("* GENURLAUTH");
  for (const auto& url : urls) {
    out.out().push_back(' ');
    print_string(out.out(), url);
  }
  out.out().append("\r\n");
}

void write_url_fetch(response_writer writer, const fetched_url& asked, const url_data* found) {
  auto& out = writer.out();
  out.append("* URLFETCH ");
  print_string(out, asked.url);
  const auto octets = [&out](std::string_view text, bool binary) {
    // RFC 9051 §4.3: NUL may stand in literal8 alone.
    if (binary && text.find('\0') != std::string_view::npos) out.push_back('~');
    out.push_back('{');
    print_number(out, text.size());
    out.append("}\r\n");
    out.append(text);
  };
  if (asked.items == 0 || found == nullptr) {
    out.push_back(' ');
    if (found == nullptr) out.append("NIL");
    else octets(found->body, false);
    return out.append("\r\n");
  }
  if (asked.items & url_item::structure) {
    out.append(" (BODYPARTSTRUCTURE ");
    out.append(found->structure.empty() ? std::string_view("NIL") : std::string_view(found->structure));
    out.push_back(')');
  }
  if (asked.items & url_item::body) {
    out.append(" (BODY ");
    octets(found->body, false);
    out.push_back(')');
  }
  if (asked.items & url_item::binary) {
    out.append(" (BINARY ");
    if (found->binary) octets(*found->binary, true);
    else out.append("NIL");
    out.push_back(')');
  }
  out.append("\r\n");
}

namespace {

/// Takes one item off the front: a list, a string or an atom; "" at a list's end or where nothing can be read.
std::string_view take_item(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  std::size_t depth = 0, at = 0;
  do {
    if (at >= text.size()) return {};
    const char c = text[at];
    if (c == '(') ++depth, ++at;
    else if (c == ')') {
      if (depth == 0) break;
      --depth, ++at;
    } else if (c == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at)
        if (text[at] == '\\') ++at;
      ++at;
    } else if (c == '{') {
      const auto end = text.find('}', at);
      const auto octets = end == std::string_view::npos ? std::nullopt : base::parse_u64(text.substr(at + 1, end - at - 1));
      if (!octets || *octets > text.size()) return {};
      at = end + 3 + static_cast<std::size_t>(*octets);
    } else if (c == ' ') {
      ++at;
    } else {
      while (at < text.size() && text[at] != ' ' && text[at] != '(' && text[at] != ')') ++at;
    }
  } while (depth > 0);
  if (at > text.size()) return {};
  const auto item = text.substr(0, at);
  text.remove_prefix(at);
  return item;
}

/// The body within a message/rfc822 part: its ninth item (RFC 9051 §7.5.2). "" for another part.
std::string_view inner_body(std::string_view part) {
  part.remove_prefix(1);
  const auto type = take_item(part), subtype = take_item(part);
  if (!base::iequals(type, "\"message\"") || !(base::iequals(subtype, "\"rfc822\"") || base::iequals(subtype, "\"global\""))) return {};
  for (int skipped = 0; skipped < 6; ++skipped) take_item(part);
  return take_item(part);
}

} // namespace

std::string part_structure(std::string_view whole, std::span<const std::uint32_t> path) {
  auto at = whole;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!at.starts_with('(')) return {};
    // A part that is no multipart has numbers below it only when it is a message.
    if (i > 0 && !at.starts_with("((")) at = inner_body(at);
    if (!at.starts_with("((")) {
      if (path[i] != 1 || at.empty()) return {};
      continue;
    }
    auto list = at.substr(1);
    for (std::uint32_t n = 1; n <= path[i]; ++n) {
      if (!list.starts_with('(')) return {};
      at = take_item(list);
    }
  }
  return std::string(at);
}

std::string decoded_structure(std::string_view part, std::string_view octets) {
  auto rest = part;
  if (!rest.starts_with("(\"")) return std::string(part);
  rest.remove_prefix(1);
  const bool text = base::iequals(take_item(rest), "\"text\"");
  for (int skipped = 0; skipped < 4; ++skipped) take_item(rest); // subtype, parameters, id, description
  const auto head = part.substr(0, part.size() - rest.size());
  const auto encoding = take_item(rest);
  if (!base::iequals(encoding, "\"base64\"") && !base::iequals(encoding, "\"quoted-printable\"")) return std::string(part);
  take_item(rest); // octets
  if (text) take_item(rest);
  const auto is_8bit = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  std::string out(head);
  // RFC 2045 §2.7 to §2.9.
  if (octets.find('\0') != std::string_view::npos) out += " \"binary\" ";
  else out += std::any_of(octets.begin(), octets.end(), is_8bit) ? " \"8bit\" " : " \"7bit\" ";
  base::append_number(out, octets.size());
  if (text) {
    out.push_back(' ');
    base::append_number(out, static_cast<std::uint64_t>(std::count(octets.begin(), octets.end(), '\n')));
  }
  return out.append(rest);
}

std::string bad_url_code(std::string_view url) {
  // RFC 4469 §5: no "]" may stand in it.
  std::string out = "BADURL \"";
  for (const char c : base::printable(url, 1000)) {
    if (c == ']') out += "%5D";
    else if (c == '"') out += "%22";
    else if (c == '\\') out += "%5C";
    else out.push_back(c);
  }
  out.push_back('"');
  return out;
}

} // namespace rookery::imap
