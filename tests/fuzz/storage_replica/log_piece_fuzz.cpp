/// What is read is written again as the same octets; a replica takes it or refuses it, and its log stays one.
#include "storage/file/faulty_file_system.hpp"
#include "storage/log/log_reader.hpp"
#include "storage/replica/follower_log.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::storage;
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  const auto pieces = read_pieces(frame);
  if (!pieces) return 0;
  std::string again;
  for (const auto& p : *pieces) write_piece(p, again);
  if (again != frame) std::abort();
  faulty_file_system files;
  auto log = follower_log::open(files, "log", {.node = rookery::base::node_id(1), .segment_room_max = 1u << 16});
  if (!log) std::abort();
  for (const auto& p : *pieces)
    if (!(*log)->take(p)) break;
  if (!(*log)->failed() && !(*log)->sync()) std::abort();
  const auto end = (*log)->durable();
  log->reset();
  if (end == log_position{}) return 0;
  const auto report = check_log(files, "log", end);
  if (!report || !report->faults.empty()) std::abort();
  return 0;
}
