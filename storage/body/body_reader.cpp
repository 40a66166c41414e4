#include "storage/body/body_reader.hpp"

#include "storage/log/log_format.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>

namespace rookery::storage {
namespace {

constexpr std::size_t piece_octets = 256u << 10;

base::error shorter_segment(const body_ref& body) {
  return base::make_error(base::error_kind::damaged, "The message is damaged.",
                          segment_name(body.segment) + " ends within the body at offset " + std::to_string(body.offset));
}

} // namespace

class body_reader::cache {
public:
  cache(file_system& files, std::string directory, body_reader_settings settings)
    : files_(files), directory_(std::move(directory)), settings_(settings) {}

  /// Null when the segment is not open.
  std::shared_ptr<const file> find(std::uint32_t segment) {
    const std::shared_lock hold(lock_);
    const auto found = open_.find(segment);
    if (found == open_.end()) return nullptr;
    found->second.used.store(clock_.fetch_add(1, std::memory_order_relaxed), std::memory_order_relaxed);
    return found->second.octets;
  }

  base::result<std::shared_ptr<const file>> open(std::uint32_t segment) {
    if (auto known = find(segment)) return known;
    auto opened = files_.open(directory_ + "/" + segment_name(segment), open_mode::read);
    if (!opened) return base::fail(opened.error());
    const std::unique_lock hold(lock_);
    auto& place = open_[segment];
    if (!place.octets) place.octets = std::move(*opened);
    auto octets = place.octets;
    place.used.store(clock_.fetch_add(1, std::memory_order_relaxed), std::memory_order_relaxed);
    make_room(segment);
    return octets;
  }

  base::result<void> pin(std::uint32_t segment) {
    auto octets = open(segment);
    if (!octets) return base::fail(octets.error());
    const std::unique_lock hold(lock_);
    open_[segment].octets = std::move(*octets);
    pinned_.insert(segment);
    return {};
  }

  void unpin(std::uint32_t segment) {
    const std::unique_lock hold(lock_);
    pinned_.erase(segment);
    open_.erase(segment);
  }

  std::size_t size() const {
    const std::shared_lock hold(lock_);
    return open_.size();
  }

private:
  struct open_place {
    std::shared_ptr<const file> octets;
    std::atomic<std::uint64_t> used{0};
  };

  // Readers that still hold an evicted file go on with it.
  void make_room(std::uint32_t kept) {
    while (open_.size() > settings_.open_segments_max + pinned_.size()) {
      auto oldest = open_.end();
      for (auto i = open_.begin(); i != open_.end(); ++i)
        if (i->first != kept && pinned_.count(i->first) == 0 && (oldest == open_.end() || i->second.used < oldest->second.used))
          oldest = i;
      if (oldest == open_.end()) return;
      open_.erase(oldest);
    }
  }

  file_system& files_;
  const std::string directory_;
  const body_reader_settings settings_;
  mutable std::shared_mutex lock_;
  std::unordered_map<std::uint32_t, open_place> open_;
  std::unordered_set<std::uint32_t> pinned_;
  std::atomic<std::uint64_t> clock_{1};
};

body_reader::body_reader(file_system& files, std::string directory, body_reader_settings settings)
  : cache_(std::make_unique<cache>(files, std::move(directory), settings)) {}
body_reader::~body_reader() = default;

quick_read body_reader::try_read(const body_ref& body, std::uint32_t offset, char* out, std::size_t octets) noexcept {
  if (offset >= body.length) return {quick_read::state::end, 0};
  const auto opened = cache_->find(body.segment);
  if (!opened) return {quick_read::state::would_block, 0};
  const auto count = std::min<std::size_t>(octets, body.length - offset);
  auto found = opened->try_read(std::uint64_t{body.offset} + offset, out, count);
  // The file ends within the body: that is damage, not the body's end.
  if (found.what == quick_read::state::end) found.what = quick_read::state::failed;
  return found;
}

base::result<std::size_t> body_reader::read(const body_ref& body, std::uint32_t offset, char* out, std::size_t octets) {
  if (offset >= body.length) return std::size_t{0};
  const auto opened = cache_->open(body.segment);
  if (!opened) return base::fail(opened.error());
  const auto want = std::min<std::size_t>(octets, body.length - offset);
  const auto count = (*opened)->read(std::uint64_t{body.offset} + offset, out, want);
  if (count && *count < want) return base::fail(shorter_segment(body));
  return count;
}

base::result<std::size_t> body_reader::read_on(const body_ref& body, char* out, std::size_t octets) {
  const auto opened = cache_->open(body.segment);
  if (!opened) return base::fail(opened.error());
  const auto count = (*opened)->read(body.offset, out, octets);
  if (count && *count < std::min<std::size_t>(octets, body.length)) return base::fail(shorter_segment(body));
  return count;
}

namespace {

base::failure<base::error> not_its_id(const body_ref& body) {
  return base::fail(base::error_kind::damaged, "The message is damaged.",
                    segment_name(body.segment) + ": the body at offset " + std::to_string(body.offset) + " of " +
                      std::to_string(body.length) + " octets does not match its SHA-256");
}

} // namespace

base::result<std::string> body_reader::read_whole(const body_ref& body) {
  std::string octets(body.length, '\0');
  if (auto count = read(body, 0, octets.data(), octets.size()); !count) return base::fail(count.error());
  if (base::sha256(octets) != body.id) return not_its_id(body);
  return octets;
}

base::result<void> body_reader::verify(const body_ref& body) {
  std::string piece(std::min<std::size_t>(piece_octets, body.length), '\0');
  base::sha256_stream digest;
  for (std::uint32_t at = 0; at < body.length;) {
    const auto count = read(body, at, piece.data(), piece.size());
    if (!count) return base::fail(count.error());
    digest.update(std::string_view(piece).substr(0, *count));
    at += static_cast<std::uint32_t>(*count);
  }
  if (digest.finish() != body.id) return not_its_id(body);
  return {};
}

base::result<void> body_reader::pin(std::uint32_t segment) { return cache_->pin(segment); }
void body_reader::unpin(std::uint32_t segment) { cache_->unpin(segment); }
std::size_t body_reader::open_segments() const { return cache_->size(); }

} // namespace rookery::storage
