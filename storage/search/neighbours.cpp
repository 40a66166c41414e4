#include "storage/search/neighbours.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"
#include "base/crc32c.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::storage::search {
namespace {

constexpr std::string_view magic = "RKNEIGH2";
/// What older nodes wrote, with other signatures. They are not used: such documents are read as if nothing were known.
constexpr std::string_view older_magic = "RKNEIGH1";
/// Of a signature for each border, and how many of them a border sets: by chance all five are set once in 106 times.
constexpr std::size_t bits_a_border = 10;
constexpr unsigned probes = 5;
constexpr std::size_t unit_octets = 8;

/// On disk: never change. FNV-1a over the parts with their lengths, then mixed so that all bits count.
class key_maker {
public:
  key_maker& part(std::string_view octets) noexcept {
    octet(static_cast<unsigned char>(octets.size()));
    for (const char c : octets) octet(static_cast<unsigned char>(c));
    return *this;
  }
  std::uint64_t key() const noexcept {
    auto h = state_;
    h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
    h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
  }

private:
  void octet(unsigned char c) noexcept { state_ = (state_ ^ c) * 0x100000001b3u; }
  std::uint64_t state_ = 0xcbf29ce484222325u;
};

/// A bit of a signature of `bits` bits.
std::uint64_t bit_of(std::uint64_t key, unsigned probe, std::uint64_t bits) noexcept {
  const auto at = static_cast<std::uint32_t>(key) + probe * (static_cast<std::uint32_t>(key >> 32) | 1u);
  return at * bits >> 32;
}

std::vector<std::uint64_t> without_repeated(std::vector<std::uint64_t> keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

} // namespace

void border_reader::feed(std::string_view s) {
  for (std::size_t at = 0; at < s.size();) {
    const auto begin = at;
    const auto what = class_of(next_character(s, at));
    auto end = at;
    while (end < s.size() && class_of(next_character(s, at)) == what) end = at;
    at = end;
    const auto run = s.substr(begin, end - begin);
    switch (what) {
      case character_class::letter: letters(run); break;
      case character_class::delimiter: separator(run); break;
      case character_class::single: // neither has an edge
        end_word(false);
        left_known_ = false;
        break;
    }
    begun_ = true;
  }
}

void border_reader::finish() {
  end_word(true);
  left_known_ = begun_ = false;
}

void border_reader::letters(std::string_view run) {
  if (word_octets_ == 0) {
    at_start_ = !begun_;
    first_.clear();
    last_.clear();
  }
  if (first_.size() < edge_octets) first_.append(run.substr(0, edge_octets - first_.size()));
  last_.append(run.substr(run.size() - std::min(run.size(), edge_octets)));
  if (last_.size() > edge_octets) last_.erase(0, last_.size() - edge_octets);
  word_octets_ += run.size();
}

void border_reader::separator(std::string_view run) {
  end_word(false);
  if (!left_known_) return;
  if (between_.size() + run.size() > separator_octets_max) left_known_ = false;
  else between_.append(run);
}

void border_reader::end_word(bool by_end_of_text) {
  if (word_octets_ == 0) return;
  const bool short_word = word_octets_ < edge_octets;
  if (left_known_ && !between_.empty() && (whole_ || !by_end_of_text || !short_word))
    keys_.push_back(key_maker().part(left_).part(between_).part(first_).key());
  left_known_ = whole_ || !at_start_ || !short_word;
  left_ = last_;
  between_.clear();
  word_octets_ = 0;
}

std::vector<std::uint64_t> borders_of_needle(std::string_view folded) {
  std::vector<std::uint64_t> keys;
  border_reader reader(keys, false);
  reader.feed(folded);
  reader.finish();
  return without_repeated(std::move(keys));
}

void signature_builder::drop_repeated() {
  keys_ = without_repeated(std::move(keys_));
  if (keys_.size() <= borders_max) return;
  full_ = true;
  keys_ = {};
}

std::string signature_builder::signature() const {
  const auto keys = without_repeated(keys_);
  if (full_ || keys.size() > borders_max) return {};
  std::vector<std::uint64_t> bits(std::max<std::size_t>(1, (keys.size() * bits_a_border + 63) / 64));
  for (const auto key : keys)
    for (unsigned p = 0; p < probes; ++p) {
      const auto bit = bit_of(key, p, bits.size() * 64);
      bits[bit / 64] |= std::uint64_t{1} << bit % 64;
    }
  std::string out;
  out.reserve(bits.size() * unit_octets);
  base::encoder e(out);
  for (const auto b : bits) e.u64(b);
  return out;
}

void signature_list::writer::add(std::string_view signature) {
  base::check(signature.size() % unit_octets == 0 && signature.size() / unit_octets <= UINT16_MAX, "search: a signature of a wrong size");
  sizes_.push_back(static_cast<std::uint16_t>(signature.size() / unit_octets));
  octets_.append(signature);
}

void signature_list::writer::add(const signature_list& other) {
  for (std::size_t i = 0; i < other.documents(); ++i) sizes_.push_back(static_cast<std::uint16_t>(other.begins_[i + 1] - other.begins_[i]));
  octets_.append(other.stored_, other.signatures_at_);
}

std::string signature_list::writer::finish() {
  std::string out(magic);
  base::encoder e(out);
  e.u32(0); // the checksum
  e.u32(static_cast<std::uint32_t>(sizes_.size()));
  for (const auto n : sizes_) e.u16(n);
  out.append(octets_);
  const auto sum = base::crc32c(std::string_view(out).substr(magic.size() + 4));
  std::memcpy(out.data() + magic.size(), &sum, sizeof sum);
  sizes_ = {};
  octets_ = {};
  return out;
}

base::result<signature_list> signature_list::read(std::string stored) {
  const auto damaged = [] {
    return base::fail(base::error_kind::damaged, "Search index damaged", "search: a list of neighbours is damaged");
  };
  const bool older = stored.starts_with(older_magic);
  if (!older && !stored.starts_with(magic)) return damaged();
  base::decoder in(std::string_view(stored).substr(magic.size()));
  const auto sum = in.u32();
  if (!in.ok() || base::crc32c(in.rest()) != sum) return damaged();
  const auto count = in.u32();
  if (!in.ok() || count > in.rest().size() / 2) return damaged();
  signature_list list;
  list.begins_.reserve(std::size_t{count} + 1);
  std::uint64_t begin = 0;
  list.begins_.push_back(0);
  for (auto left = count; left > 0; --left) {
    begin += in.u16();
    if (begin > UINT32_MAX) return damaged();
    list.begins_.push_back(static_cast<std::uint32_t>(begin));
  }
  if (!in.ok() || in.rest().size() != begin * unit_octets) return damaged();
  if (older) {
    list.begins_.assign(std::size_t{count} + 1, 0);
    return list;
  }
  list.signatures_at_ = stored.size() - in.rest().size();
  list.stored_ = std::move(stored);
  return list;
}

bool signature_list::may_have(std::size_t index, const std::vector<std::uint64_t>& borders) const noexcept {
  const std::uint64_t units = begins_[index + 1] - begins_[index];
  if (units == 0) return true;
  const char* bits = stored_.data() + signatures_at_ + begins_[index] * unit_octets;
  for (const auto key : borders)
    for (unsigned p = 0; p < probes; ++p) {
      const auto bit = bit_of(key, p, units * 64);
      if ((static_cast<unsigned char>(bits[bit / 8]) >> bit % 8 & 1) == 0) return false;
    }
  return true;
}

} // namespace rookery::storage::search
