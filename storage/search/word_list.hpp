/// All words of a segment by class, in one piece of memory that can be searched for substrings:
/// "\n" word "\n" word "\n", sorted. Words of header fields and joined words have their documents with them:
/// a syllable in a thousand words would ask the database a thousand times.
///
/// Immutable once read; used from any thread.
#pragma once

#include "base/result.hpp"
#include "storage/search/document.hpp"
#include "storage/search/number_set.hpp"
#include "storage/search/token.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace rookery::storage::search {

inline constexpr std::array word_classes{word_class::value,  word_class::body, word_class::cc, word_class::from,
                                         word_class::markup, word_class::header, word_class::subject, word_class::to,
                                         word_class::visible, word_class::bcc,
                                         word_class::joined_value, word_class::joined_body, word_class::joined_cc, word_class::joined_from,
                                         word_class::joined_header, word_class::joined_subject, word_class::joined_to, word_class::joined_bcc};

/// Classes whose words have their documents in the list.
constexpr bool lists_documents(word_class c) noexcept {
  return c == word_class::subject || c == word_class::from || c == word_class::to || c == word_class::cc || c == word_class::bcc ||
         static_cast<char>(c) >= 'a';
}

class word_list {
public:
  /// The stored form: docs/formats/search_index.md. Terms come sorted, each with its class in front;
  /// documents ascend, and are asked for where the class lists them alone.
  class writer {
  public:
    void add(std::string_view term, std::span<const std::uint32_t> documents);
    /// `with_joined`: the joined words of all documents were added.
    std::string finish(bool with_joined = true);

  private:
    struct of_class {
      std::string words;
      std::string places;    ///< of words in `words` and of their documents in `documents`
      std::string documents;
    };
    std::array<of_class, word_classes.size()> classes_;
  };
  static base::result<word_list> read(std::string stored);
  /// The beginning of a stored list that has all joined words.
  static constexpr std::string_view magic_with_joined = "RKWORDS3";

  std::size_t octets() const noexcept { return stored_.size(); }
  /// It has all joined words of its documents.
  bool with_joined() const noexcept { return with_joined_; }
  /// Calls `f` with each word of the class that meets the piece, until it gives false. False: it was stopped.
  bool matching(word_class, const needle_piece&, const std::function<bool(std::string_view)>& f) const;
  /// … that begins with `prefix`; the cheap way, as the words are sorted.
  bool beginning_with(word_class, std::string_view prefix, const std::function<bool(std::string_view)>& f) const;

  /// Adds the documents of a word that one of the above gave. False: they are in the database alone.
  bool add_documents(word_class, std::string_view word, number_set& to) const;
  /// Adds the documents of all words of a class whose documents are listed that have `piece` in them: those of
  /// many documents first, until `to` is full.
  void add_documents_with(word_class, std::string_view piece, number_set& to) const;

private:
  struct extent {
    std::size_t at = 0, octets = 0;
  };
  std::string_view view(extent p) const noexcept { return std::string_view(stored_).substr(p.at, p.octets); }
  /// With the line ends around each word; empty when the class has none.
  std::string_view words_of(word_class) const noexcept;

  struct of_class {
    extent words, places, documents;
  };
  /// Adds those of the list at this place. False: damaged.
  bool add_list(const of_class&, std::size_t at, number_set& to) const;

  std::string stored_;
  bool with_joined_ = false;
  std::array<of_class, word_classes.size()> classes_{};
};

} // namespace rookery::storage::search
