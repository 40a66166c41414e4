/// Words never miss a substring, however the text comes in pieces; and where they decide, they are right.
/// The input: where the text is cut, a needle up to a NUL, the text.
#include "storage/search/token.hpp"

#include <algorithm>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::storage::search;
  if (size < 2) return 0;
  const std::size_t cut = data[0];
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto nul = rest.find('\0');
  if (nul == std::string_view::npos) return 0;
  // Folded texts are UTF-8: bring both into a form of that kind.
  const auto as_utf8 = [](std::string_view raw) {
    std::string out;
    for (const auto c : raw) {
      const auto u = static_cast<unsigned char>(c);
      if (u < 0x80) out += c;
      else if (u < 0xc0) out.append("\xe4\xb8").append(1, static_cast<char>(u)); // Han
      else out.append(1, '\xc3').append(1, static_cast<char>(u - 0x40));         // Latin
    }
    return out;
  };
  const auto wanted = as_utf8(rest.substr(0, nul)), text = as_utf8(rest.substr(nul + 1));
  std::vector<std::string> words;
  tokenizer t([&](std::string_view w) {
    if (w.empty() || w.size() > token_octets_max) std::abort();
    words.emplace_back(w);
  });
  auto first = std::min(cut, text.size());
  while (first < text.size() && (static_cast<unsigned char>(text[first]) & 0xc0) == 0x80) ++first;
  t.feed(std::string_view(text).substr(0, first));
  t.feed(std::string_view(text).substr(first));
  t.finish();
  const auto n = cut_needle(wanted);
  const bool all_met = std::all_of(n.pieces.begin(), n.pieces.end(), [&](const needle_piece& p) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& w) {
      return p.begins && p.ends ? w == p.text : p.begins ? w.starts_with(p.text) : p.ends ? w.ends_with(p.text) : w.find(p.text) != std::string::npos;
    });
  });
  const bool there = text.find(wanted) != std::string::npos;
  if (there && !all_met) std::abort();
  if (n.decided_by_words && all_met && !there) std::abort();

  bool in_joined = false;
  joined_words j([&](std::string_view w) {
    if (w.empty() || w.size() > joined_octets_max) std::abort();
    in_joined = in_joined || w.find(wanted) != std::string_view::npos;
  });
  j.feed(std::string_view(text).substr(0, first));
  j.feed(std::string_view(text).substr(first));
  j.finish();
  if (n.joined && in_joined != there) std::abort();
  return 0;
}
