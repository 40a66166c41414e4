/// What is read is written again as the same octets; a receiver takes it or refuses it, and writes nowhere else.
#include "storage/file/faulty_file_system.hpp"
#include "storage/replica/folder_copy.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::storage;
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  const auto pieces = read_copy_pieces(frame);
  if (!pieces) return 0;
  std::string again;
  for (const auto& p : *pieces) write_copy_piece(p, again);
  if (again != frame) std::abort();
  faulty_file_system files;
  auto receiver = copy_receiver::open(files, "volume");
  if (!receiver) std::abort();
  std::uint64_t octets = 0;
  for (const auto& p : *pieces)
    if (p.kind == copy_kind::octets) octets += p.octets.size();
  const auto done = (*receiver)->take(frame);
  if ((*receiver)->octets() > octets || (!done && (*receiver)->complete())) std::abort();
  const auto entries = files.list(".");
  if (entries && !entries->empty()) std::abort();
  return 0;
}
