#include "storage/replica/follower_log.hpp"

#include "storage/log/log_reader.hpp"
#include "storage/log/tail_recovery.hpp"
#include "storage/replica/record_check.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace rookery::storage {
namespace {

constexpr std::uint64_t page_octets = 4096;
constexpr std::uint64_t zero_octets_least = 256u << 10; ///< written ahead in one go
constexpr std::size_t zero_octets_most = 1u << 20;

} // namespace

class follower_log::state {
public:
  state(file_system& f, std::string where, const follower_log_settings& s) : files(f), directory(std::move(where)), settings(s) {}

  base::result<void> open();
  base::result<void> take(const piece_view&);
  base::result<log_position> sync();
  base::result<void> truncate_to(log_position);
  base::result<std::size_t> remove_dead(log_position);
  void look_ahead();

  log_position end() const {
    return check ? log_position{header.segment, static_cast<std::uint32_t>(check->offset())} : log_position{};
  }

  file_system& files;
  const std::string directory;
  const follower_log_settings settings;
  std::uint64_t epoch = 0;
  bool broken = false;
  log_position durable;
  log_position needed_from;
  std::map<std::uint32_t, log_position> dead; ///< gone at the leader since it was there

private:
  base::failure<base::error> break_with(base::error why) {
    broken = true;
    return base::fail(std::move(why));
  }
  base::failure<base::error> refuse(const piece_view& p, const char* what) {
    return break_with(base::make_error(base::error_kind::invalid, "The replica does not follow.",
                                       directory + ": " + what + " (segment " + std::to_string(p.segment) + " at " + std::to_string(p.offset) +
                                         ", the log ends in segment " + std::to_string(end().segment) + " at " + std::to_string(end().offset) + ")"));
  }
  std::string path(std::uint32_t segment) const { return directory + "/" + segment_name(segment); }
  base::result<void> open_last(std::uint32_t number, bool followed);
  base::result<void> take_octets(const piece_view&);
  base::result<void> take_seal(const piece_view&);
  base::result<void> take_begin(const piece_view&);
  base::result<void> take_present(const piece_view&);

  segment_header header; ///< of the current segment
  std::unique_ptr<file> current;
  std::optional<record_check> check; ///< none: the log has no segment
  bool sealed = false;
  std::uint64_t unsynced = 0;
  std::uint64_t capacity = 0; ///< octets that the current segment has room for
  std::uint64_t zeroed = 0;   ///< from here on it may only be allocated
};

base::result<void> follower_log::state::open() {
  check.reset();
  current.reset();
  sealed = false;
  unsynced = 0;
  durable = {};
  if (auto made = files.make_directory(directory); !made) return made;
  if (auto done = finish_cut(files, directory); !done) return done;
  if (auto gone = files.remove(directory + "/next.tmp"); !gone && gone.error().kind != base::error_kind::not_found) return gone;
  auto known = read_log_epoch(files, directory);
  if (!known) return base::fail(known.error());
  epoch = known->epoch;
  const auto numbers = list_segments(files, directory);
  if (!numbers) return base::fail(numbers.error());
  if (!numbers->empty())
    if (auto done = open_last(numbers->back(), known->followed); !done) return done;
  if (auto done = begin_following(files, directory, needed_from); !done) return done;
  // The name of the last segment may not be durable yet when only the process was killed.
  return files.sync_directory(directory);
}

base::result<void> follower_log::state::open_last(std::uint32_t number, bool followed) {
  auto segment = open_segment_file(files, directory, number, open_mode::write);
  if (!segment) return base::fail(segment.error());
  if (segment->header.node != settings.node)
    return base::fail(base::error_kind::invalid, "The server's store belongs to another node.",
                      path(number) + ": written by node " + std::to_string(segment->header.node.value) + ", not by node " +
                        std::to_string(settings.node.value));
  const auto tail = recover_tail(*segment, path(number), followed);
  if (!tail) return base::fail(tail.error());
  header = segment->header;
  current = std::move(segment->octets);
  capacity = segment->size;
  zeroed = 0;
  check.emplace(header, tail->end, tail->next_lsn);
  needed_from = std::max(needed_from, tail->needed_from);
  durable = end();
  return {};
}

