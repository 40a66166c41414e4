#include "policy/transfer/copied.hpp"

#include "base/codec.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace rookery::transfer {

namespace {

constexpr std::uint8_t version = 1;

std::string hashed(std::string_view text) {
  const auto digest = base::sha256(text);
  return base::to_hex(base::view(digest).substr(0, 12));
}

} // namespace

std::uint64_t key_of(std::string_view sha256) noexcept {
  std::uint64_t out = 0;
  std::memcpy(&out, sha256.data(), std::min(sizeof out, sha256.size()));
  return out;
}

std::string encode(const copied_batch& b) {
  std::string out;
  base::encoder e(out);
  e.u8(version);
  e.varint(b.uid);
  e.varint(b.uid_from);
  // Runs: UIDs mostly follow each other.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> runs;
  for (const auto key : b.keys) {
    if (!runs.empty() && runs.back().first + runs.back().second == key && key != 0) ++runs.back().second;
    else runs.emplace_back(key, 1);
  }
  e.varint(runs.size());
  for (const auto& [first, count] : runs) {
    e.varint(first);
    e.varint(count);
  }
  e.varint(b.digests.size());
  for (const auto d : b.digests) e.u64(d);
  return out;
}

std::optional<copied_batch> read_batch(std::string_view text) {
  base::decoder d(text);
  if (d.u8() != version) return {};
  copied_batch b;
  const auto uid = d.varint(), from = d.varint();
  if (uid > UINT32_MAX || from > UINT32_MAX) return {};
  b.uid = static_cast<std::uint32_t>(uid);
  b.uid_from = static_cast<std::uint32_t>(from);
  for (auto runs = d.varint(); runs > 0 && d.ok(); --runs) {
    const auto first = d.varint(), count = d.varint();
    if (!d.ok() || count == 0 || count > batch_messages_max - b.keys.size() || first > UINT64_MAX - count) return {};
    for (std::uint64_t i = 0; i < count; ++i) b.keys.push_back(first + i);
  }
  const auto digests = d.varint();
  if (!d.ok() || (digests != 0 && digests != b.keys.size())) return {};
  for (std::uint64_t i = 0; i < digests; ++i) b.digests.push_back(d.u64());
  if (!d.done()) return {};
  return b;
}

std::string encode(const copied_head& h) {
  std::string out;
  base::encoder e(out);
  e.u8(version);
  e.varint(h.uid_validity);
  e.varint(h.mailbox);
  e.varint(h.mailbox_validity);
  e.varint(h.highest_modseq);
  e.bytes(h.about);
  return out;
}

std::optional<copied_head> read_head(std::string_view text) {
  base::decoder d(text);
  if (d.u8() != version) return {};
  const auto validity = d.varint(), mailbox = d.varint(), here = d.varint();
  copied_head h;
  h.highest_modseq = d.varint();
  h.about = d.bytes();
  if (!d.done() || validity > UINT32_MAX || mailbox > UINT32_MAX || here > UINT32_MAX) return {};
  h.uid_validity = static_cast<std::uint32_t>(validity);
  h.mailbox = static_cast<std::uint32_t>(mailbox);
  h.mailbox_validity = static_cast<std::uint32_t>(here);
  return h;
}

std::string note_prefix(std::uint64_t account, std::string_view source) {
  return std::to_string(account) + '/' + hashed(source) + '/';
}

std::string folder_prefix(std::uint64_t account, std::string_view source, std::string_view folder, std::string_view mailbox) {
  return note_prefix(account, source) + hashed(std::string(folder) + '\n' + std::string(mailbox)) + '/';
}

std::string batch_key(std::string_view prefix, std::uint32_t number) {
  char text[16];
  std::snprintf(text, sizeof text, "b%08x", number);
  return std::string(prefix) + text;
}

bool copied_messages::add(const copied_batch& b) {
  if (all_.size() + b.keys.size() > folder_messages_max) return false;
  for (std::size_t i = 0; i < b.keys.size(); ++i)
    all_.push_back({b.keys[i], b.uid == 0 ? 0 : b.uid + static_cast<std::uint32_t>(i), false});
  return true;
}

void copied_messages::close() {
  std::stable_sort(all_.begin(), all_.end(), [](const entry& a, const entry& b) { return a.key < b.key; });
}

std::vector<copied_messages::entry>::const_iterator copied_messages::find(std::uint64_t key) const noexcept {
  return std::lower_bound(all_.begin(), all_.end(), key, [](const entry& e, std::uint64_t k) { return e.key < k; });
}

bool copied_messages::contains(std::uint64_t key) const noexcept {
  const auto at = find(key);
  return at != all_.end() && at->key == key;
}

std::uint32_t copied_messages::uid_of(std::uint64_t key) const noexcept {
  const auto at = find(key);
  return at != all_.end() && at->key == key ? at->uid : 0;
}

bool copied_messages::take(std::uint64_t key) noexcept {
  // Of one key the taken ones stand first.
  const auto at = std::partition_point(all_.begin(), all_.end(), [key](const entry& e) { return e.key < key || (e.key == key && e.taken); });
  if (at == all_.end() || at->key != key) return false;
  at->taken = true;
  return true;
}

std::optional<std::uint32_t> place_of(const copied_batch& b, const std::vector<stored_message>& stored) {
  for (const auto& s : stored) {
    if (s.uid < b.uid_from) continue;
    const auto found = std::find(b.digests.begin(), b.digests.end(), s.digest);
    if (found == b.digests.end()) continue;
    // The same octets may stand in it twice: a place counts where nothing speaks against it.
    for (auto at = found; at != b.digests.end(); at = std::find(at + 1, b.digests.end(), s.digest)) {
      const auto index = static_cast<std::uint32_t>(at - b.digests.begin());
      if (s.uid < b.uid_from + index) break;
      const auto first = s.uid - index;
      const bool fits = std::all_of(stored.begin(), stored.end(), [&](const stored_message& o) {
        return o.uid < first || o.uid - first >= b.digests.size() || b.digests[o.uid - first] == o.digest;
      });
      if (fits) return first;
    }
  }
  return {};
}

} // namespace rookery::transfer
