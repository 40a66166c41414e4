#include "protocols/imap/response.hpp"

#include "base/text.hpp"
#include "protocols/charset/utf7.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/imap/atom.hpp"
#include "protocols/imap/date.hpp"

#include <algorithm>
#include <array>

namespace rookery::imap {

namespace {

const server_limits no_server_limits;

struct named_condition {
  std::string_view name;
  condition what;
};
constexpr std::array<named_condition, 5> conditions{{{"OK", condition::ok},
                                                     {"NO", condition::no},
                                                     {"BAD", condition::bad},
                                                     {"BYE", condition::bye},
                                                     {"PREAUTH", condition::preauth}}};

std::optional<status_response> read_status(std::string_view tag, std::string_view text) {
  const auto word = text.substr(0, text.find(' '));
  for (const auto& c : conditions) {
    if (!base::iequals(word, c.name)) continue;
    status_response out;
    out.tag = tag;
    out.what = c.what;
    text = base::trim(text.substr(word.size()));
    if (text.starts_with('[')) {
      const auto end = text.find(']');
      const auto inside = text.substr(1, end == std::string_view::npos ? end : end - 1);
      const auto space = inside.find(' ');
      out.code = base::to_upper(inside.substr(0, space));
      if (space != std::string_view::npos) out.arguments = base::trim(inside.substr(space));
      text = end == std::string_view::npos ? std::string_view() : base::trim(text.substr(end + 1));
    }
    out.text = text;
    return out;
  }
  return {};
}

/// Reads over one value: atom, string or list. False: no value, or too deep.
bool skip_value(word_reader& in, const client_limits& limits) {
  std::size_t depth = 0;
  std::string text;
  do {
    in.space();
    if (in.take('(')) {
      if (++depth > limits.depth) return false;
    } else if (in.take(')')) {
      if (depth == 0) return false;
      --depth;
    } else if (in.peek() == '"' || in.peek() == '{') {
      if (!in.string(text)) return false;
    } else if (in.peek() == '~') {
      in.skip(1); // literal8
      if (!in.string(text)) return false;
    } else {
      const auto rest = in.rest();
      const auto end = std::min(rest.find_first_of(" ()\"{"), rest.size());
      if (end == 0) return false;
      in.skip(end);
    }
  } while (depth > 0);
  return true;
}

/// "(\Seen $Junk)"; words beyond the limit are read over.
bool read_words(word_reader& in, std::size_t words_max, std::vector<std::string>& out) {
  if (!in.take('(')) return false;
  for (;;) {
    in.space();
    if (in.take(')')) return true;
    const auto rest = in.rest();
    const auto end = rest.find_first_of(" ()\"{");
    if (end == 0 || end == std::string_view::npos) return false;
    if (out.size() < words_max) out.emplace_back(rest.substr(0, end));
    in.skip(end);
  }
}

std::optional<flag_list> read_flags(word_reader& in, const client_limits& limits) {
  std::vector<std::string> words;
  if (!read_words(in, limits.flags, words)) return {};
  flag_list out;
  for (auto& word : words) {
    if (const auto bit = find_system_flag(word)) out.system |= bit & flag::stored_mask;
    else if (!word.starts_with('\\') && find_keyword(out.keywords, word) == out.keywords.size())
      out.keywords.push_back(std::move(word));
  }
  return out;
}

/// "BODY[HEADER.FIELDS (A B)]<0>", "UID": the name of an item, brackets and all.
std::string_view item_name(word_reader& in) {
  const auto rest = in.rest();
  auto end = std::min(rest.find_first_of(" ()["), rest.size());
  if (end < rest.size() && rest[end] == '[') {
    const auto close = rest.find(']', end);
    if (close == std::string_view::npos) return {};
    end = std::min(rest.find_first_of(" ()", close), rest.size());
  }
  in.skip(end);
  return rest.substr(0, end);
}

std::optional<fetch_response> read_fetch(std::uint32_t number, word_reader& in, const client_limits& limits) {
  fetch_response out;
  out.number = number;
  in.space();
  if (!in.take('(')) return {};
  for (;;) {
    in.space();
    if (in.take(')')) return out;
    const auto name = item_name(in);
    if (name.empty() || !in.space()) return {};
    bool read = true;
    std::uint32_t uid = 0;
    std::uint64_t size = 0;
    std::string text;
    if (base::iequals(name, "UID")) {
      if ((read = in.number(uid))) out.uid = uid;
    } else if (base::iequals(name, "RFC822.SIZE")) {
      if ((read = in.number(size))) out.size = size;
    } else if (base::iequals(name, "FLAGS")) {
      read = static_cast<bool>(out.flags = read_flags(in, limits));
    } else if (base::iequals(name, "INTERNALDATE")) {
      if ((read = in.string(text))) out.internal_date = parse_date_time(text);
    } else if (base::istarts_with(name, "BODY[")) {
      out.has_section = true;
      if (in.peek() == '~') in.skip(1);
      read = in.nstring(out.section);
    } else {
      read = skip_value(in, limits);
    }
    if (!read) return {};
  }
}

std::optional<list_response> read_list(word_reader& in, bool utf8, const client_limits& limits) {
  list_response out;
  in.space();
  if (!read_words(in, limits.flags, out.attributes) || !in.space()) return {};
  std::optional<std::string> separator;
  if (!in.nstring(separator) || !in.space()) return {};
  if (separator && separator->size() == 1) out.separator = separator->front();
  std::string wire;
  if (!in.astring(wire)) return {};
  if (wire.size() > limits.mailbox_octets) return {};
  // A name that is no modified UTF-7 is taken as it is: the server will know it.
  auto decoded = utf8 ? std::nullopt : charset::from_modified_utf7(wire);
  out.name = decoded ? std::move(*decoded) : std::move(wire);
  return out;
}

std::optional<search_response> read_search(std::string_view text) {
  search_response out;
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    if (word.empty()) continue;
    if (word.front() == '(') break; // RFC 7162: (MODSEQ n)
    const auto number = base::parse_u32(word);
    if (!number || *number == 0) return {};
    out.numbers.emplace_back(*number, *number);
  }
  normalize(out.numbers);
  return out;
}

std::optional<search_response> read_esearch(word_reader& in, const client_limits& limits) {
  search_response out;
  in.space();
  if (in.peek() == '(' && !skip_value(in, limits)) return {};
  while (in.space(), !in.at_end()) {
    const auto name = item_name(in);
    if (name.empty()) return {};
    if (base::iequals(name, "UID")) continue;
    if (!in.space()) return {};
    if (!base::iequals(name, "ALL")) {
      if (!skip_value(in, limits)) return {};
      continue;
    }
    auto rest = in.rest();
    const auto before = rest.size();
    const auto set = read_sequence_set(rest, limits.response_octets);
    if (!set || set->has_star() || set->saved) return {};
    in.skip(before - rest.size());
    out.numbers = set->resolve(0);
  }
  return out;
}

} // namespace

