#include "storage/log/log_damage.hpp"

#include "base/crc32c.hpp"
#include "base/crypto/crypto.hpp"
#include "storage/log/log_reader.hpp"
#include "storage/log/segment_scanner.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace rookery::storage {
namespace {

using found = segment_scanner::found;
using hole_kind = log_hole::kind;

constexpr auto whole_file = std::numeric_limits<std::uint64_t>::max();
/// Added to the numbers of records behind damage whose extent is unknown: none is given twice.
constexpr std::uint64_t unknown_lsns = std::uint64_t{1} << 40;
/// Of one hole; a segment has fewer records.
constexpr std::uint64_t pads_max = 1u << 22;

class survey {
public:
  survey(file_system& files, const std::string& directory, const std::function<void(const committed_command&)>& each,
         const std::function<void(const log_hole&)>& at_hole)
      : files_(files), directory_(directory), each_(each), at_hole_(at_hole) {}

  base::result<log_survey> run() {
    const auto numbers = list_segments(files_, directory_);
    if (!numbers) return base::fail(numbers.error());
    if (numbers->empty()) return base::fail(base::error_kind::not_found, "The server's store is incomplete.", directory_ + " has no segments");
    for (const auto number : *numbers) {
      auto segment = open_segment_file(files_, directory_, number);
      if (!segment && segment.error().kind != base::error_kind::damaged) return base::fail(segment.error());
      // Before the first and where replay does not go, segments were given back.
      for (auto gone = before_ + 1; before_ != 0 && gone < number; ++gone) miss(gone);
      before_ = number;
      if (!segment) {
        end_group();
        hole({hole_kind::segment, number, 0, 0, lsn_, 0, {}});
        lsn_ = 0;
        continue;
      }
      out_.segments.push_back(number);
      out_.node = segment->header.node;
      if (auto done = read(number, *segment, number == numbers->back()); !done) return base::fail(done.error());
    }
    // What no replay needs may be gone.
    std::erase_if(out_.holes, [&](const log_hole& h) { return h.what == hole_kind::segment && h.segment < out_.needed_from.segment; });
    return std::move(out_);
  }

private:
  void miss(std::uint32_t number) {
    end_group();
    hole({hole_kind::segment, number, 0, 0, 0, 0, {}});
    lsn_ = 0;
  }

  void hole(log_hole h) {
    out_.holes.push_back(h);
    at_hole_(h);
  }

  base::result<void> read(std::uint32_t number, const open_segment& segment, bool last) {
    out_.needed_from = std::max(out_.needed_from, segment.header.needed_from);
    const auto first = segment.header.first_lsn;
    const bool begun_anew = segment.header.needed_from.segment == number; // by a repair
    if (!out_.holes.empty() && out_.holes.back().segment + 1 == number && out_.holes.back().lost_records == 0 && !begun_anew)
      if (auto& h = out_.holes.back(); h.first_lsn != 0 && first > h.first_lsn) h.lost_records = first - h.first_lsn;
    if (lsn_ != 0 && first > lsn_ && !begun_anew) {
      end_group();
      const auto size = files_size_;
      hole({hole_kind::records, number - 1, size, size, lsn_, first - lsn_, {}});
    }
    lsn_ = first;
    note_lsn(first);
    files_size_ = segment.size;
    segment_scanner scanner(segment, segment_header_octets, whole_file);
    for (;;) {
      const auto what = scanner.next();
      if (!what) return base::fail(what.error());
      const auto at = scanner.offset();
      if (*what == found::record && scanner.head().lsn == lsn_) {
        if (auto done = take(number, scanner); !done) return done;
        continue;
      }
      const auto used = used_end(segment, at);
      if (!used) return base::fail(used.error());
      if (*used <= at && *what != found::record) {
        files_size_ = at;
        break;
      }
      const auto next = later_record(segment, at, *used);
      if (!next) return base::fail(next.error());
      if (*next == whole_file) {
        if (last) { // a torn tail
          group_.clear();
          return {};
        }
        end_group();
        hole({hole_kind::records, number, at, std::max(segment.size, at), lsn_, 0, {}});
        lsn_ = 0;
        return {};
      }
      scanner.seek(*next);
      if (auto again = scanner.next(); !again) return base::fail(again.error());
      const auto resumed = scanner.head().lsn;
      end_group();
      hole({hole_kind::records, number, at, *next, lsn_, resumed - lsn_, {}});
      lsn_ = resumed;
      if (auto done = take(number, scanner); !done) return done;
    }
    if (last) group_.clear();
    return {};
  }

