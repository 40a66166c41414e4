#include "storage/log/log_writer.hpp"

#include "base/crc32c.hpp"
#include "base/crypto/crypto.hpp"
#include "storage/log/log_epoch.hpp"
#include "storage/log/log_reader.hpp"
#include "storage/log/log_tap.hpp"
#include "storage/log/tail_recovery.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

namespace rookery::storage {
namespace {

constexpr std::size_t copy_octets = 256u << 10;
constexpr std::uint64_t page_octets = 4096;
constexpr std::uint64_t zero_octets_least = 64u << 10;        ///< written ahead in one go, in the next segment
constexpr std::uint64_t zero_current_octets_least = 256u << 10; ///< … in the present one, whose next sync waits for them
constexpr std::uint32_t small_segment_octets = 1u << 20; ///< taken of the reserve when space is short
constexpr auto offset_max = std::uint64_t{std::numeric_limits<std::uint32_t>::max()};

base::failure<base::error> no_space() {
  return base::fail(base::error_kind::no_space, "The server has too little disk space.",
                    "the volume of the log is below its reserve");
}

} // namespace

class log_writer::state {
public:
  state(file_system& f, std::string where, const log_settings& s) : files(f), directory(std::move(where)), settings(s) {}

  base::result<void> open();
  base::result<std::vector<committed_command>> append(const commit_group&);
  base::result<void> append_checkpoint(base::shard_id, log_position);
  base::result<void> write();
  base::result<void> commit();
  base::result<void> seal();
  base::result<void> remove_segment(std::uint32_t);
  void look_at_space();
  void look_ahead();
  base::result<log_position> start_tap();

  file_system& files;
  const std::string directory;
  log_settings settings;

  std::vector<segment_info> sealed;
  segment_header header;          ///< of the current segment
  std::unique_ptr<file> current;
  bool published = true;          ///< the current segment has its number for a name, durably
  std::uint64_t capacity = 0;     ///< octets that the current segment has room for
  std::uint64_t zeroed = 0;       ///< from here on the segment may only be allocated
  std::uint64_t written = 0;      ///< written, durable or not
  std::uint64_t tail = 0;         ///< with what is gathered
  std::uint64_t lsn = 1;          ///< of the next record
  log_position durable_end;
  log_position wanted_from;       ///< needed_from, to become durable
  log_position noted_from;        ///< laid down in the log
  log_position durable_from;
  std::uint64_t waiting = 0;      ///< octets appended and not committed
  std::uint64_t committed_since = 0; ///< octets committed, and not yet answered with zeros in the next segment
  std::uint64_t free = 0;         ///< on the volume, at the last look
  bool broken = false;
  log_recovery recovery;
  std::unique_ptr<log_tap> tap;   ///< collects for replicas; none: nobody asks

private:
  /// Octets gathered: in the arena, or in a body that is held.
  struct piece {
    const char* outside = nullptr;
    std::size_t begin = 0;
    std::size_t octets = 0;
  };
  struct prepared_segment {
    std::unique_ptr<file> octets;
    std::uint64_t capacity = 0;
    std::uint64_t zeroed = 0;
    std::uint64_t due = 0; ///< octets of zeros that commits have earned
  };

  base::failure<base::error> break_with(base::error why) {
    broken = true;
    return base::fail(std::move(why));
  }
  base::failure<base::error> is_broken() const {
    return base::fail(base::error_kind::io, "The server's disk does not work.",
                      "the log failed before; nothing is written until the node starts anew");
  }
  std::string path(std::uint32_t segment) const { return directory + "/" + segment_name(segment); }
  std::string prepared_path() const { return directory + "/next.tmp"; }

  base::result<void> open_first();
  base::result<void> open_last(const std::vector<std::uint32_t>& numbers);
  base::result<void> prepare(std::uint64_t octets);
  bool write_zeros(file&, std::uint64_t begin, std::uint64_t end);
  void zero_current(std::uint64_t octets_most);
  void prepare_ahead();
  base::result<void> make_room(std::uint64_t octets, bool mail);
  base::result<void> end_segment();
  void begin_segment(std::uint32_t number);
  base::result<void> publish();
  base::result<void> write_gathered();

