#include "protocols/mbox/message_state.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::mbox {

namespace {

/// The first ones in the order of `state_fields`.
enum class field : std::uint8_t { other, status, x_status, x_keywords, length, counter };

field kind_of(std::string_view name) noexcept {
  if (base::iequals(name, "Status")) return field::status;
  if (base::iequals(name, "X-Status")) return field::x_status;
  if (base::iequals(name, "X-Keywords")) return field::x_keywords;
  if (base::iequals(name, "X-UID") || base::iequals(name, "X-IMAP") || base::iequals(name, "X-IMAPbase")) return field::counter;
  if (base::iequals(name, "Content-Length")) return field::length;
  return field::other;
}

void read_letters(std::string_view letters, message_state& into) {
  for (const char c : letters) {
    switch (c) {
    case 'R': into.system |= flag::seen; break;
    case 'A': into.system |= flag::answered; break;
    case 'F': into.system |= flag::flagged; break;
    case 'D': into.system |= flag::deleted; break;
    case 'T': into.system |= flag::draft; break;
    default: break; // O: not new any more, which nobody is told
    }
  }
}

void read_keywords(std::string_view text, message_state& into) {
  for (std::size_t at = 0; at < text.size() && into.keywords.size() < keywords_max;) {
    while (at < text.size() && (base::is_space(text[at]) || text[at] == ',')) ++at;
    const auto begin = at;
    while (at < text.size() && !base::is_space(text[at]) && text[at] != ',') ++at;
    const auto word = text.substr(begin, at - begin);
    const bool known = std::any_of(into.keywords.begin(), into.keywords.end(), [&](const auto& k) { return base::iequals(k, word); });
    if (is_keyword(word) && !known) into.keywords.emplace_back(word);
  }
}

/// The field that begins at `at` with its folded lines: its end.
std::size_t end_of_field(std::string_view header, std::size_t at, bool one_line) noexcept {
  for (;;) {
    const auto lf = header.find('\n', at);
    if (lf == std::string_view::npos) return header.size();
    at = lf + 1;
    if (one_line || at >= header.size() || (header[at] != ' ' && header[at] != '\t')) return at;
  }
}

} // namespace

bool is_keyword(std::string_view word) noexcept {
  if (word.empty() || word.size() > keyword_octets_max) return false;
  return std::all_of(word.begin(), word.end(), [](char c) {
    return c > ' ' && c < 0x7f && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
  });
}

message_state take_state(std::string& header, bool content_length) {
  message_state out;
  const bool ours = base::istarts_with(header, "Status:");
  std::string kept;
  std::size_t at = 0;
  auto last = field::other; // of ours, which stand there once and in order
  bool taking = true;
  while (at < header.size()) {
    const auto end = end_of_field(header, at, ours && taking); // ours are not folded
    const auto text = std::string_view(header).substr(at, end - at);
    const auto colon = text.find(':');
    auto kind = colon == std::string_view::npos || !taking ? field::other : kind_of(base::trim(text.substr(0, colon)));
    if (ours && (kind <= last || kind == field::counter)) kind = field::other;
    last = kind;
    const bool taken = kind != field::other && (kind != field::length || content_length);
    if (!taken) {
      kept += text;
      if (ours) taking = false;
    } else if (const auto value = base::trim(text.substr(colon + 1)); kind == field::status || kind == field::x_status) {
      read_letters(value, out);
    } else if (kind == field::x_keywords) {
      read_keywords(value, out);
    }
    at = end;
  }
  header.swap(kept);
  return out;
}

std::string state_fields(const message_state& s) {
  std::string out((s.system & flag::seen) != 0 ? "Status: RO\n" : "Status: O\n");
  std::string letters;
  if ((s.system & flag::answered) != 0) letters += 'A';
  if ((s.system & flag::deleted) != 0) letters += 'D';
  if ((s.system & flag::flagged) != 0) letters += 'F';
  if ((s.system & flag::draft) != 0) letters += 'T';
  out += letters.empty() ? "X-Status:\n" : "X-Status: " + letters + '\n';
  out += "X-Keywords:";
  for (const auto& k : s.keywords)
    if (is_keyword(k)) out += ' ' + k;
  return out += '\n';
}

} // namespace rookery::mbox
