#include "storage/log/tail_recovery.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace rookery::storage {
namespace {

constexpr std::size_t piece_octets = 1u << 20;
constexpr auto nowhere = std::numeric_limits<std::uint64_t>::max();

struct walk {
  recovered_tail tail;
  std::uint64_t stopped = 0;         ///< where no whole record stood
  std::uint64_t dangling = 0;        ///< whole records behind the last whole group
};

base::result<walk> walk_records(const open_segment& segment) {
  using found = segment_scanner::found;
  walk w;
  w.tail.next_lsn = segment.header.first_lsn;
  w.tail.needed_from = segment.header.needed_from;
  auto lsn = w.tail.next_lsn;
  segment_scanner scanner(segment, segment_header_octets, segment.size);
  for (;;) {
    const auto what = scanner.next();
    if (!what) return base::fail(what.error());
    w.stopped = scanner.offset();
    if (*what != found::record || scanner.head().lsn != lsn) break;
    const auto whole = scanner.payload_is_whole();
    if (!whole) return base::fail(whole.error());
    if (!*whole) break;
    // A write begins with a new group: inside one it says that the group's end is lost.
    const bool begins = (scanner.head().flags & record_flag::commit_begin) != 0;
    if (begins && scanner.offset() != w.tail.end) break;
    if (begins) w.tail.last_begin = scanner.offset();
    ++lsn;
    ++w.dangling;
    if ((scanner.head().flags & record_flag::group_end) == 0) continue;
    w.tail.end = scanner.next_offset();
    w.tail.next_lsn = lsn;
    w.dangling = 0;
    if (scanner.head().type != record_type::checkpoint) continue;
    const auto payload = scanner.payload();
    if (!payload) return base::fail(payload.error());
    if (const auto c = *payload ? read_checkpoint_payload(**payload) : std::nullopt; c && c->shard == all_shards)
      w.tail.needed_from = std::max(w.tail.needed_from, c->position);
  }
  w.tail.report.verified_octets = w.tail.end;
  w.tail.report.dropped_records = w.dangling;
  return w;
}

/// The offset of a whole record behind `from` that says that everything before it was durable.
base::result<std::uint64_t> find_later_write(const open_segment& segment, const walk& w) {
  segment_scanner scanner(segment, w.stopped, segment.size);
  for (auto at = w.stopped; at + record_head_octets <= segment.size;) {
    scanner.seek(at);
    const auto what = scanner.next();
    if (!what) return base::fail(what.error());
    if (*what != segment_scanner::found::record) {
      at += record_alignment;
      continue;
    }
    const auto whole = scanner.payload_is_whole();
    if (!whole) return base::fail(whole.error());
    if (*whole && at > w.tail.end && (scanner.head().flags & record_flag::commit_begin) != 0 &&
        scanner.head().lsn >= w.tail.next_lsn)
      return at;
    at = scanner.next_offset();
  }
  return nowhere;
}

base::result<void> write_zeros(file& to, std::uint64_t from, std::uint64_t end) {
  const std::string zeros(static_cast<std::size_t>(std::min<std::uint64_t>(piece_octets, end - from)), '\0');
  for (auto at = from; at < end; at += zeros.size())
    if (auto done = to.write(at, std::string_view(zeros).substr(0, static_cast<std::size_t>(end - at))); !done) return done;
  return {};
}

// A sync that failed leaves octets that can be read and will never reach the disk. What the last
// process wrote last is therefore written again.
base::result<void> write_again(file& to, std::uint64_t from, std::uint64_t end) {
  std::string piece(std::min<std::uint64_t>(piece_octets, end - from), '\0');
  for (auto at = from; at < end;) {
    const auto count = to.read(at, piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(piece_octets, end - at)));
    if (!count) return base::fail(count.error());
    if (*count == 0) return base::fail(base::error_kind::io, "The server's disk does not work.", "a segment became shorter");
    if (auto done = to.write(at, std::string_view(piece).substr(0, *count)); !done) return done;
    at += *count;
  }
  return {};
}

} // namespace

base::result<recovered_tail> find_tail(const open_segment& segment, const std::string& path, bool followed) {
  auto walked = walk_records(segment);
  if (!walked) return base::fail(walked.error());
  auto& tail = walked->tail;
  const auto used = used_end(segment, tail.end);
  if (!used) return base::fail(used.error());
  tail.used = *used;
  if (*used > tail.end) {
    const auto later = followed ? base::result<std::uint64_t>(nowhere) : find_later_write(segment, *walked);
    if (!later) return base::fail(later.error());
    if (*later != nowhere)
      return base::fail(base::error_kind::damaged, "The server's store is damaged.",
                        path + ": damaged at offset " + std::to_string(walked->stopped) +
                          ", but a later write at offset " + std::to_string(*later) +
                          " is whole: no crash does this. `rookery repair` says what is lost; a backup may be better.");
    tail.report.dropped_octets = *used - tail.end;
  }
  return tail;
}

base::result<recovered_tail> recover_tail(open_segment& segment, const std::string& path, bool followed) {
  auto tail = find_tail(segment, path, followed);
  if (!tail) return tail;
  if (tail->used > tail->end)
    if (auto done = write_zeros(*segment.octets, tail->end, tail->used); !done) return base::fail(done.error());
  auto again = std::min(tail->last_begin, tail->end);
  if (followed) again = std::min(again, tail->end - std::min<std::uint64_t>(tail->end, followed_unsynced_octets_max));
  if (auto done = write_again(*segment.octets, again, tail->end); !done)
    return base::fail(done.error());
  if (auto done = segment.octets->sync(); !done) return base::fail(done.error());
  return tail;
}

} // namespace rookery::storage
