#include "storage/search/word_list.hpp"

#include "base/codec.hpp"
#include "base/crc32c.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::storage::search {
namespace {

constexpr std::string_view magic = "RKWORDS1";

std::size_t index_of(word_class c) noexcept {
  return static_cast<std::size_t>(std::find(word_classes.begin(), word_classes.end(), c) - word_classes.begin());
}

} // namespace

void word_list::writer::add(std::string_view term) {
  const auto i = index_of(static_cast<word_class>(term.front()));
  base::check(i < word_classes.size(), "search: a term of an unknown class");
  auto& words = words_[i];
  if (words.empty()) words.push_back('\n');
  words.append(term.substr(1)).push_back('\n');
}

std::string word_list::writer::finish() {
  std::string out(magic);
  base::encoder e(out);
  e.u32(0); // the checksum
  for (const auto& w : words_) e.u64(w.size());
  for (auto& w : words_) {
    out.append(w);
    std::string().swap(w);
  }
  const auto sum = base::crc32c(std::string_view(out).substr(magic.size() + 4));
  std::memcpy(out.data() + magic.size(), &sum, sizeof sum);
  return out;
}

base::result<word_list> word_list::read(std::string stored) {
  const auto damaged = [] { return base::fail(base::error_kind::damaged, "Search index damaged", "search: a list of words is damaged"); };
  base::decoder in(stored);
  if (!stored.starts_with(magic)) return damaged();
  in.u64();
  const auto sum = in.u32();
  if (!in.ok() || base::crc32c(in.rest()) != sum) return damaged();
  word_list list;
  std::array<std::uint64_t, word_classes.size()> octets;
  for (auto& n : octets) n = in.u64();
  std::size_t at = stored.size() - in.rest().size();
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (!in.ok() || octets[i] > stored.size() - at) return damaged();
    // Whoever looks for a line end finds one.
    if (octets[i] != 0 && (stored[at] != '\n' || stored[at + octets[i] - 1] != '\n')) return damaged();
    list.place_[i] = {at, octets[i]};
    at += octets[i];
  }
  if (at != stored.size()) return damaged();
  list.stored_ = std::move(stored);
  return list;
}

std::string_view word_list::words_of(word_class c) const noexcept {
  const auto [at, octets] = place_[index_of(c)];
  return std::string_view(stored_).substr(at, octets);
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
