#include "storage/search/ranking.hpp"

#include <xapian.h>

#include <algorithm>
#include <map>

namespace rookery::storage::search {
namespace {

/// Words of a needle that count; variants of one in a segment; words that are compared to find them.
constexpr std::size_t needle_words_max = 32;
constexpr std::size_t variants_max = 64;
constexpr std::size_t compared_max = 300'000;
/// What a variant counts beside the word itself.
constexpr double same_stem = 0.8, misspelled = 0.4;

const std::vector<word_class>& seen_classes(question::scope s) {
  static const std::vector<word_class> body{word_class::body, word_class::visible};
  static const std::vector<word_class> text{word_class::body, word_class::visible, word_class::subject, word_class::from,
                                            word_class::to,   word_class::cc,      word_class::bcc};
  return s == question::scope::body ? body : s == question::scope::text ? text : field_classes(s);
}

/// One octet more, less or other, or two neighbours exchanged.
bool nearly(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  std::size_t i = 0;
  while (i < a.size() && a[i] == b[i]) ++i;
  if (a.size() < b.size()) return a.substr(i) == b.substr(i + 1);
  if (i + 1 >= a.size()) return true;
  if (a.substr(i + 1) == b.substr(i + 1)) return true;
  return a[i] == b[i + 1] && a[i + 1] == b[i] && a.substr(i + 2) == b.substr(i + 2);
}

/// Folded words are upper case and taken apart; stemmers want lower case, put together.
std::string for_stemming(std::string_view word) {
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto c = static_cast<unsigned char>(word[i]);
    if (c >= 'A' && c <= 'Z') {
      out += static_cast<char>(c + 32);
      continue;
    }
    if (c == 0xcc && i + 1 < word.size() && !out.empty()) {
      static constexpr struct {
        unsigned char mark;
        std::string_view letters, made; // second octets of U+00C0 and on, behind C3
      } marks[] = {{0x80, "aeiou", "\xa0\xa8\xac\xb2\xb9"}, {0x81, "aeiouy", "\xa1\xa9\xad\xb3\xba\xbd"}, {0x82, "aeiou", "\xa2\xaa\xae\xb4\xbb"},
                   {0x83, "ano", "\xa3\xb1\xb5"},           {0x88, "aeiouy", "\xa4\xab\xaf\xb6\xbc\xbf"}, {0x8a, "a", "\xa5"}, {0xa7, "c", "\xa7"}};
      const auto mark = static_cast<unsigned char>(word[i + 1]);
      const auto* m = std::find_if(std::begin(marks), std::end(marks), [&](const auto& x) { return x.mark == mark; });
      const auto at = m == std::end(marks) ? std::string_view::npos : m->letters.find(out.back());
      if (at != std::string_view::npos) {
        out.back() = '\xc3';
        out += m->made[at];
        ++i;
        continue;
      }
    }
    if (c == 0xd0 && i + 1 < word.size()) { // Cyrillic capitals
      const auto next = static_cast<unsigned char>(word[i + 1]);
      if (next >= 0x90 && next <= 0x9f) {
        out += '\xd0';
        out += static_cast<char>(next + 0x20);
        ++i;
        continue;
      }
      if (next >= 0xa0 && next <= 0xaf) {
        out += '\xd1';
        out += static_cast<char>(next - 0x20);
        ++i;
        continue;
      }
    }
    out += static_cast<char>(c);
  }
  return out;
}

std::string_view first_character(std::string_view word) {
  std::size_t n = 1;
  while (n < word.size() && (static_cast<unsigned char>(word[n]) & 0xc0) == 0x80) ++n;
  return word.substr(0, n);
}

class variants {
public:
  variants(std::string word, const Xapian::Stem& stem) : word_(std::move(word)), stem_(stem), root_(stem(for_stemming(word_))) { found_[word_] = 1; }

  void look_in(const word_list& list, const std::vector<word_class>& classes) {
    std::size_t compared = 0;
    for (const auto c : classes)
      list.beginning_with(c, first_character(word_), [&](std::string_view w) {
        if (++compared > compared_max || found_.size() >= variants_max) return false;
        if (w == word_) return true;
        const auto weight = stem_(for_stemming(w)) == root_ ? same_stem : word_.size() >= misspelled_octets_min && nearly(w, word_) ? misspelled : 0;
        if (weight > 0) found_.emplace(w, weight);
        return true;
      });
  }
  Xapian::Query query(const std::vector<word_class>& classes) const {
    std::vector<Xapian::Query> all;
    for (const auto& [word, weight] : found_)
      for (const auto c : classes)
        all.push_back(Xapian::Query(Xapian::Query::OP_SCALE_WEIGHT, Xapian::Query(static_cast<char>(c) + word), weight));
    return {Xapian::Query::OP_MAX, all.begin(), all.end()};
  }

private:
  std::string word_;
  const Xapian::Stem& stem_;
  std::string root_;
  std::map<std::string, double, std::less<>> found_;
};

} // namespace

base::result<std::vector<std::uint8_t>> rank(const account_index& index, const question& q, const std::string& language) {
  std::vector<std::uint8_t> relevance(index.documents() + std::size_t{1}, 0);
  const auto& segments = index.segments();
  std::vector<std::string> words;
  tokenizer cut([&](std::string_view w) {
    if (words.size() < needle_words_max && std::find(words.begin(), words.end(), w) == words.end()) words.emplace_back(w);
  });
  cut.feed(q.text);
  cut.finish();
  if (words.empty() || segments.empty()) return relevance;
  try {
    const Xapian::Stem stem(language);
    const auto& classes = seen_classes(q.in);
    std::vector<Xapian::Query> wanted;
    for (const auto& w : words) {
      variants v(w, stem);
      for (const auto& s : segments) {
        const auto list = s.words->words();
        if (!list) return base::fail(list.error());
        v.look_in(**list, classes);
      }
      wanted.push_back(v.query(classes));
    }
    Xapian::Database all;
    for (const auto& s : segments) all.add_database(Xapian::Database(s.words->path() + ".terms"));
    Xapian::Enquire ask(all);
    ask.set_query(Xapian::Query(Xapian::Query::OP_AND, wanted.begin(), wanted.end()));
    const auto found = ask.get_mset(0, all.get_doccount());
    const auto parts = static_cast<Xapian::docid>(segments.size());
    for (auto m = found.begin(); m != found.end(); ++m) {
      const auto number = (*m - 1) / parts + 1; // as Xapian numbers documents of several databases
      if (number < relevance.size()) relevance[number] = static_cast<std::uint8_t>(std::clamp(m.get_percent(), 1, 100));
    }
    return relevance;
  } catch (const Xapian::InvalidArgumentError& e) {
    return base::fail(base::error_kind::invalid, "There are no rules for this language", "search: " + e.get_description());
  } catch (const Xapian::Error& e) {
    return base::fail(base::error_kind::damaged, "Search index error", "search: " + e.get_description());
  }
}

} // namespace rookery::storage::search
