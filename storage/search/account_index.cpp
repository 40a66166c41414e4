#include "storage/search/account_index.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::storage::search {
namespace {

/// Classes of words by what is asked.
const std::vector<word_class>& classes_of(question::scope s) {
  static const std::vector<word_class> body{word_class::body, word_class::markup};
  static const std::vector<word_class> text{word_class::body, word_class::markup, word_class::header};
  return s == question::scope::body ? body : s == question::scope::text ? text : field_classes(s);
}

/// Words of a field's name, all of which its line has.
std::vector<std::string> name_words(std::string_view name) {
  std::vector<std::string> words;
  tokenizer cut([&](std::string_view w) {
    if (w.size() <= piece_octets_max) words.emplace_back(w);
  });
  cut.feed(name);
  cut.finish();
  return words;
}

} // namespace

const std::vector<word_class>& field_classes(question::scope s) {
  static const std::vector<word_class> subject{word_class::subject}, from{word_class::from}, to{word_class::to}, cc{word_class::cc},
      bcc{word_class::bcc}, header{word_class::header, word_class::value};
  switch (s) {
    case question::scope::subject: return subject;
    case question::scope::from: return from;
    case question::scope::to: return to;
    case question::scope::cc: return cc;
    case question::scope::bcc: return bcc;
    default: return header;
  }
}

content_key key_of(const body_id& body, std::string_view prefix) {
  content_key key;
  if (prefix.empty()) {
    std::memcpy(key.data(), body.data(), key.size());
    return key;
  }
  std::string all(prefix);
  all.push_back('\0');
  all.append(reinterpret_cast<const char*>(body.data()), body.size());
  const auto digest = base::sha256(all);
  std::memcpy(key.data(), digest.data(), key.size());
  return key;
}

verdict verdicts::of(std::uint32_t document) const noexcept {
  const auto at = std::upper_bound(parts_.begin(), parts_.end(), document,
                                   [](std::uint32_t d, const part& p) { return d < p.range.first + p.range.documents; });
  if (at == parts_.end() || document < at->range.first) return verdict::undecided;
  if (at->found.sure.contains(document)) return verdict::yes;
  return at->found.maybe.contains(document) ? verdict::undecided : verdict::no;
}

std::size_t verdicts::count() const noexcept {
  std::size_t n = 0;
  for (const auto& p : parts_) {
    auto both = p.found.sure;
    both.add(p.found.maybe);
    n += both.count();
  }
  return n;
}

std::optional<std::uint32_t> account_index::document_of(const places& all, std::uint32_t uid) {
  const auto at = std::lower_bound(all.begin(), all.end(), uid, [](const place& p, std::uint32_t u) { return p.uid < u; });
  if (at == all.end() || at->uid != uid) return std::nullopt;
  return at->document;
}

const places* account_index::places_of(base::mailbox_id mailbox) const {
  const auto at = places_.find(mailbox.value);
  return at == places_.end() ? nullptr : at->second.get();
}

std::uint32_t account_index::reached(base::mailbox_id mailbox) const {
  const auto at = reached_.find(mailbox.value);
  return at == reached_.end() ? 1 : at->second;
}

base::result<verdicts> account_index::ask(const question& q) const {
  verdicts out;
  const auto n = cut_needle(q.text);
  const bool header = q.in == question::scope::header;
  const auto names = header ? name_words(q.field) : std::vector<std::string>{};
  if (n.pieces.empty() && names.empty()) return out; // words say nothing: all is undecided
  for (const auto& s : segments_) {
    auto found = s.words->find(classes_of(q.in), n, q.text, names);
    if (!found) return base::fail(found.error());
    if (header || n.pieces.empty()) {
      found->maybe.add(found->sure); // in that field? The text decides.
      found->sure = number_set(s.words->range().first, s.words->range().documents);
    }
    for (const auto d : *s.partial) found->maybe.add(d);
    out.parts_.push_back({s.words->range(), std::move(*found)});
  }
  return out;
}

std::uint64_t account_index::placed() const noexcept {
  std::uint64_t n = 0;
  for (const auto& [mailbox, list] : places_) n += list->size();
  return n;
}

std::uint64_t account_index::octets() const noexcept {
  std::uint64_t n = 0;
  for (const auto& s : segments_) n += s.octets;
  return n;
}

std::size_t account_index::memory_octets() const noexcept {
  // Of a segment's files some tenth are words; the terms are in the page cache alone.
  std::size_t n = 4096 + placed() * sizeof(place) + reached_.size() * 128;
  for (const auto& s : segments_) n += s.keys->size() * sizeof(content_key) + static_cast<std::size_t>(s.octets / 4) + 512;
  return n;
}

} // namespace rookery::storage::search
