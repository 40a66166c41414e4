#include "storage/log/log_reader.hpp"

#include "base/crypto/crypto.hpp"
#include "storage/log/log_epoch.hpp"
#include "storage/log/segment_scanner.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace rookery::storage {
namespace {

constexpr auto whole_file = std::numeric_limits<std::uint64_t>::max();

base::failure<base::error> damaged(const std::string& directory, std::uint32_t segment, std::uint64_t offset,
                                   const std::string& what) {
  return base::fail(base::error_kind::damaged, "The server's store is damaged.",
                    directory + "/" + segment_name(segment) + ": " + what + " at offset " + std::to_string(offset));
}

/// Replays the groups of one segment.
class segment_replay {
public:
  segment_replay(const std::string& directory, std::uint32_t number, const open_segment& segment, std::uint64_t from,
                 std::uint64_t end, const std::function<void(const committed_command&)>& each)
    : directory_(directory), number_(number), scanner_(segment, from, end), each_(each) {}

  /// The end of the last whole group; `next_lsn` is what the next segment begins with (0: unknown).
  base::result<std::uint64_t> run(std::uint64_t from, std::uint64_t& next_lsn, bool may_be_torn) {
    using found = segment_scanner::found;
    auto end = from;
    for (;;) {
      const auto what = scanner_.next();
      if (!what) return base::fail(what.error());
      if (*what == found::end) break;
      if (*what == found::damage) {
        if (may_be_torn) break;
        return damaged(directory_, number_, scanner_.offset(), "damaged record head");
      }
      const auto& head = scanner_.head();
      if (next_lsn != 0 && head.lsn != next_lsn) {
        if (may_be_torn) break;
        return damaged(directory_, number_, scanner_.offset(), "record number " + std::to_string(head.lsn) + " instead of " +
                                                                 std::to_string(next_lsn));
      }
      if (head.type == record_type::command) {
        const auto read = take_command(head);
        if (!read) return base::fail(read.error());
        if (!*read) {
          if (may_be_torn) break;
          return damaged(directory_, number_, scanner_.offset(), "damaged command");
        }
      }
      next_lsn = head.lsn + 1;
      if ((head.flags & record_flag::group_end) == 0) continue;
      end = scanner_.next_offset();
      give(end);
    }
    if (!group_.empty() && !may_be_torn) return damaged(directory_, number_, end, "a commit group without its end");
    return end;
  }

private:
  base::result<bool> take_command(const record_head& head) {
    const auto octets = scanner_.payload();
    if (!octets) return base::fail(octets.error());
    if (!*octets) return false;
    auto read = read_command_payload(**octets);
    if (!read) return false;
    committed_command c;
    c.shard = base::shard_id(head.shard);
    c.epoch = head.epoch;
    c.lsn = head.lsn;
    c.at = {number_, static_cast<std::uint32_t>(scanner_.offset())};
    c.payload = read->payload;
    c.bodies = std::move(read->bodies);
    group_.push_back(std::move(c));
    return true;
  }

  // A group's commands are given when its end was seen.
  void give(std::uint64_t end) {
    if (group_.empty()) return;
    mark_group_ends(group_);
    for (auto& c : group_) {
      c.next = {number_, static_cast<std::uint32_t>(end)};
      each_(c);
    }
    group_.clear();
  }

  const std::string& directory_;
  std::uint32_t number_;
  segment_scanner scanner_;
  const std::function<void(const committed_command&)>& each_;
  std::vector<committed_command> group_;
};

} // namespace

