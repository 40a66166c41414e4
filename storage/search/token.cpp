#include "storage/search/token.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rookery::storage::search {
namespace {

bool ascii_letter(unsigned char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

struct range {
  char32_t first, last;
  character_class what;
};
/// Everything else above ASCII is a letter.
constexpr range ranges[] = {
    {0x80, 0xa9, character_class::delimiter},     {0xab, 0xb4, character_class::delimiter},
    {0xb6, 0xb9, character_class::delimiter},     {0xbb, 0xbf, character_class::delimiter},
    {0xd7, 0xd7, character_class::delimiter},     {0xf7, 0xf7, character_class::delimiter},
    {0xe00, 0xeff, character_class::single},      {0x1000, 0x109f, character_class::single},
    {0x1780, 0x17ff, character_class::single},    {0x2000, 0x206f, character_class::delimiter},
    {0x20a0, 0x20cf, character_class::delimiter}, {0x2190, 0x2bff, character_class::delimiter},
    {0x2e00, 0x2e7f, character_class::delimiter}, {0x2e80, 0x2fff, character_class::single},
    {0x3000, 0x3004, character_class::delimiter}, {0x3005, 0x3007, character_class::single},
    {0x3008, 0x3020, character_class::delimiter}, {0x3021, 0x302f, character_class::single},
    {0x3030, 0x3030, character_class::delimiter}, {0x3031, 0xa4cf, character_class::single},
    {0xe000, 0xf8ff, character_class::delimiter}, {0xf900, 0xfaff, character_class::single},
    {0xfe10, 0xfe1f, character_class::delimiter}, {0xfe30, 0xfe6f, character_class::delimiter},
    {0xff00, 0xff0f, character_class::delimiter}, {0xff1a, 0xff20, character_class::delimiter},
    {0xfff0, 0xffff, character_class::delimiter}, {0x1f000, 0x1faff, character_class::single},
    {0x20000, 0x3ffff, character_class::single}};

} // namespace

char32_t next_character(std::string_view s, std::size_t& at) noexcept {
  const auto first = static_cast<unsigned char>(s[at++]);
  if (first < 0x80) return first;
  const unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  char32_t c = first & (0x3fu >> more);
  for (unsigned i = 0; i < more && at < s.size(); ++i) {
    const auto octet = static_cast<unsigned char>(s[at]);
    if ((octet & 0xc0) != 0x80) break;
    c = c << 6 | (octet & 0x3fu);
    ++at;
  }
  return c;
}

character_class class_of(char32_t c) noexcept {
  if (c < 0x80) return ascii_letter(static_cast<unsigned char>(c)) ? character_class::letter : character_class::delimiter;
  const auto at = std::lower_bound(std::begin(ranges), std::end(ranges), c, [](const range& r, char32_t x) { return r.last < x; });
  return at != std::end(ranges) && at->first <= c ? at->what : character_class::letter;
}

void tokenizer::feed(std::string_view s) {
  for (std::size_t at = 0; at < s.size();) {
    const auto begin = at;
    while (at < s.size() && ascii_letter(static_cast<unsigned char>(s[at]))) ++at;
    if (at > begin) {
      previous_.clear();
      run_.append(s, begin, at - begin);
      if (run_.size() > token_octets_max) long_run();
      continue;
    }
    switch (class_of(next_character(s, at))) {
      case character_class::delimiter:
        end_run();
        previous_.clear();
        break;
      case character_class::letter:
        previous_.clear();
        run_.append(s, begin, at - begin);
        if (run_.size() > token_octets_max) long_run();
        break;
      case character_class::single:
        end_run();
        single(s.substr(begin, at - begin));
        break;
    }
  }
}

void tokenizer::finish() {
  end_run();
  previous_.clear();
}

void tokenizer::end_run() {
  if (run_.empty()) return;
  emit_(run_);
  run_.clear();
  long_ = false;
}

/// Gives out the windows that are complete; at least `piece_octets_max` octets of the run are left.
void tokenizer::long_run() {
  long_ = true;
  std::size_t begin = 0;
  while (run_.size() - begin > token_octets_max) {
    emit_(std::string_view(run_).substr(begin, token_octets_max));
    begin += token_octets_max - piece_octets_max + 1;
  }
  run_.erase(0, begin);
}

void tokenizer::single(std::string_view character) {
  emit_(character);
  if (!previous_.empty()) {
    pair_.assign(previous_).append(character);
    emit_(pair_);
  }
  previous_ = character;
}

namespace {

/// Of ASCII: what a joined word is made of.
enum class joined_class : std::uint8_t { other, letter, joiner };
constexpr auto joined_classes = [] {
  std::array<joined_class, 128> all{};
  for (unsigned c = 0; c < 128; ++c)
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) all[c] = joined_class::letter;
  for (const char c : std::string_view("@.-_+")) all[static_cast<unsigned char>(c)] = joined_class::joiner;
  return all;
}();

/// The character at `at`, which moves behind it.
joined_class next_joined_class(std::string_view s, std::size_t& at) noexcept {
  if (const auto c = static_cast<unsigned char>(s[at]); c < 0x80) {
    ++at;
    return joined_classes[c];
  }
  return class_of(next_character(s, at)) == character_class::letter ? joined_class::letter : joined_class::other;
}

/// Of letters and joiners alone: is it a joined word? If a part of a run is, then so is the run.
bool is_joined(std::string_view run) noexcept {
  bool letter = false, joiner_behind_letter = false;
  for (const char c : run) {
    if (c == '@') return true;
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x80 && joined_classes[u] == joined_class::joiner) {
      joiner_behind_letter = letter;
    } else {
      if (joiner_behind_letter) return true;
      letter = true;
    }
  }
  return false;
}