bool list_response::has(std::string_view attribute) const noexcept {
  return std::any_of(attributes.begin(), attributes.end(), [&](const auto& a) { return base::iequals(a, attribute); });
}

std::vector<std::string> parse_capabilities(std::string_view text, const client_limits& limits) {
  std::vector<std::string> out;
  for (const auto word : base::split(base::trim(text), ' '))
    if (!word.empty() && out.size() < limits.capabilities) out.emplace_back(word);
  return out;
}

std::optional<any_response> parse_response(std::string_view text, bool utf8, const client_limits& limits) {
  const auto lift = [](auto&& read) -> std::optional<any_response> {
    if (!read) return {};
    return any_response(std::move(*read));
  };
  if (text.starts_with('+')) return continuation_response{std::string(base::trim(text.substr(1)))};
  const auto tag = text.substr(0, text.find(' '));
  if (tag.empty() || tag.size() == text.size()) return {};
  const auto rest = text.substr(tag.size() + 1);
  if (tag != "*") return lift(read_status(tag, rest));
  if (auto status = read_status({}, rest)) return any_response(std::move(*status));
  word_reader in(rest, {&no_server_limits, utf8});
  if (base::is_digit(in.peek())) {
    std::uint32_t number = 0;
    if (!in.number(number) || !in.space()) return {};
    const auto name = in.atom();
    if (base::iequals(name, "EXISTS")) return exists_response{number};
    if (base::iequals(name, "EXPUNGE")) return expunge_response{number};
    if (base::iequals(name, "FETCH")) return lift(read_fetch(number, in, limits));
    return other_response{std::string(name)};
  }
  const auto name = in.atom();
  if (name.empty()) return {};
  if (base::iequals(name, "CAPABILITY")) return capability_response{parse_capabilities(in.rest(), limits)};
  if (base::iequals(name, "LIST")) return lift(read_list(in, utf8, limits));
  if (base::iequals(name, "SEARCH")) return lift(read_search(in.rest()));
  if (base::iequals(name, "ESEARCH")) return lift(read_esearch(in, limits));
  return other_response{std::string(name)};
}

} // namespace rookery::imap
