#include "actors/account/message_gathering.hpp"

#include "protocols/mime/scanner.hpp"

#include <algorithm>
#include <atomic>

namespace rookery::actors {
namespace {

std::atomic<std::size_t> memory_in_use{0};

/// Ids that a thread key may have: References of long threads are cut at the front.
constexpr std::size_t references_max = 50;

} // namespace

message_gathering::~message_gathering() { memory_in_use.fetch_sub(counted_, std::memory_order_relaxed); }

base::result<void> message_gathering::append(base::const_bytes octets) {
  size_ += octets.size();
  if (!spill_) {
    const bool fits = head_->size() + octets.size() <= memory_octets_max &&
                      memory_in_use.load(std::memory_order_relaxed) + octets.size() <= all_memory_octets_max;
    if (fits) {
      if (head_->capacity() < head_->size() + octets.size())
        head_->reserve(std::max(head_->size() + octets.size(), std::min(memory_octets_max, head_->capacity() * 2)));
      head_->append(octets);
      memory_in_use.fetch_add(octets.size(), std::memory_order_relaxed);
      counted_ += octets.size();
      return {};
    }
    auto file = storage::spill_file::open(spill_directory_);
    if (!file) return base::fail(file.error());
    spill_ = std::move(*file);
    digest_ = std::make_unique<base::sha256_stream>();
    digest_->update(*head_);
    if (auto done = spill_->append(*head_); !done) return done;
  }
  digest_->update(octets);
  return spill_->append(octets);
}

storage::body_source message_gathering::finish() {
  storage::body_source source;
  source.length = static_cast<std::uint32_t>(size_);
  if (spill_) {
    source.spill_fd = spill_->descriptor();
    source.id = digest_->finish();
  } else {
    source.octets = head_;
    source.id = base::sha256(*head_);
  }
  return source;
}

base::result<storage::mail::message_summary> message_gathering::summarize(std::string_view prefix) const {
  if (!spill_) {
    if (prefix.empty()) return stored_summary(mime::summarize(*head_));
    std::string whole;
    whole.reserve(prefix.size() + head_->size());
    whole.append(prefix).append(*head_);
    return stored_summary(mime::summarize(whole));
  }
  mime::scanner scanner;
  scanner.feed(prefix);
  std::string piece(64 * 1024, '\0');
  for (std::uint64_t at = 0; at < size_;) {
    const auto n = spill_->read(at, piece.data(), piece.size());
    if (!n) return base::fail(n.error());
    if (*n == 0) return base::fail(base::error_kind::io, "Storage failed", "a spill file is shorter than what was written");
    scanner.feed(std::string_view(piece).substr(0, *n));
    at += *n;
  }
  scanner.finish();
  return stored_summary(scanner.summarize());
}

storage::mail::message_summary stored_summary(mime::summary s) {
  storage::mail::message_summary out;
  if (const auto keys = mime::read_sort_keys(s.sort_keys)) {
    out.thread_key = keys->message_id;
    const auto& refs = keys->references;
    for (auto i = refs.size() > references_max ? refs.size() - references_max : 0; i < refs.size(); ++i)
      out.thread_key.append("\n").append(refs[i]);
  }
  out.envelope = std::move(s.envelope);
  out.bodystructure = std::move(s.bodystructure);
  out.body = std::move(s.body);
  out.parts = std::move(s.parts);
  out.sort_keys = std::move(s.sort_keys);
  out.preview = std::move(s.preview);
  out.header_octets = s.header_octets;
  return out;
}

} // namespace rookery::actors
