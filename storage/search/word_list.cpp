#include "storage/search/word_list.hpp"

#include "base/codec.hpp"
#include "base/crc32c.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rookery::storage::search {
namespace {

constexpr auto magic = word_list::magic_with_joined;
/// Without joined words: written before they were there, and of segments merged with such.
constexpr std::string_view magic_without_joined = "RKWORDS2";
constexpr std::size_t classes_without_joined = 10;
/// Without documents: written before they were there, read until they are merged.
constexpr std::string_view magic_of_words_alone = "RKWORDS1";
/// Of a word: where it stands in the words, where its documents do in the documents.
constexpr std::size_t place_octets = 8;
/// Words in this share of the documents are looked at first: few of them may fill a set.
constexpr std::size_t broad_share = 64;

std::uint32_t number_at(std::string_view s, std::size_t at) noexcept {
  std::uint32_t n;
  std::memcpy(&n, s.data() + at, sizeof n);
  return n;
}

std::size_t index_of(word_class c) noexcept {
  return static_cast<std::size_t>(std::find(word_classes.begin(), word_classes.end(), c) - word_classes.begin());
}

} // namespace

void word_list::writer::add(std::string_view term, std::span<const std::uint32_t> documents) {
  const auto c = static_cast<word_class>(term.front());
  const auto i = index_of(c);
  base::check(i < word_classes.size(), "search: a term of an unknown class");
  auto& to = classes_[i];
  if (to.words.empty()) to.words.push_back('\n');
  if (lists_documents(c)) {
    base::encoder place(to.places), numbers(to.documents);
    place.u32(static_cast<std::uint32_t>(to.words.size()));
    place.u32(static_cast<std::uint32_t>(to.documents.size()));
    numbers.varint(documents.size());
    std::uint32_t before = 0;
    for (const auto d : documents) numbers.varint(d - std::exchange(before, d));
  }
  to.words.append(term.substr(1)).push_back('\n');
}

std::string word_list::writer::finish(bool with_joined) {
  const auto classes = std::span(classes_).first(with_joined ? classes_.size() : classes_without_joined);
  std::string out(with_joined ? magic : magic_without_joined);
  base::encoder e(out);
  e.u32(0); // the checksum
  for (const auto& c : classes) {
    e.u64(c.words.size());
    e.u64(c.places.size());
    e.u64(c.documents.size());
  }
  for (const auto& c : classes) out.append(c.words).append(c.places).append(c.documents);
  classes_ = {};
  const auto sum = base::crc32c(std::string_view(out).substr(magic.size() + 4));
  std::memcpy(out.data() + magic.size(), &sum, sizeof sum);
  return out;
}

base::result<word_list> word_list::read(std::string stored) {
  const auto damaged = [] { return base::fail(base::error_kind::damaged, "Search index damaged", "search: a list of words is damaged"); };
  base::decoder in(stored);
  const bool words_alone = stored.starts_with(magic_of_words_alone), with_joined = stored.starts_with(magic);
  if (!words_alone && !with_joined && !stored.starts_with(magic_without_joined)) return damaged();
  in.u64();
  const auto sum = in.u32();
  if (!in.ok() || base::crc32c(in.rest()) != sum) return damaged();
  word_list list;
  list.with_joined_ = with_joined;
  for (auto& c : std::span(list.classes_).first(with_joined ? list.classes_.size() : classes_without_joined)) {
    c.words.octets = in.u64();
    if (words_alone) continue;
    c.places.octets = in.u64();
    c.documents.octets = in.u64();
  }
  if (!in.ok()) return damaged();
  std::size_t at = stored.size() - in.rest().size();
  for (auto& c : list.classes_) {
    for (auto* p : {&c.words, &c.places, &c.documents}) {
      if (p->octets > stored.size() - at) return damaged();
      p->at = at;
      at += p->octets;
    }
    // Whoever looks for a line end finds one.
    if (c.words.octets != 0 && (stored[c.words.at] != '\n' || stored[c.words.at + c.words.octets - 1] != '\n')) return damaged();
    if (c.places.octets % place_octets != 0) return damaged();
  }
  if (at != stored.size()) return damaged();
  list.stored_ = std::move(stored);
  return list;
}

std::string_view word_list::words_of(word_class c) const noexcept { return view(classes_[index_of(c)].words); }

