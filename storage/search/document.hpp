/// The words of one message, by where they stand: what is put into the index of it.
///
/// Who stores mail knows its texts (MIME is not known here): it names the source of each text and gives
/// it folded, in pieces. Exact searching asks for words of texts as the client's SEARCH sees them,
/// fuzzy searching for those that a person sees; a word is kept once for both.
#pragma once

#include "storage/search/neighbours.hpp"
#include "storage/search/token.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rookery::storage::search {

/// Where a text stands.
enum class text_source : std::uint8_t {
  plain,        ///< decoded text, seen as it is
  markup,       ///< decoded text that holds tags (HTML): exact searches see it
  visible,      ///< what is seen of it: fuzzy searches alone
  part_header,  ///< a field of a part or of a message inside: exact searches of bodies
  header,       ///< a field of the message's own header, with its name
  header_value, ///< words of it that are only in its value or its addresses: HEADER
  subject, from, to, cc, bcc ///< the decoded value, or an address in it
};
inline constexpr std::size_t text_source_count = 11;

/// Words that are looked up together: the first octet of their terms. On disk: never renumber.
enum class word_class : char {
  body = 'B',    ///< in the body, for both kinds of searches
  markup = 'G',  ///< in the body, for exact ones
  visible = 'V', ///< in the body, for fuzzy ones
  header = 'H', value = 'A', subject = 'S', from = 'F', to = 'T', cc = 'C', bcc = 'X',
  // Joined words, for exact searches alone.
  joined_body = 'b', ///< of bodies and what is beside them, seen or not
  joined_header = 'h', joined_value = 'a', joined_subject = 's', joined_from = 'f', joined_to = 't', joined_cc = 'c', joined_bcc = 'x'
};
/// The class of joined words beside a class of words; that of `visible` is none.
constexpr word_class joined(word_class c) noexcept {
  return c == word_class::markup ? word_class::joined_body : static_cast<word_class>(static_cast<char>(c) | 0x20);
}

struct document_limits {
  std::size_t text_octets_max = 4u << 20; ///< of folded texts that are read
  std::size_t words_max = 100'000;        ///< different ones
};

class document {
public:
  explicit document(document_limits = {});
  document(const document&) = delete;
  document& operator=(const document&) = delete;

  void feed(text_source, std::string_view folded);
  /// The text that was fed ends.
  void end_text();
  /// Something could not be read: searches look at the message itself.
  void set_partial() noexcept { partial_ = true; }
  /// A limit was reached, or `set_partial` was called: words that are not here may be in the message.
  bool partial() const noexcept { return partial_; }
  bool full() const noexcept { return partial_ && octets_ >= limits_.text_octets_max; }

  /// Each word, joined words as well, once a class with how often a person sees it, 0 for classes of exact searches alone.
  void for_each(const std::function<void(word_class, std::string_view word, std::uint32_t count)>&) const;
  /// Of the borders between words of all texts but `visible` (neighbours.hpp).
  std::string signature() const { return neighbours_.signature(); }
  /// Octets of memory, roughly.
  std::size_t octets() const noexcept { return word_octets_; }

private:
  struct found {
    std::uint16_t sources = 0;
    std::uint32_t seen = 0; ///< in plain and visible texts
    bool joined = false;
  };
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };
  void add(std::string_view word, bool joined);

  document_limits limits_;
  text_source source_ = text_source::plain;
  tokenizer tokens_;
  joined_words joined_;
  signature_builder neighbours_;
  std::unordered_map<std::string, found, hash, std::equal_to<>> words_;
  std::size_t octets_ = 0, word_octets_ = 0;
  bool partial_ = false;
};

} // namespace rookery::storage::search
