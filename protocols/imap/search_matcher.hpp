/// Runs a search program over messages, cheapest questions first.
///
/// The program is compiled once for a mailbox (keywords become bits, "*" and "$" become
/// ranges, days become moments), its AND and OR branches are ordered by cost, and flag
/// tests beside each other are joined into one. Then each message is asked in rounds:
///
///     matcher.test(row, nullptr)            columns only; decides most programs
///     verdict.needs has bits?               fetch the cheapest thing that is needed ...
///     matcher.test(row, &answers)           ... and ask again
///
/// so that a host can stop between any two messages and between any two rounds.
/// Unknown values follow Kleene's logic: what is decided without the unknown is decided.
///
/// Source: RFC 9051 §6.4.4.
#pragma once

#include "base/clock.hpp"
#include "protocols/imap/search.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::imap {

/// What an index of words knows of a text key and a message; `open`: the message must be asked.
enum class leaf_verdict : std::uint8_t { no, yes, open };

/// The columns of one message. Only those named by `search_matcher::columns` must be right.
struct search_row {
  std::uint32_t number = 0; ///< message sequence number
  std::uint32_t uid = 0;
  std::uint64_t flags = 0;  ///< flag::... with the session's \Recent
  std::uint64_t modseq = 0;
  std::uint64_t size = 0;
  std::int64_t internal_date = 0; ///< ms since 1970
  std::int64_t save_date = 0;     ///< ms since 1970
  std::string_view email_id, thread_id;
  std::span<const leaf_verdict> leaves; ///< in the order of `search_matcher::leaves`; or none
  std::span<const std::uint8_t> relevancies; ///< of the fuzzy ones among them
};
namespace search_column {
inline constexpr std::uint32_t number = 1, uid = 2, flags = 4, modseq = 8, size = 16, internal_date = 32,
                               save_date = 64, email_id = 128, thread_id = 256;
} // namespace search_column

/// What a program may need beyond columns, cheapest first.
namespace search_need {
inline constexpr std::uint8_t sort_keys = 1, ///< the Date: header's day
                              header = 2,    ///< the message's header octets
                              whole = 4;     ///< all octets
} // namespace search_need

/// A key about headers or text, as an index is asked for it.
struct text_leaf {
  enum class scope : std::uint8_t { header, body, text };
  scope in = scope::text;
  std::string field; ///< header: as written
  std::string text;  ///< folded; "" asks whether the field exists
  bool fuzzy = false; ///< by words and their forms; never of fields that only HEADER names
};

/// What the host knows of one message so far. Each gives nothing while it would need data
/// that is not at hand. Needles are folded with charset::fold_for_search, as mime/search.hpp
/// wants them, which decodes encoded words, charsets and transfer encodings (RFC 9051 §6.4.4:
/// substring, case ignored).
class search_answers {
public:
  virtual ~search_answers() = default;
  /// Days since 1970 as the Date: header writes it, its zone ignored; the internal date's day
  /// when the header has none that can be read.
  virtual std::optional<std::int32_t> sent_day() const = 0;
  /// Does a field of that name contain the needle? "" asks whether the field exists.
  virtual std::optional<bool> header_contains(std::string_view field, std::string_view needle) const = 0;
  virtual std::optional<bool> body_contains(std::string_view needle) const = 0;
  /// In the header or the body.
  virtual std::optional<bool> text_contains(std::string_view needle) const = 0;
  /// Of a fuzzy key, by its place among `search_matcher::leaves`: 1 to 100, or 0 when it is not met.
  virtual std::optional<std::uint8_t> relevancy(std::size_t leaf) const = 0;
};

struct search_verdict {
  bool decided = false;
  bool match = false;        ///< when decided
  std::uint8_t needs = 0;    ///< search_need::... of the keys that are still open, when not decided
};

/// What the mailbox looks like to this session when the search begins.
struct search_context {
  const std::vector<std::string>* keywords = nullptr;
  std::uint32_t largest_number = 0; ///< messages that the client knows of
  std::uint32_t largest_uid = 0;    ///< UID of the last of them
  std::span<const number_range> saved_uids; ///< "$"
  base::wall_time now{};            ///< for WITHIN
};

class search_matcher {
public:
  search_matcher(const search_program&, const search_context&);

  /// search_column::... that rows must carry.
  std::uint32_t columns() const noexcept { return columns_; }
  /// search_need::... that may be asked for.
  std::uint8_t needs() const noexcept { return needs_; }
  /// The keys that an index of words may know something of.
  const std::vector<text_leaf>& leaves() const noexcept { return leaves_; }
  /// "$" among sequence numbers cannot be told from a row's number alone, so it is matched by UID.
  search_verdict test(const search_row& row, const search_answers* answers = nullptr) const;

  /// How well a message that matches does so, from 1 to 100: the mean of the fuzzy keys that it meets, of OR
  /// the best; 100 where none has words to compare.
  std::uint8_t relevancy(const search_row& row, const search_answers* answers = nullptr) const;

  /// The program is "flags & mask == value": hosts may scan the flag column themselves.
  struct flag_test { std::uint64_t mask = 0, value = 0; };
  std::optional<flag_test> flags_only() const noexcept;
  /// UIDs outside these ranges never match: a host need not ask for them. Nothing: all may.
  std::optional<number_ranges> uid_bounds() const;
  /// A message number outside these ranges never matches.
  std::optional<number_ranges> number_bounds() const;

private:
  enum class op : std::uint8_t {
    yes, no, flags, size_range, numbers, uids, date_range, saved_range, modseq, email_id, thread_id,
    sent_range, header, body, text, fuzzy, all_of, any_of, none_of
  };
  struct step {
    op what = op::yes;
    std::uint32_t cost = 0;
    std::uint64_t a = 0, b = 0;  ///< flags: mask, value; ranges: a <= x < b (as int64 for dates)
    std::string text, field;
    std::uint32_t leaf = 0;      ///< header, body, text, fuzzy: its place among `leaves`
    number_ranges ranges;
    std::vector<std::uint32_t> children;
  };
  std::uint32_t compile(const search_program&, std::uint32_t node, const search_context&);
  std::uint32_t add(step);
  std::uint32_t join(op, std::vector<std::uint32_t> children);
  std::optional<std::uint8_t> fuzzy_score(const step&, const search_row&, const search_answers*) const;
  /// 0: nothing to say.
  unsigned score(std::uint32_t at, const search_row&, const search_answers*) const;
  /// -1 open, 0 no, 1 yes.
  int run(std::uint32_t at, const search_row&, const search_answers*, std::uint8_t& open) const;

  std::vector<step> steps_;
  std::vector<text_leaf> leaves_;
  std::uint32_t root_ = 0;
  std::uint32_t columns_ = 0;
  std::uint8_t needs_ = 0;
};

} // namespace rookery::imap
