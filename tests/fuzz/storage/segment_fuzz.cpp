/// A log whose octets the fuzzer changes is opened, refused, or mended; never misread.
#include "storage/file/faulty_file_system.hpp"
#include "storage/log/log_reader.hpp"
#include "storage/log/log_writer.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace rookery::storage;

log_settings small() {
  log_settings s;
  s.segment_octets = 2048;
  s.reserve_octets = s.floor_octets = s.zero_ahead_octets = 0;
  s.salt = 7;
  return s;
}

void fill(faulty_file_system& files) {
  auto log = log_writer::open(files, "log", small());
  for (int i = 0; i < 12; ++i) {
    commit_group g;
    body_source b;
    b.octets = std::make_shared<const std::string>(static_cast<std::size_t>(100 + i * 40), static_cast<char>('a' + i));
    b.length = static_cast<std::uint32_t>(b.octets->size());
    b.id = rookery::base::sha256(*b.octets);
    g.bodies.push_back(b);
    g.commands = {{rookery::base::shard_id(2), 1, "one", {0}}, {rookery::base::shard_id(3), 1, "two", {0}}};
    if (!(*log)->append(g) || (i % 3 == 2 && !(*log)->commit())) std::abort();
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faulty_file_system files;
  fill(files);
  const auto segments = list_segments(files, "log");
  if (size > 0 && data[0] == 'w') { // a whole segment
    files.damage("log/" + segment_name(segments->back()), 0, {reinterpret_cast<const char*>(data) + 1, size - 1});
  } else { // segment, offset, count, octets
    while (size > 4) {
      const auto count = std::min<std::size_t>(data[3], size - 4);
      files.damage("log/" + segment_name((*segments)[data[0] % segments->size()]), std::size_t{data[1]} * 256 + data[2],
                   {reinterpret_cast<const char*>(data) + 4, count});
      data += 4 + count;
      size -= 4 + count;
    }
  }
  (void)check_log(files, "log");
  std::size_t odd = 0;
  (void)replay(files, "log", {}, [&](const committed_command& c) { odd += c.payload != "one" && c.payload != "two"; });
  auto log = log_writer::open(files, "log", small());
  if (odd > 0) std::abort();
  if (log) { // what was mended stays so
    const auto end = (*log)->end();
    log = log_writer::open(files, "log", small());
    if (!log || (*log)->end() != end || (*log)->recovery().dropped_octets != 0) std::abort();
  }
  return 0;
}