  /// The next place with a whole record that comes later than what is expected.
  base::result<std::uint64_t> later_record(const open_segment& segment, std::uint64_t from, std::uint64_t end) {
    segment_scanner scanner(segment, from, segment.size);
    for (auto at = from; at + record_head_octets <= end; at += record_alignment) {
      scanner.seek(at);
      const auto what = scanner.next();
      if (!what) return base::fail(what.error());
      if (*what != found::record || scanner.head().lsn <= lsn_) continue;
      const auto whole = scanner.payload_is_whole();
      if (!whole) return base::fail(whole.error());
      if (*whole) return at;
    }
    return whole_file;
  }

  base::result<void> take(std::uint32_t number, segment_scanner& scanner) {
    const auto head = scanner.head();
    const auto at = scanner.offset();
    const auto next = scanner.next_offset();
    const auto whole = scanner.payload_is_whole();
    if (!whole) return base::fail(whole.error());
    lsn_ = head.lsn + 1;
    note_lsn(lsn_);
    if ((head.flags & record_flag::commit_begin) != 0) end_group(); // its end was lost
    if (!*whole) {
      const bool command = head.type == record_type::command;
      if (command) end_group();
      hole({command ? hole_kind::records : hole_kind::body, number, at, next, head.lsn, 1,
            command ? std::optional(base::shard_id(head.shard)) : std::nullopt});
    } else if (head.type == record_type::command || head.type == record_type::checkpoint) {
      const auto octets = scanner.payload();
      if (!octets) return base::fail(octets.error());
      if (head.type == record_type::command) take_command(number, at, head, **octets);
      else if (const auto c = read_checkpoint_payload(**octets); c && c->shard == all_shards)
        out_.needed_from = std::max(out_.needed_from, c->position);
    }
    if ((head.flags & record_flag::group_end) != 0) {
      out_.end = {number, static_cast<std::uint32_t>(next)};
      end_group();
    }
    return {};
  }

  void take_command(std::uint32_t number, std::uint64_t at, const record_head& head, std::string_view octets) {
    auto read = read_command_payload(octets);
    if (!read) return;
    committed_command c;
    c.shard = base::shard_id(head.shard);
    c.epoch = head.epoch;
    c.lsn = head.lsn;
    c.at = {number, static_cast<std::uint32_t>(at)};
    c.next = {number, static_cast<std::uint32_t>(at + record_octets(head.length))};
    c.payload = read->payload;
    c.bodies = std::move(read->bodies);
    group_.push_back(std::move(c));
  }

  void end_group() {
    if (group_.empty()) return;
    mark_group_ends(group_);
    const auto next = std::max(out_.end, group_.back().next);
    for (auto& c : group_) {
      c.next = next;
      each_(c);
    }
    group_.clear();
  }

  void note_lsn(std::uint64_t lsn) { out_.next_lsn = std::max(out_.next_lsn, lsn); }

