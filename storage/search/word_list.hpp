/// All words of a segment by class, in one piece of memory that can be searched for substrings:
/// "\n" word "\n" word "\n", sorted.
///
/// Immutable once read; used from any thread.
#pragma once

#include "base/result.hpp"
#include "storage/search/document.hpp"
#include "storage/search/token.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace rookery::storage::search {

inline constexpr std::array word_classes{word_class::value,  word_class::body, word_class::cc, word_class::from,
                                         word_class::markup, word_class::header, word_class::subject, word_class::to,
                                         word_class::visible, word_class::bcc};

class word_list {
public:
  /// The stored form: docs/formats/search_index.md. `terms` come sorted, each with its class in front.
  class writer {
  public:
    void add(std::string_view term);
    std::string finish();

  private:
    std::array<std::string, word_classes.size()> words_;
  };
  static base::result<word_list> read(std::string stored);

  std::size_t octets() const noexcept { return stored_.size(); }
  /// Calls `f` with each word of the class that meets the piece, until it gives false. False: it was stopped.
  bool matching(word_class, const needle_piece&, const std::function<bool(std::string_view)>& f) const;
  /// … that begins with `prefix`; the cheap way, as the words are sorted.
  bool beginning_with(word_class, std::string_view prefix, const std::function<bool(std::string_view)>& f) const;

private:
  /// With the line ends around each word; empty when the class has none.
  std::string_view words_of(word_class) const noexcept;

  std::string stored_;
  std::array<std::pair<std::size_t, std::size_t>, word_classes.size()> place_{};
};

} // namespace rookery::storage::search