  void tell_tap();
  void gather(std::string_view octets);
  void gather_outside(std::string_view octets);
  void gather_padding(std::uint64_t payload);
  base::result<void> lay_body(const body_source&, std::uint16_t flags);
  base::result<void> lay_spilled(const body_source&, std::uint16_t flags);
  base::result<void> take_back(std::uint64_t to);
  void lay_head(record_head);
  std::uint16_t take_begin() { return std::exchange(begins, false) ? record_flag::commit_begin : std::uint16_t{0}; }

  std::string arena;
  std::vector<piece> pieces;
  std::vector<std::shared_ptr<const std::string>> held;
  std::vector<std::string_view> views;
  std::string scratch;
  std::uint64_t spilled_end = 0; ///< behind the last octet copied from a spill file
  bool begins = true;     ///< the next record is the first since a sync
  bool unsynced = false;  ///< something was written since the last sync
  bool told_from = false; ///< the tap is to hear of `noted_from`
  std::optional<prepared_segment> prepared;
};

// Opening.

base::result<void> log_writer::state::open() {
  if (auto done = finish_cut(files, directory); !done) return done;
  auto numbers = list_segments(files, directory);
  if (!numbers && numbers.error().kind == base::error_kind::not_found) {
    if (auto made = files.make_directory(directory); !made) return made;
    const auto slash = directory.rfind('/');
    if (slash != std::string::npos && slash > 0)
      if (auto done = files.sync_directory(directory.substr(0, slash)); !done) return done;
    numbers = std::vector<std::uint32_t>();
  }
  if (!numbers) return base::fail(numbers.error());
  if (auto gone = files.remove(prepared_path()); !gone && gone.error().kind != base::error_kind::not_found) return gone;
  look_at_space();
  if (auto done = numbers->empty() ? open_first() : open_last(*numbers); !done) return done;
  written = tail;
  durable_end = {header.segment, static_cast<std::uint32_t>(tail)};
  look_at_space();
  zero_current(settings.zero_ahead_octets);
  return {};
}

base::result<void> log_writer::state::open_first() {
  if (auto done = prepare(settings.segment_octets); !done) return done;
  begin_segment(1);
  return commit();
}

base::result<void> log_writer::state::open_last(const std::vector<std::uint32_t>& numbers) {
  for (const auto number : numbers) {
    const bool last = number == numbers.back();
    auto segment = open_segment_file(files, directory, number, last ? open_mode::write : open_mode::read);
    if (!segment) return base::fail(segment.error());
    if (segment->header.node != settings.node)
      return base::fail(base::error_kind::invalid, "The server's store belongs to another node.",
                        path(number) + ": written by node " + std::to_string(segment->header.node.value) + ", not by node " +
                          std::to_string(settings.node.value));
    if (!last) {
      sealed.push_back({number, segment->size, segment->header.first_lsn, true});
      continue;
    }
    auto epoch = read_log_epoch(files, directory);
    if (!epoch) return base::fail(epoch.error());
    auto recovered = recover_tail(*segment, path(number), epoch->followed);
    if (!recovered) return base::fail(recovered.error());
    if (auto done = end_following(files, directory, {number, static_cast<std::uint32_t>(recovered->end)}); !done) return done;
    header = segment->header;
    wanted_from = noted_from = durable_from = recovered->needed_from;
    tail = recovered->end;
    lsn = recovered->next_lsn;
    recovery = recovered->report;
    // A setting made smaller counts from now on: the rest of the file is given back when it is sealed.
    capacity = std::min(segment->size, std::max<std::uint64_t>(tail, settings.segment_octets));
    current = std::move(segment->octets);
    if (capacity < settings.segment_octets && current->preallocate(settings.segment_octets).ok())
      capacity = settings.segment_octets;
  }
  // The name of the last segment may not be durable yet when only the process was killed.
  return files.sync_directory(directory);
}

// Segments.

base::result<void> log_writer::state::prepare(std::uint64_t octets) {
  prepared.reset();
  if (auto gone = files.remove(prepared_path()); !gone && gone.error().kind != base::error_kind::not_found) return gone;
  auto fresh = files.open(prepared_path(), open_mode::create);
  if (!fresh) return base::fail(fresh.error());
  if (auto done = (*fresh)->preallocate(octets); !done) {
    fresh->reset();
    (void)files.remove(prepared_path());
    look_at_space();
    return done;
  }
  prepared = prepared_segment{std::move(*fresh), octets, 0, 0};
  look_at_space();
  return {};
}

// Writing zeros turns allocated extents into written ones, which makes a later sync cheaper: it has
// no metadata to write. Done in small parts behind commits, so that none of them waits long. A
// segment comes with its zeros; but the first one of a store, and of a process, has none yet.

bool log_writer::state::write_zeros(file& to, std::uint64_t begin, std::uint64_t end) {
  static const std::string zeros(copy_octets, '\0');
  for (auto at = begin; at < end;) {
    const auto count = std::min<std::uint64_t>(zeros.size(), end - at);
    if (!to.write(at, std::string_view(zeros).substr(0, count))) return false;
    at += count;
  }
  to.start_writing(begin, end - begin);
  return true;
}

void log_writer::state::zero_current(std::uint64_t octets_most) {
  const auto ahead = settings.zero_ahead_octets;
  if (ahead == 0 || zeroed >= capacity) return;
  const auto begin = std::max(zeroed, (tail + page_octets - 1) / page_octets * page_octets);
  const auto end = std::min({capacity, begin + octets_most, tail + ahead});
  if (end < begin + std::min(ahead / 2, zero_current_octets_least) && end != capacity) return;
  // A failed write changes nothing that counts; a broken disk is the next sync's to find.
  zeroed = begin < end && write_zeros(*current, begin, end) ? end : capacity;
}

void log_writer::state::prepare_ahead() {
  const auto committed = std::exchange(committed_since, 0);
  if (settings.zero_ahead_octets == 0 || tail < capacity / 2) return;
  if (!prepared) {
    if (free >= settings.reserve_octets + settings.segment_octets) (void)prepare(settings.segment_octets);
    return;
  }
  prepared->due += 3 * committed;
  if (prepared->due < std::min(settings.zero_ahead_octets, zero_octets_least)) return; // a call costs more than that
  const auto end = std::min({prepared->capacity, prepared->zeroed + settings.zero_ahead_octets, prepared->zeroed + prepared->due});
  prepared->due = 0;
  if (prepared->zeroed >= end) return;
  if (!write_zeros(*prepared->octets, prepared->zeroed, end)) return prepared.reset(); // a fresh one is made when it is needed
  prepared->zeroed = end;
}

base::result<void> log_writer::state::make_room(std::uint64_t octets, bool mail) {
  if (tail + octets <= capacity) return {};
  if (!published) { // it still has the name that the next one needs
    if (auto done = write_gathered(); !done) return done;
    if (auto done = current->sync(); !done) return break_with(done.error());
    unsynced = false;
    if (auto done = publish(); !done) return done;
  }
  const auto need = segment_header_octets + octets;
  const bool fresh = tail == segment_header_octets;
  if (!prepared || prepared->capacity < need) {
    look_at_space();
    // A prepared file that is too small gives its space back.
    const auto available = free + (prepared ? prepared->capacity : 0);
    const auto keep = mail ? settings.reserve_octets : settings.floor_octets;
    auto size = std::max<std::uint64_t>(settings.segment_octets, need);
    if (available < size + keep) size = std::max<std::uint64_t>(std::min(settings.segment_octets, small_segment_octets), need);
    if (available < size + keep) return no_space();
    if (fresh) { // nothing in it yet: it grows instead
      if (auto done = current->preallocate(size); !done) return done;
      capacity = size;
      look_at_space();
      return {};
    }
    if (auto done = prepare(size); !done) return done;
  }
  if (auto done = end_segment(); !done) return done;
  begin_segment(header.segment + 1);
  return {};
}

// Everything in the segment becomes durable, and its file as long as its records.
base::result<void> log_writer::state::end_segment() {
  if (auto done = write_gathered(); !done) return done;
  if (auto done = current->truncate(tail); !done) return break_with(done.error());
  if (auto done = current->sync(); !done) return break_with(done.error());
  unsynced = false;
  if (auto done = publish(); !done) return done;
  sealed.push_back({header.segment, tail, header.first_lsn, true});
  if (tap) tap->seal(header.segment, tail);
  return {};
}

void log_writer::state::begin_segment(std::uint32_t number) {
  header = {};
  header.node = settings.node;
  header.segment = number;
  header.first_lsn = lsn;
  header.salt = settings.salt;
  header.needed_from = noted_from = wanted_from;
  if (header.salt == 0) {
    const auto random = base::random_octets(sizeof header.salt);
    std::memcpy(&header.salt, random.data(), sizeof header.salt);
  }
  current = std::move(prepared->octets);
  capacity = prepared->capacity;
  zeroed = prepared->zeroed;
  prepared.reset();
  published = false;
  written = tail = 0;
  begins = true;
  const auto octets = write_segment_header(header);
  if (tap) tap->begin_segment(number, capacity, octets);
  gather(octets);
}

// A file gets its number only when its header and first groups are durable: so every numbered
// file begins with a whole header.
base::result<void> log_writer::state::publish() {
  if (published) return {};
  if (auto done = files.rename(prepared_path(), path(header.segment)); !done) return break_with(done.error());
  if (auto done = files.sync_directory(directory); !done) return break_with(done.error());
  published = true;
  return {};
}

// Gathering.

void log_writer::state::gather(std::string_view octets) {
  if (!pieces.empty() && pieces.back().outside == nullptr)
    pieces.back().octets += octets.size();
  else
    pieces.push_back({nullptr, arena.size(), octets.size()});
  arena.append(octets);
  tail += octets.size();
}

void log_writer::state::gather_outside(std::string_view octets) {
  if (octets.empty()) return;
  pieces.push_back({octets.data(), 0, octets.size()});
  tail += octets.size();
}

void log_writer::state::gather_padding(std::uint64_t payload) {
  static constexpr char zeros[record_alignment] = {};
  gather({zeros, static_cast<std::size_t>(record_octets(payload) - record_head_octets - payload)});
}

void log_writer::state::lay_head(record_head head) {
  char octets[record_head_octets];
  head.lsn = lsn++;
  write_record_head(head, header, static_cast<std::uint32_t>(tail), octets);
  gather({octets, sizeof octets});
}

base::result<void> log_writer::state::write_gathered() {
  if (pieces.empty()) return {};
  views.clear();
  for (const auto& p : pieces)
    views.push_back(p.outside != nullptr ? std::string_view(p.outside, p.octets)
                                         : std::string_view(arena).substr(p.begin, p.octets));
  unsynced = true;
  auto done = current->write(written, views);
  if (tap && done) tell_tap();
  pieces.clear();
  arena.clear();
  held.clear();
  if (!done) return break_with(done.error());
  written = tail;
  return {};
}

// What was just written: bodies are shared with those who read them later, the rest is handed over.
void log_writer::state::tell_tap() {
  auto kept = std::make_shared<const std::string>(std::move(arena));
  arena = {};
  views.clear();
  std::uint64_t skip = written == 0 ? segment_header_octets : 0; // the header went with `begin_segment`
  for (const auto& p : pieces) {
    auto view = p.outside != nullptr ? std::string_view(p.outside, p.octets) : std::string_view(*kept).substr(p.begin, p.octets);
    const auto less = std::min<std::uint64_t>(skip, view.size());
    view.remove_prefix(less);
    skip -= less;
    if (!view.empty()) views.push_back(view);
  }
  held.push_back(std::move(kept));
  tap->octets(header.segment, written == 0 ? segment_header_octets : written, std::move(views), std::move(held));
  views = {};
  held = {};
}

base::result<void> log_writer::state::lay_body(const body_source& body, std::uint16_t flags) {
  if (!body.octets) return lay_spilled(body, flags);
  record_head head;
  head.type = record_type::body;
  head.length = body.length;
  head.payload_crc = base::crc32c(*body.octets);
  head.flags = static_cast<std::uint16_t>(flags | take_begin());
  lay_head(head);
  gather_outside(*body.octets);
  held.push_back(body.octets);
  gather_padding(body.length);
  return {};
}

// The octets go straight to their place in the file; the head, with their checksum, follows.
base::result<void> log_writer::state::lay_spilled(const body_source& body, std::uint16_t flags) {
  if (auto done = write_gathered(); !done) return done;
  scratch.resize(copy_octets);
  spilled_end = tail;
  record_head head;
  head.type = record_type::body;
  head.length = body.length;
  unsynced = true;
  for (std::uint64_t copied = 0; copied < body.length;) {
    const auto want = std::min<std::uint64_t>(copy_octets, body.length - copied);
    const auto count = read_descriptor(body.spill_fd, copied, scratch.data(), static_cast<std::size_t>(want));
    if (!count) return base::fail(count.error());
    if (*count == 0)
      return base::fail(base::error_kind::invalid, "The message is incomplete.", "a spill file is shorter than its body");
    const auto octets = std::string_view(scratch).substr(0, *count);
    head.payload_crc = base::crc32c(octets, head.payload_crc);
    if (auto done = current->write(tail + record_head_octets + copied, octets); !done) return break_with(done.error());
    if (tap) tap->spilled(tail + record_head_octets + copied, octets);
    copied += *count;
    spilled_end = tail + record_head_octets + copied;
  }
  head.flags = static_cast<std::uint16_t>(flags | take_begin());
  lay_head(head);
  if (auto done = write_gathered(); !done) return done;
  if (tap) tap->spilled_done(header.segment);
  written = tail += body.length;
  gather_padding(body.length);
  return {};
}

// Of a group whose spill file could not be read nothing remains. What was gathered before it is written.
base::result<void> log_writer::state::take_back(std::uint64_t to) {
  static const std::string zeros(copy_octets, '\0');
  for (auto at = to; at < spilled_end;) {
    const auto count = std::min<std::uint64_t>(zeros.size(), spilled_end - at);
    if (auto done = current->write(at, std::string_view(zeros).substr(0, count)); !done) return break_with(done.error());
    at += count;
  }
  written = tail = to;
  if (tap) tap->take_back({header.segment, static_cast<std::uint32_t>(to)});
  return {};
}

base::result<std::vector<committed_command>> log_writer::state::append(const commit_group& group) {
  if (broken) return is_broken();
  if (group.bodies.empty() && group.commands.empty())
    return base::fail(base::error_kind::invalid, "Nothing to store.", "an empty commit group");
  std::uint64_t octets = 0;
  for (const auto& b : group.bodies) {
    if (b.octets ? b.octets->size() != b.length : b.spill_fd < 0)
      return base::fail(base::error_kind::invalid, "The message is incomplete.", "a body's length is not its octets'");
    octets += record_octets(b.length);
  }
  for (const auto& c : group.commands) {
    for (const auto index : c.bodies)
      if (index >= group.bodies.size())
        return base::fail(base::error_kind::invalid, "The request is wrong.", "a command names a body that is not in its group");
    octets += record_octets(command_payload_octets(c.bodies.size(), c.payload.size()));
  }
  if (octets > std::min<std::uint64_t>(settings.group_octets_max, offset_max - segment_header_octets))
    return base::fail(base::error_kind::over_limit, "The message is too large.", "a commit group is too large for the log");
  if (waiting > 0 && waiting + octets > settings.waiting_octets_max)
    return base::fail(base::error_kind::try_later, "The server is busy.", "too much waits for the log");
  const bool mail = !group.bodies.empty();
  if (mail && free < settings.reserve_octets) {
    look_at_space();
    if (free < settings.reserve_octets) return no_space();
  }
  if (auto done = make_room(octets, mail); !done) return base::fail(done.error());

  const auto tail_before = tail;
  const auto lsn_before = lsn;
  const bool begins_before = begins;
  std::vector<body_ref> places;
  places.reserve(group.bodies.size());
  for (std::size_t i = 0; i < group.bodies.size(); ++i) {
    const auto& b = group.bodies[i];
    const bool last = group.commands.empty() && i + 1 == group.bodies.size();
    places.push_back({b.id, header.segment, static_cast<std::uint32_t>(tail + record_head_octets), b.length});
    if (auto done = lay_body(b, last ? record_flag::group_end : std::uint16_t{0}); !done) {
      if (broken) return base::fail(done.error());
      if (auto undone = take_back(tail_before); !undone) return base::fail(undone.error());
      lsn = lsn_before;
      begins = begins_before;
      return base::fail(done.error());
    }
  }
  std::vector<committed_command> commands;
  commands.reserve(group.commands.size());
  for (std::size_t i = 0; i < group.commands.size(); ++i) {
    const auto& c = group.commands[i];
    committed_command made;
    made.shard = c.shard;
    made.epoch = c.epoch;
    made.lsn = lsn;
    made.at = {header.segment, static_cast<std::uint32_t>(tail)};
    made.payload = c.payload;
    made.bodies.reserve(c.bodies.size());
    for (const auto index : c.bodies) made.bodies.push_back(places[index]);
    scratch.clear();
    write_command_payload(made.bodies, c.payload, scratch);
    record_head head;
    head.type = record_type::command;
    head.length = static_cast<std::uint32_t>(scratch.size());
    head.payload_crc = base::crc32c(scratch);
    head.flags = static_cast<std::uint16_t>((i + 1 == group.commands.size() ? record_flag::group_end : 0) | take_begin());
    head.shard = c.shard.value;
    head.epoch = c.epoch;
    lay_head(head);
    gather(scratch);
    gather_padding(scratch.size());
    commands.push_back(std::move(made));
  }
  waiting += tail - tail_before;
  mark_group_ends(commands);
  for (auto& c : commands) c.next = {header.segment, static_cast<std::uint32_t>(tail)};
  return commands;
}

base::result<void> log_writer::state::append_checkpoint(base::shard_id shard, log_position position) {
  if (broken) return is_broken();
  const auto payload = write_checkpoint_payload({shard, position});
  if (auto done = make_room(record_octets(payload.size()), false); !done) return done;
  const auto tail_before = tail;
  record_head head;
  head.type = record_type::checkpoint;
  head.length = static_cast<std::uint32_t>(payload.size());
  head.payload_crc = base::crc32c(payload);
  head.flags = static_cast<std::uint16_t>(record_flag::group_end | take_begin());
  head.shard = shard.value;
  lay_head(head);
  gather(payload);
  gather_padding(payload.size());
  waiting += tail - tail_before;
  return {};
}

base::result<void> log_writer::state::write() {
  if (broken) return is_broken();
  if (wanted_from > noted_from) {
    auto done = append_checkpoint(all_shards, wanted_from);
    if (!done && broken) return done; // without space it waits for a later commit
    if (done) noted_from = wanted_from;
    if (done && tap) told_from = true;
  }
  if (auto done = write_gathered(); !done) return done;
  if (std::exchange(told_from, false)) tap->needed_from(noted_from);
  return {};
}

base::result<void> log_writer::state::commit() {
  if (auto done = write(); !done) return done;
  if (unsynced || !published) {
    if (auto done = current->sync(); !done) return break_with(done.error());
    unsynced = false;
    if (auto done = publish(); !done) return done;
  }
  begins = true;
  durable_from = noted_from;
  durable_end = {header.segment, static_cast<std::uint32_t>(tail)};
  committed_since += std::exchange(waiting, 0);
  return {};
}

void log_writer::state::look_ahead() {
  if (broken || committed_since == 0) return;
  look_at_space();
  zero_current(std::max(zero_current_octets_least, 2 * committed_since));
  prepare_ahead();
}

base::result<void> log_writer::state::seal() {
  if (auto done = commit(); !done) return done;
  if (tail == segment_header_octets) return {};
  if (!prepared)
    if (auto done = prepare(settings.segment_octets); !done) return done;
  if (auto done = end_segment(); !done) return done;
  begin_segment(header.segment + 1);
  return commit();
}

base::result<void> log_writer::state::remove_segment(std::uint32_t segment) {
  if (broken) return is_broken();
  const auto found = std::find_if(sealed.begin(), sealed.end(), [&](const auto& s) { return s.segment == segment; });
  if (found == sealed.end())
    return base::fail(base::error_kind::not_found, "No such segment.", "segment " + std::to_string(segment) + " is not sealed");
  if (segment >= durable_from.segment)
    return base::fail(base::error_kind::invalid, "The segment is in use.",
                      "commands of segment " + std::to_string(segment) + " may be needed at the next start");
  if (auto done = files.remove(path(segment)); !done) return done;
  sealed.erase(found);
  if (tap) tap->removed(segment);
  auto done = files.sync_directory(directory);
  look_at_space();
  return done;
}

base::result<log_position> log_writer::state::start_tap() {
  if (auto done = commit(); !done) return base::fail(done.error());
  tap = std::make_unique<log_tap>(durable_end);
  return durable_end;
}

void log_writer::state::look_at_space() {
  const auto octets = files.free_octets(directory);
  free = octets ? *octets : 0;
}

// The face.

log_writer::log_writer(std::unique_ptr<state> s) : state_(std::move(s)) {}
log_writer::~log_writer() = default;

base::result<std::unique_ptr<log_writer>> log_writer::open(file_system& files, const std::string& directory,
                                                           const log_settings& settings) {
  auto fresh = std::make_unique<state>(files, directory, settings);
  if (auto done = fresh->open(); !done) return base::fail(done.error());
  return std::unique_ptr<log_writer>(new log_writer(std::move(fresh)));
}

base::result<std::vector<committed_command>> log_writer::append(const commit_group& group) { return state_->append(group); }
base::result<void> log_writer::append_checkpoint(base::shard_id shard, log_position position) {
  return state_->append_checkpoint(shard, position);
}
base::result<void> log_writer::write() { return state_->write(); }
base::result<void> log_writer::commit() { return state_->commit(); }
base::result<log_position> log_writer::start_tap() { return state_->start_tap(); }
void log_writer::stop_tap() noexcept { state_->tap.reset(); }
log_batch_ptr log_writer::take_written() {
  if (!state_->tap) return nullptr;
  // A segment's header counts as written when the tap has it.
  return state_->tap->take({state_->header.segment, static_cast<std::uint32_t>(std::max<std::uint64_t>(state_->written, segment_header_octets))});
}
std::uint64_t log_writer::waiting_octets() const noexcept { return state_->waiting; }
log_position log_writer::end() const noexcept { return state_->durable_end; }
std::uint64_t log_writer::next_lsn() const noexcept { return state_->lsn; }
void log_writer::set_reserve(std::uint64_t octets) { state_->settings.reserve_octets = octets; }
bool log_writer::has_space() const noexcept { return state_->free >= state_->settings.reserve_octets; }
bool log_writer::failed() const noexcept { return state_->broken; }
const log_recovery& log_writer::recovery() const noexcept { return state_->recovery; }
base::result<void> log_writer::seal() { return state_->seal(); }
base::result<void> log_writer::remove_segment(std::uint32_t segment) { return state_->remove_segment(segment); }
void log_writer::set_needed_from(log_position position) noexcept {
  state_->wanted_from = std::max(state_->wanted_from, position);
}
log_position log_writer::needed_from() const noexcept { return state_->durable_from; }
void log_writer::look_at_space() { state_->look_at_space(); }
void log_writer::look_ahead() { state_->look_ahead(); }

std::vector<segment_info> log_writer::segments() const {
  auto all = state_->sealed;
  all.push_back({state_->header.segment, state_->tail, state_->header.first_lsn, false});
  return all;
}

} // namespace rookery::storage