  file_system& files_;
  const std::string& directory_;
  const std::function<void(const committed_command&)>& each_;
  const std::function<void(const log_hole&)>& at_hole_;
  log_survey out_;
  std::vector<committed_command> group_;
  std::uint64_t lsn_ = 0;        ///< expected next; 0: unknown
  std::uint64_t files_size_ = 0; ///< where the records of the last segment end
  std::uint32_t before_ = 0;
};

/// One pad record over [at, end) with this number.
base::result<void> write_pad(const open_segment& segment, file& to, std::uint64_t at, std::uint64_t end, std::uint64_t lsn, std::uint16_t flags) {
  record_head head;
  head.type = record_type::pad;
  head.flags = flags;
  head.lsn = lsn;
  head.length = static_cast<std::uint32_t>(end - at - record_head_octets);
  std::string octets(head.length, '\0'); // what lies behind the end of the file reads as zeros later
  if (const auto count = to.read(at + record_head_octets, octets.data(), octets.size()); !count) return base::fail(count.error());
  head.payload_crc = base::crc32c(octets);
  char raw[record_head_octets];
  write_record_head(head, segment.header, static_cast<std::uint32_t>(at), raw);
  const std::string_view pieces[] = {{raw, sizeof raw}, octets};
  return to.write(at, pieces);
}

} // namespace

base::result<log_survey> survey_log(file_system& files, const std::string& directory,
                                    const std::function<void(const committed_command&)>& each,
                                    const std::function<void(const log_hole&)>& at_hole) {
  return survey(files, directory, each, at_hole).run();
}

base::result<void> pad_holes(file_system& files, const std::string& directory, const std::vector<log_hole>& holes) {
  for (const auto& h : holes) {
    const auto path = directory + "/" + segment_name(h.segment);
    if (h.what == hole_kind::segment) {
      const auto moved = files.rename(path, path.substr(0, path.size() - 4) + ".damaged");
      if (!moved && moved.error().kind != base::error_kind::not_found) return moved;
      continue;
    }
    auto segment = open_segment_file(files, directory, h.segment, open_mode::write);
    if (!segment) return base::fail(segment.error());
    auto& to = *segment->octets;
    // As many records as numbers were lost, while there is room; the last one takes the rest.
    // At the end of the file there is always room.
    const auto count = h.lost_records == 0 ? std::uint64_t{1} : h.lost_records;
    const auto end = h.to >= segment->size ? std::max(h.to, h.from + count * record_head_octets) : h.to;
    if (h.first_lsn == 0 || count > pads_max || (end - h.from) / record_head_octets < count) continue;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto at = h.from + i * record_head_octets;
      const bool last = i + 1 == count;
      // A body keeps its group together; anything else ends it.
      const auto flags = h.what == hole_kind::body ? std::uint16_t{0} : last ? record_flag::group_end : std::uint16_t{0};
      auto kept = flags;
      if (h.what == hole_kind::body) {
        segment_scanner scanner(*segment, h.from, whole_file);
        if (auto head = scanner.next(); head && *head == found::record) kept = scanner.head().flags;
      }
      if (auto done = write_pad(*segment, to, at, last ? end : at + record_head_octets, h.first_lsn + i, kept); !done) return done;
    }
    if (auto done = to.sync(); !done) return done;
  }
  return files.sync_directory(directory);
}

base::result<log_position> begin_behind(file_system& files, const std::string& directory, const log_survey& log, log_position behind) {
  segment_header header;
  header.node = log.node;
  header.segment = std::max(log.segments.empty() ? 0u : log.segments.back(), behind.segment) + 1;
  for (const auto& h : log.holes) header.segment = std::max(header.segment, h.segment + 1);
  header.first_lsn = log.next_lsn + unknown_lsns;
  const auto random = base::random_octets(sizeof header.salt);
  std::memcpy(&header.salt, random.data(), sizeof header.salt);
  header.needed_from = {header.segment, static_cast<std::uint32_t>(segment_header_octets)};
  const auto written = files.replace(directory + "/" + segment_name(header.segment), write_segment_header(header));
  if (!written) return base::fail(written.error());
  return header.needed_from;
}

} // namespace rookery::storage