base::result<void> follower_log::state::take(const piece_view& p) {
  if (broken)
    return base::fail(base::error_kind::io, "The replica's log does not work.", directory + ": it failed before and must be opened anew");
  switch (p.kind) {
    case piece_kind::octets: return take_octets(p);
    case piece_kind::seal: return take_seal(p);
    case piece_kind::begin: return take_begin(p);
    case piece_kind::needed_from: needed_from = std::max(needed_from, {p.segment, p.offset}); return {};
    case piece_kind::remove: dead.emplace(p.segment, end()); return {};
    case piece_kind::present: return take_present(p);
  }
  return refuse(p, "a piece of an unknown kind");
}

base::result<void> follower_log::state::take_octets(const piece_view& p) {
  if (!check || sealed || p.segment != header.segment || p.offset != check->offset()) return refuse(p, "octets that do not continue the log");
  if (auto good = check->feed(p.octets); !good) return break_with(good.error());
  if (auto done = current->write(p.offset, p.octets); !done) return break_with(done.error());
  unsynced += p.octets.size();
  if (unsynced < followed_unsynced_octets_max - piece_octets_max) return {};
  const auto done = sync();
  return done ? base::result<void>() : base::result<void>(base::fail(done.error()));
}

base::result<void> follower_log::state::take_seal(const piece_view& p) {
  if (!check || p.segment != header.segment || p.offset != check->offset()) return refuse(p, "the segment ends elsewhere");
  if (!check->between_groups()) return refuse(p, "a segment ends within a commit group");
  if (sealed) return {};
  if (auto done = current->truncate(p.offset); !done) return break_with(done.error());
  if (auto done = current->sync(); !done) return break_with(done.error());
  unsynced = 0;
  durable = end();
  sealed = true;
  return {};
}

// As the leader does it: a file has its number only when it begins with a whole header.
base::result<void> follower_log::state::take_begin(const piece_view& p) {
  const auto fresh = read_segment_header(p.octets);
  if (!fresh || fresh->segment != p.segment || fresh->node != settings.node) return refuse(p, "a segment's header that is not of this log");
  if (check ? !sealed || p.segment != header.segment + 1 || fresh->first_lsn != check->next_lsn() : p.segment != 1)
    return refuse(p, "a segment that does not continue the log");
  const auto temporary = directory + "/next.tmp";
  if (auto gone = files.remove(temporary); !gone && gone.error().kind != base::error_kind::not_found) return break_with(gone.error());
  auto made = files.open(temporary, open_mode::create);
  if (!made) return break_with(made.error());
  const auto room = std::clamp<std::uint64_t>(p.offset, segment_header_octets, settings.segment_room_max);
  if (auto done = (*made)->preallocate(room); !done) return break_with(done.error());
  if (auto done = (*made)->write(0, p.octets); !done) return break_with(done.error());
  if (auto done = (*made)->sync(); !done) return break_with(done.error());
  if (auto done = files.rename(temporary, path(p.segment)); !done) return break_with(done.error());
  if (auto done = files.sync_directory(directory); !done) return break_with(done.error());
  header = *fresh;
  current = std::move(*made);
  capacity = room;
  zeroed = 0;
  check.emplace(header, segment_header_octets, header.first_lsn);
  sealed = false;
  needed_from = std::max(needed_from, header.needed_from);
  durable = end();
  return {};
}

base::result<void> follower_log::state::take_present(const piece_view& p) {
  const auto there = read_present(p);
  if (!there) return refuse(p, "a list of segments that cannot be read");
  const auto numbers = list_segments(files, directory);
  if (!numbers) return base::fail(numbers.error());
  for (const auto number : *numbers)
    if (number < std::min(p.segment, header.segment) && !std::binary_search(there->begin(), there->end(), number)) dead.emplace(number, end());
  return {};
}

