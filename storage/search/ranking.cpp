#include "storage/search/ranking.hpp"

#include "base/text.hpp"

#include <xapian.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

namespace rookery::storage::search {
namespace {

/// Variants of a word that are looked up; words that are compared to find them.
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

/// Forms of a word begin alike: so many octets of them, that few words are asked for their stem.
constexpr std::size_t alike_octets = 2;

} // namespace

bool language_known(const std::string& name) {
  try {
    const Xapian::Stem stem(name);
    return !stem.is_none();
  } catch (const Xapian::InvalidArgumentError&) {
    return false;
  }
}

std::string known_languages() { return Xapian::Stem::get_available_languages(); }

struct fuzzy_question::word {
  std::string text;
  std::vector<std::pair<Xapian::Stem, std::string>> forms; ///< and the stem of `text`

  /// What a word of a text counts as this one; 0: it is another.
  double likeness(std::string_view w) const {
    if (w == text) return 1;
    if (!forms.empty() && w.substr(0, alike_octets) == std::string_view(text).substr(0, alike_octets)) {
      const auto written = for_stemming(w);
      for (const auto& [stem, root] : forms)
        if (stem(written) == root) return same_stem;
    }
    return text.size() >= misspelled_octets_min && nearly(w, text) ? misspelled : 0;
  }
};

fuzzy_question::fuzzy_question(question q, std::string_view languages) : question_(std::move(q)) {
  std::vector<Xapian::Stem> stems;
  for (const auto name : base::split(languages, ' '))
    if (const std::string language(name); !language.empty() && stems.size() < languages_max && language_known(language)) stems.emplace_back(language);
  std::set<std::string, std::less<>> known;
  tokenizer cut([&](std::string_view w) {
    if (words_.size() >= needle_words_max || !known.emplace(w).second) return;
    auto made = std::make_shared<word>();
    made->text = w;
    const auto written = for_stemming(w);
    for (const auto& stem : stems) made->forms.emplace_back(stem, stem(written));
    words_.push_back(std::move(made));
  });
  cut.feed(question_.text);
  cut.finish();
}

base::result<std::vector<std::uint8_t>> rank(const account_index& index, const fuzzy_question& q) {
  std::vector<std::uint8_t> relevance(index.documents() + std::size_t{1}, 0);
  const auto& segments = index.segments();
  if (!q.has_words() || segments.empty()) return relevance;
  try {
    const auto& classes = seen_classes(q.asked().in);
    std::vector<Xapian::Query> wanted;
    for (const auto& word : q.words_) {
      std::map<std::string, double, std::less<>> found{{word->text, 1}};
      std::size_t compared = 0;
      for (const auto& s : segments) {
        const auto list = s.words->words();
        if (!list) return base::fail(list.error());
        for (const auto c : classes)
          (*list)->beginning_with(c, first_character(word->text), [&](std::string_view w) {
            if (++compared > compared_max || found.size() >= variants_max) return false;
            if (const auto weight = word->likeness(w); weight > 0) found.emplace(w, weight);
            return true;
          });
      }
      std::vector<Xapian::Query> variants;
      for (const auto& [w, weight] : found)
        for (const auto c : classes)
          variants.push_back(Xapian::Query(Xapian::Query::OP_SCALE_WEIGHT, Xapian::Query(static_cast<char>(c) + w), weight));
      wanted.push_back(Xapian::Query(Xapian::Query::OP_MAX, variants.begin(), variants.end()));
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
  } catch (const Xapian::Error& e) {
    return base::fail(base::error_kind::damaged, "Search index error", "search: " + e.get_description());
  }
}

std::uint8_t rank(const document& d, const fuzzy_question& q) {
  const auto& classes = seen_classes(q.asked().in);
  std::vector<double> best(q.words_.size(), 0);
  d.for_each([&](word_class c, std::string_view w, std::uint32_t times) {
    if (times == 0 || std::find(classes.begin(), classes.end(), c) == classes.end()) return;
    for (std::size_t i = 0; i < best.size(); ++i)
      if (const auto like = q.words_[i]->likeness(w); like > 0) best[i] = std::max(best[i], like * times / (times + 0.5));
  });
  double sum = 0;
  for (const auto one : best) {
    if (one == 0) return 0;
    sum += one;
  }
  return best.empty() ? 0 : static_cast<std::uint8_t>(std::clamp(static_cast<int>(sum * 100 / static_cast<double>(best.size())), 1, 100));
}

} // namespace rookery::storage::search