base::result<std::vector<std::uint32_t>> list_segments(file_system& files, const std::string& directory) {
  const auto names = files.list(directory);
  if (!names) return base::fail(names.error());
  std::vector<std::uint32_t> numbers;
  for (const auto& name : *names)
    if (const auto number = segment_number(name)) numbers.push_back(*number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

/// What the newest segment says, when that matters to a replay from `from`.
static base::result<log_position> noted_needed_from(file_system& files, const std::string& directory, std::uint32_t newest,
                                              log_position from) {
  const auto segment = open_segment_file(files, directory, newest);
  if (!segment) return base::fail(segment.error());
  auto floor = segment->header.needed_from;
  if (from.segment >= newest) return floor;
  segment_scanner scanner(*segment, segment_header_octets, whole_file);
  for (;;) {
    const auto what = scanner.next();
    if (!what) return base::fail(what.error());
    if (*what != segment_scanner::found::record) return floor;
    if (scanner.head().type != record_type::checkpoint || scanner.head().shard != all_shards.value) continue;
    const auto payload = scanner.payload();
    if (!payload) return base::fail(payload.error());
    const auto c = *payload ? read_checkpoint_payload(**payload) : std::nullopt;
    if (c) floor = std::max(floor, c->position);
  }
}

static base::result<log_position> needed_from(file_system& files, const std::string& directory, std::uint32_t newest,
                                              log_position from) {
  const auto noted = noted_needed_from(files, directory, newest, from);
  if (!noted) return noted;
  const auto epoch = read_log_epoch(files, directory);
  if (!epoch) return base::fail(epoch.error());
  return epoch->needed_from(*noted);
}

base::result<log_position> replay(file_system& files, const std::string& directory, log_position from,
                                  const std::function<void(const committed_command&)>& each,
                                  std::optional<log_position> until) {
  const auto numbers = list_segments(files, directory);
  if (!numbers) return base::fail(numbers.error());
  if (numbers->empty()) return from;
  const auto floor = needed_from(files, directory, numbers->back(), from);
  if (!floor) return floor;
  from = std::max({from, *floor, log_position{1, segment_header_octets}});
  if (until && *until < from)
    return damaged(directory, until->segment, until->offset, "records of a machine are ahead of the log, which ends");
  const auto last = until ? until->segment : numbers->back();
  auto reached = from;
  std::uint64_t lsn = 0;
  for (auto number = from.segment; number <= last; ++number) {
    if (!std::binary_search(numbers->begin(), numbers->end(), number))
      return base::fail(base::error_kind::not_found, "The server's store is incomplete.",
                        directory + "/" + segment_name(number) + " is missing, and commands in it are needed");
    auto segment = open_segment_file(files, directory, number);
    if (!segment) return base::fail(segment.error());
    const auto begin = number == from.segment ? std::max<std::uint64_t>(from.offset, segment_header_octets) : segment_header_octets;
    if (begin == segment_header_octets) {
      if (lsn != 0 && segment->header.first_lsn != lsn)
        return damaged(directory, number - 1, reached.offset,
                       "records up to number " + std::to_string(segment->header.first_lsn - 1) + " are missing");
      lsn = segment->header.first_lsn;
    }
    const bool ends_here = until && number == until->segment;
    segment_replay run(directory, number, *segment, begin, ends_here ? until->offset : whole_file, each);
    const auto end = run.run(begin, lsn, number == numbers->back() && !until);
    if (!end) return base::fail(end.error());
    reached = {number, static_cast<std::uint32_t>(*end)};
  }
  if (until && reached != *until)
    return damaged(directory, reached.segment, reached.offset, "the log ends too early");
  return reached;
}

base::result<std::uint64_t> for_each_record(
  file_system& files, const std::string& directory, std::uint32_t number,
  const std::function<bool(const record_place&, std::string_view payload)>& each) {
  auto segment = open_segment_file(files, directory, number);
  if (!segment) return base::fail(segment.error());
  segment_scanner scanner(*segment, segment_header_octets, whole_file);
  for (;;) {
    const auto what = scanner.next();
    if (!what) return base::fail(what.error());
    if (*what == segment_scanner::found::end) return scanner.offset();
    if (*what == segment_scanner::found::damage) return damaged(directory, number, scanner.offset(), "damaged record head");
    const auto octets = scanner.payload();
    if (!octets) return base::fail(octets.error());
    if (!*octets) return damaged(directory, number, scanner.offset(), "damaged record");
    if (!each({{number, static_cast<std::uint32_t>(scanner.offset())}, scanner.head()}, **octets)) return scanner.next_offset();
  }
}

namespace {

/// Goes through one segment for `check_log`.
class segment_check {
public:
  segment_check(const std::string& directory, std::uint32_t number, log_position until, log_report& report, std::uint64_t& next_lsn)
    : directory_(directory), number_(number), until_(until), report_(report), next_lsn_(next_lsn) {}

  base::result<void> run(file_system& files) {
    bool reached = false;
    const auto end = until_ <= log_position{number_, segment_header_octets} ? base::result<std::uint64_t>(0) : for_each_record(files, directory_, number_, [&](const record_place& place, std::string_view payload) {
      take(place, payload);
      const log_position behind{number_, static_cast<std::uint32_t>(place.at.offset + record_octets(place.head.length))};
      reached = behind >= until_;
      return !reached;
    });
    ++report_.segments;
    if (!end) {
      if (end.error().kind == base::error_kind::io) return base::fail(end.error());
      report_.faults.push_back(end.error().log.value);
      next_lsn_ = 0;
    }
    if (open_group_) fault(0, "the last commit group has no end");
    return {};
  }

private:
  void fault(std::uint64_t offset, const std::string& what) {
    report_.faults.push_back(damaged(directory_, number_, offset, what).value.log.value);
  }

  void take(const record_place& place, std::string_view payload) {
    ++report_.records;
    if (next_lsn_ != 0 && place.head.lsn != next_lsn_)
      fault(place.at.offset, "record number " + std::to_string(place.head.lsn) + " instead of " + std::to_string(next_lsn_));
    next_lsn_ = place.head.lsn + 1;
    if ((place.head.flags & record_flag::commit_begin) != 0 && open_group_)
      fault(place.at.offset, "a write began within a commit group");
    if (!open_group_) {
      digests_.clear();
      padded_ = after_pad_; // a pad may have cut the group
    }
    after_pad_ = place.head.type == record_type::pad;
    padded_ = padded_ || after_pad_;
    open_group_ = (place.head.flags & record_flag::group_end) == 0;
    if (place.head.type == record_type::body) {
      ++report_.bodies;
      report_.body_octets += payload.size();
      digests_[place.payload_offset()] = {base::sha256(payload), place.head.length};
    }
    if (place.head.type == record_type::command) take_command(place, payload);
  }

  // The bodies a command names lie in its own group, in front of it.
  void take_command(const record_place& place, std::string_view payload) {
    ++report_.commands;
    const auto command = read_command_payload(payload);
    if (!command) return fault(place.at.offset, "a command that cannot be read");
    for (const auto& b : command->bodies) {
      const auto found = digests_.find(b.offset);
      if (b.segment != number_ || found == digests_.end() || found->second.second != b.length) {
        if (!padded_) fault(place.at.offset, "a command names a body that is not in its group"); // a repair says whose it was
      } else if (found->second.first != b.id) {
        fault(b.offset, "a body whose SHA-256 is not its name");
      }
    }
  }

  const std::string& directory_;
  std::uint32_t number_;
  log_position until_;
  log_report& report_;
  std::uint64_t& next_lsn_;
  bool open_group_ = false;
  bool after_pad_ = false;
  bool padded_ = false; ///< the group has, or follows, a record that a repair could not read
  std::map<std::uint32_t, std::pair<base::sha256_digest, std::uint32_t>> digests_;
};

} // namespace

base::result<log_report> check_log(file_system& files, const std::string& directory, std::optional<log_position> until) {
  const auto numbers = list_segments(files, directory);
  if (!numbers) return base::fail(numbers.error());
  log_report report;
  std::uint64_t lsn = 0;
  std::uint32_t before = 0;
  for (const auto number : *numbers) {
    if (number != before + 1) lsn = 0; // segments in between were compacted away
    before = number;
    {
      const auto segment = open_segment_file(files, directory, number);
      if (!segment) {
        if (segment.error().kind == base::error_kind::io) return base::fail(segment.error());
        report.faults.push_back(segment.error().log.value);
        lsn = 0;
        continue;
      }
      // A repair begins anew, behind what was lost.
      const bool begun_anew = segment->header.needed_from.segment == number;
      if (lsn != 0 && segment->header.first_lsn != lsn && !begun_anew)
        report.faults.push_back(damaged(directory, number - 1, 0,
                                        "records up to number " + std::to_string(segment->header.first_lsn - 1) +
                                          " are missing").value.log.value);
      lsn = segment->header.first_lsn;
    }
    if (auto done = segment_check(directory, number, until.value_or(log_position{0xffffffff, 0}), report, lsn).run(files); !done) return base::fail(done.error());
  }
  return report;
}

} // namespace rookery::storage