base::result<log_position> follower_log::state::sync() {
  if (broken)
    return base::fail(base::error_kind::io, "The replica's log does not work.", directory + ": it failed before and must be opened anew");
  if (unsynced > 0) {
    if (auto done = current->sync(); !done) return break_with(done.error());
    unsynced = 0;
  }
  if (check) durable = {header.segment, static_cast<std::uint32_t>(check->whole_end())};
  return durable;
}

// As the leader's writer does it for its present segment: storage/log/log_writer.cpp says why.
void follower_log::state::look_ahead() {
  static const std::string zeros(zero_octets_most, '\0');
  if (broken || !check || sealed || settings.zero_ahead_octets == 0) return;
  const auto tail = check->offset();
  const auto begin = std::max(zeroed, (tail + page_octets - 1) / page_octets * page_octets);
  const auto end = std::min({capacity, begin + zeros.size(), tail + settings.zero_ahead_octets});
  const auto least = std::min<std::uint64_t>(settings.zero_ahead_octets / 2, zero_octets_least);
  if (begin >= end || (end < begin + least && end != capacity)) return;
  // A failed write changes nothing that counts; a broken disk is the next sync's to find.
  zeroed = current->write(begin, std::string_view(zeros).substr(0, end - begin)) ? end : capacity;
  current->start_writing(begin, end - begin);
}

base::result<void> follower_log::state::truncate_to(log_position position) {
  if (!broken && end() <= position) return {};
  broken = true; // until it is open again
  current.reset();
  if (auto done = cut_log(files, directory, position); !done) return done;
  needed_from = {};
  dead.clear(); // the leader says again what it does not have
  if (auto done = open(); !done) return done;
  broken = false;
  return {};
}

base::result<std::size_t> follower_log::state::remove_dead(log_position reached) {
  std::size_t gone = 0;
  for (auto at = dead.begin(); at != dead.end();) {
    if (at->second > reached || at->first >= header.segment) {
      ++at;
      continue;
    }
    if (auto done = files.remove(path(at->first)); !done && done.error().kind != base::error_kind::not_found) return base::fail(done.error());
    at = dead.erase(at);
    ++gone;
  }
  if (gone > 0)
    if (auto done = files.sync_directory(directory); !done) return base::fail(done.error());
  return gone;
}

// The face.

follower_log::follower_log(std::unique_ptr<state> s) : state_(std::move(s)) {}
follower_log::~follower_log() = default;

base::result<std::unique_ptr<follower_log>> follower_log::open(file_system& files, const std::string& directory,
                                                               const follower_log_settings& settings) {
  auto fresh = std::make_unique<state>(files, directory, settings);
  if (auto done = fresh->open(); !done) return base::fail(done.error());
  return std::unique_ptr<follower_log>(new follower_log(std::move(fresh)));
}

std::uint64_t follower_log::epoch() const noexcept { return state_->epoch; }
base::result<void> follower_log::follow(std::uint64_t epoch) {
  if (auto done = raise_log_epoch(state_->files, state_->directory, epoch); !done) return done;
  state_->epoch = epoch;
  return {};
}
base::result<void> follower_log::truncate_to(log_position position) { return state_->truncate_to(position); }
base::result<void> follower_log::take(const piece_view& p) { return state_->take(p); }
base::result<log_position> follower_log::sync() { return state_->sync(); }
void follower_log::look_ahead() { state_->look_ahead(); }
log_position follower_log::end() const noexcept { return state_->end(); }
log_position follower_log::durable() const noexcept { return state_->durable; }
log_position follower_log::needed_from() const noexcept { return state_->needed_from; }
bool follower_log::failed() const noexcept { return state_->broken; }
base::result<std::size_t> follower_log::remove_dead(log_position position) { return state_->remove_dead(position); }

bool follower_log::may_remove(log_position position) const noexcept {
  return std::any_of(state_->dead.begin(), state_->dead.end(),
                     [&](const auto& d) { return d.second <= position && d.first < state_->end().segment; });
}

std::vector<std::uint32_t> follower_log::dead_segments() const {
  std::vector<std::uint32_t> all;
  for (const auto& [segment, since] : state_->dead) all.push_back(segment);
  return all;
}

} // namespace rookery::storage
