/// A part of an account's index that is never changed: documents of a range of numbers.
///
/// Three files: `.terms` (a Xapian database in one file: which documents a word is in), `.words`
/// (word_list) and `.near` (signature_list). Words are found by substring in the list, their documents in the database;
/// signatures narrow needles of several words.
///
/// A segment may be used from any thread; what it needs is read when it is first asked, and then
/// kept. The builder belongs to one thread.
#pragma once

#include "base/result.hpp"
#include "storage/file/file_system.hpp"
#include "storage/search/document.hpp"
#include "storage/search/neighbours.hpp"
#include "storage/search/number_set.hpp"
#include "storage/search/word_list.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rookery::storage::search {

/// Words that a search looks up in a segment for one piece of a needle; beyond them it is undecided.
inline constexpr std::size_t looked_up_words_max = 50'000;

struct segment_range {
  std::uint32_t first = 0;     ///< number of its first document
  std::uint32_t documents = 0;
};

/// What is found for one question: documents that do, and those whose text must decide.
struct found_documents {
  number_set sure, maybe;
};

class segment {
public:
  /// `path` without what its files' names end with.
  segment(file_system&, std::string path, segment_range);
  ~segment();

  const segment_range& range() const noexcept { return range_; }
  const std::string& path() const noexcept { return path_; }

  /// Documents with words of these classes that meet all pieces of the needle, which was cut from `text`; `exact_words` must be among those of
  /// `exact_class`, as they are. Errors: damaged, io.
  base::result<found_documents> find(const std::vector<word_class>&, const needle&, std::string_view text,
                                     const std::vector<std::string>& exact_words = {}, word_class exact_class = word_class::header) const;
  /// Loaded when first asked for.
  base::result<const word_list*> words() const;

private:
  /// Loaded when first asked for; null: an older node wrote none.
  base::result<const signature_list*> neighbours() const;
  base::result<void> keep_with_borders(std::string_view text, number_set&) const;
  struct databases;
  base::result<void> add_piece(const std::vector<word_class>&, const needle_piece&, number_set&, bool& complete) const;

  file_system& files_;
  std::string path_;
  segment_range range_;
  std::unique_ptr<databases> databases_;
};

class segment_builder {
public:
  /// `scratch`: a directory that does not exist; made, and removed at the end.
  explicit segment_builder(std::string scratch);
  ~segment_builder();
  /// Numbers ascend.
  base::result<void> add(std::uint32_t number, const document&);
  std::size_t word_octets() const noexcept { return word_octets_; }
  std::uint32_t documents() const noexcept { return documents_; }
  /// Writes the segment's files at `path`, durably but for the directory. Gives their octets.
  base::result<std::uint64_t> finish(file_system&, const std::string& path);

private:
  struct database;
  std::string scratch_;
  std::unique_ptr<database> database_;
  signature_list::writer neighbours_;
  std::size_t word_octets_ = 0;
  std::uint32_t documents_ = 0;
};

/// One segment of several neighbours, given in order; numbers stay.
base::result<std::uint64_t> merge_segments(file_system&, const std::vector<std::string>& paths, const std::string& path);

} // namespace rookery::storage::search
