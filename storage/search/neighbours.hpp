/// Which words stand side by side in a document: narrows needles of several words.
///
/// A *border* is where a word ends and the next begins: the last octets of the one, what separates them, the first
/// octets of the other. A needle with a space in it has borders of the text around it, so a text without one of
/// them does not have the needle. The borders of a document are kept as a signature (a Bloom filter): it may say
/// yes too often, about once in 106, never no.
///
/// Pure; readers and builders belong to one thread, a loaded list may be used from any.
#pragma once

#include "base/result.hpp"
#include "storage/search/token.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::search {

/// Of a word that count at a border. More find less by chance, and need longer words in needles.
inline constexpr std::size_t edge_octets = 3;
/// Words with more between them have no border.
inline constexpr std::size_t separator_octets_max = 8;
/// Different borders of a document; the signature of one with more says nothing. Keeps it at 80 KiB.
inline constexpr std::size_t borders_max = 65'536;

/// Finds the borders of one text, given in pieces of whole characters.
class border_reader {
public:
  /// Appends to `keys`. `whole`: what begins and ends the text begins and ends its words. Otherwise it is a needle, and borders
  /// that would need to know more of its first or last word are left out.
  border_reader(std::vector<std::uint64_t>& keys, bool whole) : keys_(keys), whole_(whole) {}
  void feed(std::string_view folded);
  /// The text ends here; the next piece begins another one.
  void finish();

private:
  void letters(std::string_view);
  void separator(std::string_view);
  void end_word(bool by_end_of_text);

  std::vector<std::uint64_t>& keys_;
  bool whole_;
  bool begun_ = false;    ///< something was read of this text
  bool at_start_ = false; ///< the word began where the text did
  std::size_t word_octets_ = 0;
  std::string first_, last_;    ///< edges of the word
  std::string left_, between_;  ///< edge of the word before, and what was behind it
  bool left_known_ = false;     ///< there is one, and its edge is all that counts
};

/// What a needle asks of signatures. None: they say nothing about it.
std::vector<std::uint64_t> borders_of_needle(std::string_view folded);

/// Collects the borders of one document.
class signature_builder {
public:
  signature_builder() = default;
  signature_builder(const signature_builder&) = delete;
  signature_builder& operator=(const signature_builder&) = delete;
  void feed(std::string_view folded) {
    if (full_) return;
    reader_.feed(folded);
    if (keys_.size() >= keys_kept_max) drop_repeated();
  }
  void end_text() { reader_.finish(); }
  /// Eight octets at a time; empty: it says nothing.
  std::string signature() const;

private:
  static constexpr std::size_t keys_kept_max = 4 * borders_max; ///< repeated ones included
  void drop_repeated();

  std::vector<std::uint64_t> keys_;
  border_reader reader_{keys_, true};
  bool full_ = false; ///< too many; nothing more is read
};

/// The signatures of a segment's documents, as they are stored (docs/formats/search_index.md).
class signature_list {
public:
  class writer {
  public:
    void add(std::string_view signature);
    /// Documents of which nothing is known.
    void add_unknown(std::size_t documents) { sizes_.resize(sizes_.size() + documents); }
    /// All of another list.
    void add(const signature_list&);
    std::size_t documents() const noexcept { return sizes_.size(); }
    std::string finish();

  private:
    std::vector<std::uint16_t> sizes_; ///< in eight octets
    std::string octets_;
  };

  /// Errors: damaged.
  static base::result<signature_list> read(std::string stored);
  std::size_t documents() const noexcept { return begins_.size() - 1; }
  /// `index`: from 0 on, below `documents()`.
  bool may_have(std::size_t index, const std::vector<std::uint64_t>& borders) const noexcept;

private:
  std::string stored_;
  std::size_t signatures_at_ = 0;
  std::vector<std::uint32_t> begins_; ///< in eight octets; one more than documents
};

} // namespace rookery::storage::search
