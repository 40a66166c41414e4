#include "cluster/stream/stream_frame.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"

namespace rookery::cluster {
namespace {

constexpr std::size_t fields_max = 64;

void print_to(base::encoder& to, const std::map<std::string, std::string>& fields) {
  to.varint(fields.size());
  for (const auto& [name, value] : fields) {
    to.bytes(name);
    to.bytes(value);
  }
}

std::optional<std::map<std::string, std::string>> fields_of(base::decoder& in) {
  const auto count = in.varint();
  if (!in.ok() || count > fields_max) return {};
  std::map<std::string, std::string> out;
  for (std::uint64_t n = 0; n < count; ++n) {
    auto name = in.bytes();
    const auto value = in.bytes();
    if (!in.ok() || !out.emplace(name, value).second) return {};
  }
  return out;
}

} // namespace

const std::string& stream_opening::field(const std::string& name) const {
  static const std::string none;
  const auto at = fields.find(name);
  return at == fields.end() ? none : at->second;
}

void append_frame(base::buffer& out, std::uint8_t type, std::string_view body) {
  base::check(body.size() <= stream_body_octets_max, "a frame of a stream is too long");
  const auto size = static_cast<std::uint32_t>(body.size() + 1);
  const char head[stream_head_octets] = {static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8), static_cast<char>(size),
                                         static_cast<char>(type)};
  out.append({head, sizeof head});
  out.append(body);
}

std::string print(const stream_opening& o) {
  std::string out;
  base::encoder to(out);
  to.u8(o.version);
  to.bytes(o.cluster);
  to.varint(o.from);
  to.varint(o.to);
  to.bytes(o.kind);
  print_to(to, o.fields);
  return out;
}

std::optional<stream_opening> read_opening(std::string_view body) {
  base::decoder in(body);
  stream_opening out;
  out.version = in.u8();
  if (!in.ok()) return {};
  if (out.version != stream_version) return out;
  out.cluster = in.bytes();
  out.from = in.varint();
  out.to = in.varint();
  out.kind = in.bytes();
  auto fields = fields_of(in);
  if (!fields || !in.done()) return {};
  out.fields = std::move(*fields);
  return out;
}

std::string print_fields(const std::map<std::string, std::string>& fields) {
  std::string out;
  base::encoder to(out);
  print_to(to, fields);
  return out;
}

std::optional<std::map<std::string, std::string>> read_fields(std::string_view body) {
  base::decoder in(body);
  auto out = fields_of(in);
  if (!out || !in.done()) return {};
  return out;
}

std::optional<stream_frame> frame_reader::next() {
  const auto in = in_.view();
  if (fault_ || in.size() < stream_head_octets) return {};
  std::size_t size = 0;
  for (int n = 0; n < 4; ++n) size = size << 8 | static_cast<unsigned char>(in[static_cast<std::size_t>(n)]);
  if (size == 0 || size - 1 > most_) {
    fault_ = true;
    return {};
  }
  if (in.size() < 4 + size) return {};
  stream_frame out{static_cast<std::uint8_t>(in[4]), std::string(in.substr(stream_head_octets, size - 1))};
  in_.consume(4 + size);
  in_.release();
  return out;
}

} // namespace rookery::cluster
