/// What arrives on a stream of another node, whole and in pieces: the frames are the same, and what is read is printed as it was.
#include "cluster/stream/stream_frame.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace {

using namespace rookery::cluster;

struct heard {
  std::vector<stream_frame> frames;
  bool fault = false;
};

heard read(std::string_view octets, std::size_t piece) {
  heard out;
  frame_reader reader(1024);
  while (!octets.empty() && !reader.fault()) {
    const auto now = octets.substr(0, std::min(piece, octets.size()));
    reader.feed(now);
    octets.remove_prefix(now.size());
    while (auto f = reader.next()) out.frames.push_back(std::move(*f));
  }
  out.fault = reader.fault();
  return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto whole = read(octets, octets.size()), pieces = read(octets, 3);
  if (whole.fault != pieces.fault || whole.frames.size() != pieces.frames.size()) std::abort();
  for (std::size_t n = 0; n < whole.frames.size(); ++n) {
    const auto& f = whole.frames[n];
    if (f.type != pieces.frames[n].type || f.body != pieces.frames[n].body || f.body.size() > 1024) std::abort();
    if (const auto o = read_opening(f.body); o && o->version == stream_version) {
      const auto again = read_opening(print(*o));
      if (!again || again->fields != o->fields || again->kind != o->kind || again->from != o->from || again->cluster != o->cluster) std::abort();
    }
    if (const auto fields = read_fields(f.body))
      if (read_fields(print_fields(*fields)) != fields) std::abort();
  }
  return 0;
}
