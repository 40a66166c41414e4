#include "storage/mail/thread_index.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"
#include "storage/mail/keys.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace rookery::storage::mail {
namespace {

std::optional<std::uint64_t> thread_at(const pending_rows& rows, const std::string& k) {
  const auto value = rows.get(k);
  if (!value) return std::nullopt;
  base::decoder in(*value);
  const auto thread = in.varint();
  base::check(in.done(), "mail tree: damaged thread row");
  return thread;
}

} // namespace

std::uint64_t thread_hash(std::string_view id) noexcept {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const auto c : id) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
  return h ^ h >> 33;
}

std::uint64_t join_thread(account_state& account, pending_rows& rows, std::string_view thread_key) {
  auto& record = account.record;
  std::array<std::uint64_t, thread_references_max + 1> hashes{};
  std::size_t count = 0;
  while (!thread_key.empty()) {
    const auto end = std::min(thread_key.find('\n'), thread_key.size());
    const auto id = thread_key.substr(0, end);
    thread_key.remove_prefix(std::min(end + 1, thread_key.size()));
    if (id.empty()) continue;
    if (count == hashes.size()) { // the oldest but the first two make room for nearer ones
      std::move(hashes.begin() + 3, hashes.end(), hashes.begin() + 2);
      --count;
    }
    hashes[count++] = thread_hash(id);
  }
  std::optional<std::uint64_t> thread;
  std::array<bool, thread_references_max + 1> present{};
  for (std::size_t i = 0; i < count; ++i) {
    auto found = thread_at(rows, key::thread(account.id, record.thread_generation, hashes[i]));
    present[i] = found.has_value();
    if (!found && !thread && record.thread_generation > 0)
      found = thread_at(rows, key::thread(account.id, record.thread_generation - 1, hashes[i]));
    if (!thread) thread = found;
  }
  if (!thread) thread = record.thread_next++;
  std::string value;
  base::encoder(value).varint(*thread);
  for (std::size_t i = 0; i < count; ++i) {
    if (present[i] || std::find(hashes.begin(), hashes.begin() + static_cast<std::ptrdiff_t>(i), hashes[i]) !=
                          hashes.begin() + static_cast<std::ptrdiff_t>(i))
      continue;
    rows.put(key::thread(account.id, record.thread_generation, hashes[i]), value);
    ++record.thread_rows;
  }
  if (record.thread_rows > std::max(thread_rows_min, 2 * record.messages)) {
    if (record.thread_generation > 0) rows.remove_all(key::threads(account.id, record.thread_generation - 1));
    ++record.thread_generation;
    record.thread_rows = 0;
  }
  return *thread;
}

} // namespace rookery::storage::mail
