/// What the search index takes for a word, in texts and in needles.
///
/// Texts come folded (i;unicode-casemap, UTF-8), in pieces of whole characters. Where a word begins
/// and ends is decided by the two characters beside the border alone, so that a needle that occurs
/// in a text is cut at the same places as the text around it: its inner words are words of the
/// text, its first word ends one, its last word begins one. That makes a list of words a sound
/// filter for substrings: it may let through too much, never too little.
///
/// Scripts that put no spaces (Han, kana, Thai …) give each character, and each pair of
/// neighbours, as a word. Runs of more than `token_octets_max` octets give windows of that length that
/// overlap so far that each substring of `piece_octets_max` octets lies within one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::search {

inline constexpr std::size_t token_octets_max = 64;
inline constexpr std::size_t piece_octets_max = 32;

enum class character_class : std::uint8_t {
  delimiter,
  letter, ///< of a word
  single  ///< a word by itself
};
character_class class_of(char32_t) noexcept;
/// The character at `at`, which moves behind it. What is no UTF-8 is a letter by itself.
char32_t next_character(std::string_view, std::size_t& at) noexcept;

/// Cuts one text, given in pieces.
class tokenizer {
public:
  /// `emit` is called with each word; the view lives for the call.
  explicit tokenizer(std::function<void(std::string_view)> emit) : emit_(std::move(emit)) {}
  void feed(std::string_view folded);
  /// The text ends here; the next piece begins another one.
  void finish();

private:
  void end_run();
  void single(std::string_view character);
  void long_run();

  std::function<void(std::string_view)> emit_;
  std::string run_;      ///< letters not yet given out
  bool long_ = false;    ///< windows of the run were given out
  std::string previous_; ///< the single character before, or ""
  std::string pair_;
};

/// Gives the joined words of one text, given in pieces: runs of letters and of the characters that join them in
/// addresses, names of hosts and files and compounds (`@ . - _ +`), with such a character between letters or with an `@`.
/// A needle that is one lies within one of the text, however many words it has. Runs of more than `joined_octets_max`
/// octets give windows, so that each substring of `joined_piece_octets_max` octets lies within one.
class joined_words {
public:
  /// `emit` is called with each; the view lives for the call.
  explicit joined_words(std::function<void(std::string_view)> emit) : emit_(std::move(emit)) {}
  void feed(std::string_view folded);
  void finish();

private:
  void windows();

  std::function<void(std::string_view)> emit_;
  std::string run_;
  bool joins_ = false; ///< a character that joins was met in this run
};
inline constexpr std::size_t joined_octets_max = 128;
inline constexpr std::size_t joined_piece_octets_max = 64;

/// A word of a needle: what a word of the text must be like.
struct needle_piece {
  std::string text;
  bool begins = false; ///< a word of the text begins with it
  bool ends = false;   ///< … ends with it; both: is it
};

struct needle {
  /// All of them must be met by words of one text. None: words say nothing about this needle.
  std::vector<needle_piece> pieces;
  /// Meeting them is also enough.
  bool decided_by_words = false;
  /// The needle is a piece of a joined word: those with it in them decide.
  bool joined = false;
};
needle cut_needle(std::string_view folded);

} // namespace rookery::storage::search