bool word_list::add_documents(word_class c, std::string_view word, number_set& to) const {
  const auto& in = classes_[index_of(c)];
  const auto places = view(in.places);
  const auto wanted = static_cast<std::size_t>(word.data() - (stored_.data() + in.words.at));
  std::size_t low = 0, high = places.size() / place_octets;
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    if (number_at(places, middle * place_octets) < wanted) low = middle + 1;
    else high = middle;
  }
  if (low == places.size() / place_octets || number_at(places, low * place_octets) != wanted) return false;
  return add_list(in, number_at(places, low * place_octets + 4), to);
}

bool word_list::add_list(const of_class& in, std::size_t at, number_set& to) const {
  const auto documents = view(in.documents);
  if (at > documents.size()) return false;
  base::decoder numbers(documents.substr(at));
  std::uint32_t document = 0;
  for (auto left = numbers.varint(); left > 0 && numbers.ok(); --left) to.add(document += static_cast<std::uint32_t>(numbers.varint()));
  return numbers.ok();
}

void word_list::add_documents_with(word_class c, std::string_view piece, number_set& to) const {
  const auto& in = classes_[index_of(c)];
  const auto words = view(in.words), places = view(in.places), documents = view(in.documents);
  const auto broad = std::max<std::size_t>(to.size() / broad_share, 2); // documents of a word that are many
  std::vector<std::uint32_t> narrow;                                    // lists that are left for later
  std::size_t place = 0;                                                // of the last hit: they ascend, as words do
  const auto count = places.size() / place_octets;
  if (count == 0) return;
  for (std::size_t at = 0; at < words.size();) {
    const auto* hit = static_cast<const char*>(memmem(words.data() + at, words.size() - at, piece.data(), piece.size()));
    if (hit == nullptr) break;
    const auto offset = static_cast<std::size_t>(hit - words.data());
    // The last place that begins at or before the hit, by steps that double.
    std::size_t step = 1;
    while (place + step < count && number_at(places, (place + step) * place_octets) <= offset) {
      place += step;
      step *= 2;
    }
    for (; step > 0; step /= 2)
      if (place + step < count && number_at(places, (place + step) * place_octets) <= offset) place += step;
    const auto list = number_at(places, place * place_octets + 4);
    if (list < documents.size()) {
      base::decoder head(documents.substr(list));
      if (head.varint() >= broad) add_list(in, list, to);
      else narrow.push_back(list);
    }
    at = words.find('\n', offset);
  }
  if (to.full()) return;
  for (const auto list : narrow) add_list(in, list, to);
}

bool word_list::matching(word_class c, const needle_piece& piece, const std::function<bool(std::string_view)>& f) const {
  const auto words = words_of(c);
  if (words.empty()) return true;
  std::string wanted;
  if (piece.begins) wanted.push_back('\n');
  wanted += piece.text;
  if (piece.ends) wanted.push_back('\n');
  for (std::size_t at = 0; at < words.size();) {
    const auto* hit = static_cast<const char*>(memmem(words.data() + at, words.size() - at, wanted.data(), wanted.size()));
    if (hit == nullptr) return true;
    const auto offset = static_cast<std::size_t>(hit - words.data());
    const auto begin = piece.begins ? offset + 1 : words.rfind('\n', offset) + 1;
    const auto end = words.find('\n', begin);
    if (!f(words.substr(begin, end - begin))) return false;
    at = end; // the line end may begin the next one
  }
  return true;
}

bool word_list::beginning_with(word_class c, std::string_view prefix, const std::function<bool(std::string_view)>& f) const {
  const auto words = words_of(c);
  if (words.empty()) return true;
  // The first word that is not below the prefix, by halving octets.
  std::size_t low = 1, high = words.size(); // `low` begins a word, or is the end
  while (low < high) {
    const auto middle = words.rfind('\n', low + (high - low) / 2 - 1) + 1; // begins a word, at or behind `low`
    const auto end = words.find('\n', middle);
    if (words.substr(middle, end - middle) < prefix) low = end + 1;
    else if (middle == low) break;
    else high = middle;
  }
  while (low < words.size()) {
    const auto end = words.find('\n', low);
    const auto word = words.substr(low, end - low);
    if (!word.starts_with(prefix)) return true;
    if (!f(word)) return false;
    low = end + 1;
  }
  return true;
}

} // namespace rookery::storage::search
