/// Searching as people mean it: by words, their forms and near misses, the best first (RFC 6203).
///
/// The index keeps words as they are written; forms in a language are found when it is asked.
#pragma once

#include "storage/search/account_index.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::search {

/// Shorter words have too many neighbours.
inline constexpr std::size_t misspelled_octets_min = 5;
/// Words of a needle that count.
inline constexpr std::size_t needle_words_max = 32;
inline constexpr std::size_t languages_max = 8;

/// As Xapian calls it: "english", "en".
bool language_known(const std::string&);
/// Their names, parted by spaces.
std::string known_languages();

/// A needle cut into words, with the rules for their forms. One thread at a time.
class fuzzy_question {
public:
  /// `languages` are names parted by spaces; unknown ones count for nothing.
  fuzzy_question(question, std::string_view languages);

  const question& asked() const noexcept { return question_; }
  /// False: the needle has no words, and is better looked for as it is.
  bool has_words() const noexcept { return !words_.empty(); }

private:
  friend base::result<std::vector<std::uint8_t>> rank(const account_index&, const fuzzy_question&);
  friend std::uint8_t rank(const document&, const fuzzy_question&);
  struct word;

  question question_;
  std::vector<std::shared_ptr<const word>> words_;
};

/// For each document, by number, its relevance from 1 to 100, or 0: it has not all words of the needle. A word
/// of it may be another form in one of the languages, or from `misspelled_octets_min` octets on be one slip away.
/// Any thread; blocks on the disk. Errors: damaged.
base::result<std::vector<std::uint8_t>> rank(const account_index&, const fuzzy_question&);
/// The same of a document that is not in an index; without other documents to compare with, scores differ.
std::uint8_t rank(const document&, const fuzzy_question&);

} // namespace rookery::storage::search
