#include "protocols/deflate/gzip.hpp"

#include <algorithm>
#include <new>
#include <zlib.h>

namespace rookery::deflate {
namespace {

constexpr int gzip_window_bits = 15 + 16; ///< zlib's way to say gzip
constexpr std::size_t step = 16 * 1024;

Bytef* input(std::string_view octets) { return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(octets.data())); }

} // namespace

std::string gzip(std::string_view octets) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string out(deflateBound(&stream, octets.size()), '\0');
  stream.next_in = input(octets);
  stream.avail_in = static_cast<uInt>(octets.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

base::result<std::string> gunzip(std::string_view compressed, std::size_t octets_max) {
  z_stream stream{};
  if (inflateInit2(&stream, gzip_window_bits) != Z_OK) throw std::bad_alloc();
  stream.next_in = input(compressed);
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string out;
  int result = Z_OK;
  while (result == Z_OK && out.size() <= octets_max) {
    const auto had = out.size();
    out.resize(had + std::min(step, octets_max + 1 - had));
    stream.next_out = reinterpret_cast<Bytef*>(out.data()) + had;
    stream.avail_out = static_cast<uInt>(out.size() - had);
    result = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  if (out.size() > octets_max) return base::fail(base::error_kind::over_limit, "the document is too large");
  if (result != Z_STREAM_END) return base::fail(base::error_kind::invalid, "no gzip document");
  return out;
}

} // namespace rookery::deflate
