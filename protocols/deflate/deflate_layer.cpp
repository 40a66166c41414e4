#include "protocols/deflate/deflate_layer.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <new>
#include <zlib.h>

namespace rookery::deflate {

namespace {

// A window of 8 kB and small hash chains: a tenth less ratio than the largest for a
// quarter of the memory, on mail.
constexpr int write_window_bits = 13;
constexpr int write_memory_level = 6;
constexpr int write_level = 3;
// The peer may use the full window (RFC 4978 names none).
constexpr int read_window_bits = 15;

Bytef* input(base::const_bytes octets) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(octets.data()));
}

} // namespace

struct deflate_layer::streams {
  z_stream in{}, out{};
  bool in_made = false, out_made = false;
};

deflate_layer::deflate_layer() : streams_(std::make_unique<streams>()) {}

deflate_layer::~deflate_layer() {
  if (streams_->in_made) inflateEnd(&streams_->in);
  if (streams_->out_made) deflateEnd(&streams_->out);
}

feed_state deflate_layer::feed(base::const_bytes& in, base::buffer& plain, std::size_t plain_max) {
  if (state_ == feed_state::ended || state_ == feed_state::damaged) return state_;
  auto& stream = streams_->in;
  if (!streams_->in_made) {
    if (inflateInit2(&stream, -read_window_bits) != Z_OK) throw std::bad_alloc();
    streams_->in_made = true;
  }
  while (plain_max > 0) {
    const auto room = std::min<std::size_t>(plain_max, 4096);
    const auto offered = std::min<std::size_t>(in.size(), 1u << 20);
    stream.next_in = input(in);
    stream.avail_in = static_cast<uInt>(offered);
    stream.next_out = reinterpret_cast<Bytef*>(plain.prepare(room));
    stream.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream, Z_SYNC_FLUSH);
    in.remove_prefix(offered - stream.avail_in);
    const auto made = room - stream.avail_out;
    plain.commit(made);
    plain_max -= made;
    if (result == Z_STREAM_END) return state_ = feed_state::ended;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK && result != Z_BUF_ERROR) return state_ = feed_state::damaged;
    if (stream.avail_out > 0 && in.empty()) return state_ = feed_state::hungry;
  }
  return state_ = feed_state::more;
}

void deflate_layer::write(base::const_bytes out, base::buffer& compressed, bool flush) {
  if (out.empty() && !(flush && dirty_)) return;
  auto& stream = streams_->out;
  if (!streams_->out_made) {
    if (deflateInit2(&stream, write_level, Z_DEFLATED, -write_window_bits, write_memory_level, Z_DEFAULT_STRATEGY) !=
        Z_OK)
      throw std::bad_alloc();
    streams_->out_made = true;
  }
  do {
    const auto offered = std::min<std::size_t>(out.size(), 1u << 20);
    const bool last = offered == out.size();
    stream.next_in = input(out);
    stream.avail_in = static_cast<uInt>(offered);
    do {
      const auto room = std::clamp<std::size_t>(offered / 2, 256, 16 * 1024);
      stream.next_out = reinterpret_cast<Bytef*>(compressed.prepare(room));
      stream.avail_out = static_cast<uInt>(room);
      const int result = ::deflate(&stream, last && flush ? Z_SYNC_FLUSH : Z_NO_FLUSH);
      base::check(result == Z_OK || result == Z_BUF_ERROR, "deflate takes what it is given");
      compressed.commit(room - stream.avail_out);
    } while (stream.avail_out == 0);
    out.remove_prefix(offered);
  } while (!out.empty());
  dirty_ = !flush;
}

} // namespace rookery::deflate