bool is_joined_needle(std::string_view folded) noexcept {
  for (std::size_t at = 0; at < folded.size();)
    if (next_joined_class(folded, at) == joined_class::other) return false;
  return is_joined(folded);
}

} // namespace

void joined_words::feed(std::string_view s) {
  for (std::size_t at = 0; at < s.size();) {
    const auto begin = at;
    auto end = at;
    auto what = joined_class::letter;
    while (at < s.size()) {
      what = next_joined_class(s, at);
      if (what == joined_class::other) break;
      if (what == joined_class::joiner) joins_ = true;
      end = at;
    }
    run_.append(s, begin, end - begin);
    if (what == joined_class::other) finish();
    else if (run_.size() > joined_octets_max) windows();
  }
}

void joined_words::finish() {
  if (run_.size() > joined_octets_max) windows();
  if (joins_ && is_joined(run_)) emit_(run_);
  run_.clear();
  joins_ = false;
}

/// Gives out the windows that are complete; at least `joined_piece_octets_max` octets of the run are left.
void joined_words::windows() {
  std::size_t begin = 0;
  while (run_.size() - begin > joined_octets_max) {
    const auto window = std::string_view(run_).substr(begin, joined_octets_max);
    if (joins_ && is_joined(window)) emit_(window);
    begin += joined_octets_max - joined_piece_octets_max + 1;
  }
  run_.erase(0, begin);
}

needle cut_needle(std::string_view folded) {
  needle out;
  bool between = false;   // a delimiter was met
  bool cut_short = false;
  for (std::size_t at = 0; at < folded.size();) {
    const auto begin = at;
    const auto what = class_of(next_character(folded, at));
    if (what == character_class::delimiter) {
      between = true;
      continue;
    }
    // To the end of the run of this class.
    auto end = at;
    std::vector<std::string_view> characters{folded.substr(begin, at - begin)};
    while (end < folded.size()) {
      auto next = end;
      if (class_of(next_character(folded, next)) != what) break;
      if (what == character_class::single) characters.push_back(folded.substr(end, next - end));
      end = next;
    }
    at = end;
    if (what == character_class::single) {
      if (characters.size() == 1) {
        out.pieces.push_back({std::string(characters.front()), true, true});
        continue;
      }
      for (std::size_t i = 0; i + 1 < characters.size(); ++i)
        out.pieces.push_back({std::string(characters[i]).append(characters[i + 1]), true, true});
      continue;
    }
    needle_piece piece{std::string(folded.substr(begin, end - begin)), begin > 0, end < folded.size()};
    const bool one_word = piece.begins && piece.ends && piece.text.size() <= token_octets_max;
    if (piece.text.size() > piece_octets_max && !one_word) {
      piece.text.resize(piece_octets_max);
      piece.ends = false;
      cut_short = true;
    }
    out.pieces.push_back(std::move(piece));
  }
  out.decided_by_words = out.pieces.size() == 1 && !between && !cut_short;
  out.joined = between && folded.size() <= joined_piece_octets_max && is_joined_needle(folded);
  return out;
}

} // namespace rookery::storage::search
