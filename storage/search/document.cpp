#include "storage/search/document.hpp"

namespace rookery::storage::search {
namespace {

constexpr std::uint16_t bit(text_source s) noexcept { return static_cast<std::uint16_t>(1u << static_cast<unsigned>(s)); }
constexpr std::uint16_t seen_in_body = bit(text_source::plain) | bit(text_source::visible);
constexpr std::uint16_t exact_in_body = bit(text_source::plain) | bit(text_source::markup) | bit(text_source::part_header);

/// What a word costs in memory beside its octets.
constexpr std::size_t word_overhead_octets = 64;

} // namespace

document::document(document_limits limits)
    : limits_(limits), tokens_([this](std::string_view word) { add(word, false); }),
      joined_([this](std::string_view word) { add(word, true); }) {}

void document::feed(text_source source, std::string_view folded) {
  source_ = source;
  if (octets_ + folded.size() > limits_.text_octets_max) {
    octets_ = limits_.text_octets_max;
    partial_ = true;
    return;
  }
  octets_ += folded.size();
  tokens_.feed(folded);
  joined_.feed(folded);
  if (source != text_source::visible) neighbours_.feed(folded);
}

void document::end_text() {
  tokens_.finish();
  joined_.finish();
  neighbours_.end_text();
}

void document::add(std::string_view word, bool joined) {
  auto at = words_.find(word);
  if (at == words_.end()) {
    if (words_.size() >= limits_.words_max) {
      partial_ = true;
      return;
    }
    word_octets_ += word.size() + word_overhead_octets;
    at = words_.emplace(std::string(word), found{.joined = joined}).first;
  }
  at->second.sources |= bit(source_);
  if (bit(source_) & seen_in_body) ++at->second.seen;
}

void document::for_each(const std::function<void(word_class, std::string_view, std::uint32_t)>& f) const {
  static constexpr std::pair<text_source, word_class> fields[] = {{text_source::subject, word_class::subject},
                                                                  {text_source::from, word_class::from},
                                                                  {text_source::to, word_class::to},
                                                                  {text_source::cc, word_class::cc},
                                                                  {text_source::bcc, word_class::bcc}};
  for (const auto& [word, how] : words_) {
    const bool exact = (how.sources & exact_in_body) != 0;
    const bool seen = (how.sources & seen_in_body) != 0;
    if (how.joined) {
      if (exact) f(word_class::joined_body, word, 0);
      if (how.sources & bit(text_source::header)) f(word_class::joined_header, word, 0);
      else if (how.sources & bit(text_source::header_value)) f(word_class::joined_value, word, 0);
      for (const auto& [source, as] : fields)
        if (how.sources & bit(source)) f(joined(as), word, 0);
      continue;
    }
    if (exact || seen) f(exact && seen ? word_class::body : exact ? word_class::markup : word_class::visible, word, seen ? how.seen : 0);
    if (how.sources & bit(text_source::header)) f(word_class::header, word, 0);
    else if (how.sources & bit(text_source::header_value)) f(word_class::value, word, 0);
    for (const auto& [source, as] : fields)
      if (how.sources & bit(source)) f(as, word, 1);
  }
}

} // namespace rookery::storage::search
