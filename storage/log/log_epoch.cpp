#include "storage/log/log_epoch.hpp"

#include "base/codec.hpp"
#include "base/crc32c.hpp"
#include "storage/log/log_reader.hpp"

namespace rookery::storage {
namespace {

constexpr std::string_view magic = "RKRYEPO\n";
constexpr std::uint32_t format = 1;
constexpr std::uint32_t flag_followed = 1;
constexpr std::size_t file_octets = 8 + 4 + 4 + 4 * 8 + 4;

std::string path_in(const std::string& directory) { return directory + "/epoch"; }

base::failure<base::error> damaged(const std::string& directory, const std::string& what) {
  return base::fail(base::error_kind::damaged, "The server's store is damaged.", path_in(directory) + ": " + what);
}

base::result<void> remove_behind(file_system& files, const std::string& directory, log_position position) {
  if (auto gone = files.remove(directory + "/next.tmp"); !gone && gone.error().kind != base::error_kind::not_found) return gone;
  const auto numbers = list_segments(files, directory);
  if (!numbers) return base::fail(numbers.error());
  // From the last one down, each durably: a crash leaves a log that only ends earlier.
  for (auto at = numbers->rbegin(); at != numbers->rend() && *at > position.segment; ++at) {
    if (auto done = files.remove(directory + "/" + segment_name(*at)); !done) return done;
    if (auto done = files.sync_directory(directory); !done) return done;
  }
  auto last = files.open(directory + "/" + segment_name(position.segment), open_mode::write);
  if (!last) return base::fail(last.error());
  const auto size = (*last)->size();
  if (!size) return base::fail(size.error());
  if (*size > position.offset)
    if (auto done = (*last)->truncate(position.offset); !done) return done;
  return (*last)->sync();
}

} // namespace

base::result<log_epoch> read_log_epoch(file_system& files, const std::string& directory) {
  const auto text = files.read_all(path_in(directory), 4096);
  if (!text && text.error().kind == base::error_kind::not_found) return log_epoch{};
  if (!text) return base::fail(text.error());
  if (text->size() != file_octets || std::string_view(*text).substr(0, magic.size()) != magic) return damaged(directory, "this is no epoch file");
  base::decoder d(std::string_view(*text).substr(magic.size()));
  const auto version = d.u32();
  const auto flags = d.u32();
  log_epoch e;
  e.epoch = d.u64();
  e.cut = log_position::unpacked(d.u64());
  e.floor = log_position::unpacked(d.u64());
  e.followed_until = log_position::unpacked(d.u64());
  e.followed = (flags & flag_followed) != 0;
  if (d.u32() != base::crc32c(std::string_view(*text).substr(0, file_octets - 4))) return damaged(directory, "its checksum is wrong");
  if (version != format)
    return base::fail(base::error_kind::unsupported, "The server's store is of a newer version.",
                      path_in(directory) + ": format version " + std::to_string(version) + " is newer than this program");
  return e;
}

base::result<void> write_log_epoch(file_system& files, const std::string& directory, const log_epoch& what) {
  std::string out(magic);
  base::encoder e(out);
  e.u32(format);
  e.u32(what.followed ? flag_followed : 0);
  e.u64(what.epoch);
  e.u64(what.cut.packed());
  e.u64(what.floor.packed());
  e.u64(what.followed_until.packed());
  e.u32(base::crc32c(out));
  return files.replace(path_in(directory), out);
}

base::result<void> raise_log_epoch(file_system& files, const std::string& directory, std::uint64_t epoch) {
  auto known = read_log_epoch(files, directory);
  if (!known) return base::fail(known.error());
  if (known->epoch > epoch)
    return base::fail(base::error_kind::conflict, "Another node leads.",
                      directory + ": epoch " + std::to_string(epoch) + " is over, " + std::to_string(known->epoch) + " was seen");
  if (known->epoch == epoch) return {};
  known->epoch = epoch;
  return write_log_epoch(files, directory, *known);
}

base::result<void> begin_following(file_system& files, const std::string& directory, log_position noted) {
  auto known = read_log_epoch(files, directory);
  if (!known) return base::fail(known.error());
  if (known->followed) return {};
  known->floor = known->needed_from(noted);
  known->followed = true;
  return write_log_epoch(files, directory, *known);
}

base::result<void> end_following(file_system& files, const std::string& directory, log_position end) {
  auto known = read_log_epoch(files, directory);
  if (!known) return base::fail(known.error());
  if (!known->followed) return {};
  known->followed = false;
  known->followed_until = end;
  return write_log_epoch(files, directory, *known);
}

base::result<void> raise_floor(file_system& files, const std::string& directory, log_position floor) {
  auto known = read_log_epoch(files, directory);
  if (!known) return base::fail(known.error());
  if (floor <= known->floor) return {};
  known->floor = floor;
  return write_log_epoch(files, directory, *known);
}

base::result<void> cut_log(file_system& files, const std::string& directory, log_position position) {
  const auto numbers = list_segments(files, directory);
  if (!numbers) return base::fail(numbers.error());
  if (numbers->empty() || numbers->back() < position.segment) return {};
  auto known = read_log_epoch(files, directory);
  if (!known) return base::fail(known.error());
  if (position.offset < segment_header_octets)
    return base::fail(base::error_kind::invalid, "The log cannot be cut there.", "a cut within a segment's header");
  if (auto there = files.open(directory + "/" + segment_name(position.segment), open_mode::read); !there) return base::fail(there.error());
  known->cut = position;
  if (auto done = write_log_epoch(files, directory, *known); !done) return done;
  return finish_cut(files, directory);
}

base::result<void> finish_cut(file_system& files, const std::string& directory) {
  auto known = read_log_epoch(files, directory);
  if (!known) return base::fail(known.error());
  if (known->cut == log_position{}) return {};
  if (auto done = remove_behind(files, directory, known->cut); !done) return done;
  known->cut = {};
  return write_log_epoch(files, directory, *known);
}

} // namespace rookery::storage
