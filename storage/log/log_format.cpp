#include "storage/log/log_format.hpp"

#include "base/codec.hpp"
#include "base/crc32c.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::storage {
namespace {

constexpr std::size_t body_ref_octets = 32 + 4 + 4 + 4;

template <class T>
void put(char* out, std::size_t at, T value) {
  std::memcpy(out + at, &value, sizeof value);
}

template <class T>
T take(std::string_view octets, std::size_t at) {
  T value;
  std::memcpy(&value, octets.data() + at, sizeof value);
  return value;
}

// The checksum of a head covers its place too, so that octets of another file or place are no record.
std::uint32_t head_crc(const char* head, const segment_header& segment, std::uint32_t offset) {
  char octets[16 + record_head_octets - 4];
  put(octets, 0, segment.salt);
  put(octets, 8, segment.segment);
  put(octets, 12, offset);
  std::memcpy(octets + 16, head, 20);
  std::memcpy(octets + 36, head + 24, 8);
  return base::crc32c({octets, sizeof octets});
}

} // namespace

std::string write_segment_header(const segment_header& h) {
  std::string out;
  base::encoder e(out);
  out.append(segment_magic);
  e.u32(h.version);
  e.u32(h.node.value);
  e.u32(h.segment);
  e.u32(0);
  e.u64(h.first_lsn);
  e.u64(h.salt);
  e.u64(h.needed_from.packed());
  out.resize(segment_header_octets - 4, '\0');
  e.u32(base::crc32c(out));
  return out;
}

std::optional<segment_header> read_segment_header(std::string_view octets) {
  if (octets.size() < segment_header_octets || octets.substr(0, segment_magic.size()) != segment_magic) return {};
  octets = octets.substr(0, segment_header_octets);
  if (take<std::uint32_t>(octets, segment_header_octets - 4) != base::crc32c(octets.substr(0, segment_header_octets - 4)))
    return {};
  segment_header h;
  h.version = take<std::uint32_t>(octets, 8);
  h.node = base::node_id(take<std::uint32_t>(octets, 12));
  h.segment = take<std::uint32_t>(octets, 16);
  h.first_lsn = take<std::uint64_t>(octets, 24);
  h.salt = take<std::uint64_t>(octets, 32);
  h.needed_from = log_position::unpacked(take<std::uint64_t>(octets, 40));
  return h;
}

void write_record_head(const record_head& h, const segment_header& segment, std::uint32_t offset, char* out) {
  put(out, 0, h.length);
  put(out, 4, h.payload_crc);
  put(out, 8, static_cast<std::uint8_t>(h.type));
  put(out, 9, h.version);
  put(out, 10, h.flags);
  put(out, 12, h.shard);
  put(out, 16, h.epoch);
  put(out, 24, h.lsn);
  put(out, 20, head_crc(out, segment, offset));
}

std::optional<record_head> read_record_head(std::string_view octets, const segment_header& segment,
                                            std::uint32_t offset) {
  if (octets.size() < record_head_octets) return {};
  const auto type = take<std::uint8_t>(octets, 8);
  const auto version = take<std::uint8_t>(octets, 9);
  if (type < 1 || type > static_cast<std::uint8_t>(record_type::pad) || version != record_version) return {};
  if (take<std::uint32_t>(octets, 20) != head_crc(octets.data(), segment, offset)) return {};
  record_head h;
  h.length = take<std::uint32_t>(octets, 0);
  h.payload_crc = take<std::uint32_t>(octets, 4);
  h.type = static_cast<record_type>(type);
  h.version = version;
  h.flags = take<std::uint16_t>(octets, 10);
  h.shard = take<std::uint32_t>(octets, 12);
  h.epoch = take<std::uint32_t>(octets, 16);
  h.lsn = take<std::uint64_t>(octets, 24);
  return h;
}

std::size_t command_payload_octets(std::size_t bodies, std::size_t payload) noexcept {
  std::size_t count = 1;
  for (auto n = bodies; n >= 0x80; n >>= 7) ++count;
  return count + bodies * body_ref_octets + payload;
}

void write_command_payload(const std::vector<body_ref>& bodies, std::string_view payload, std::string& out) {
  base::encoder e(out);
  e.varint(bodies.size());
  for (const auto& b : bodies) {
    out.append(base::view(b.id));
    e.u32(b.segment);
    e.u32(b.offset);
    e.u32(b.length);
  }
  out.append(payload);
}

std::optional<command_payload> read_command_payload(std::string_view octets) {
  base::decoder d(octets);
  const auto count = d.varint();
  if (!d.ok() || count > d.rest().size() / body_ref_octets) return {};
  command_payload out;
  auto rest = d.rest();
  out.bodies.resize(static_cast<std::size_t>(count));
  for (auto& b : out.bodies) {
    std::memcpy(b.id.data(), rest.data(), b.id.size());
    b.segment = take<std::uint32_t>(rest, 32);
    b.offset = take<std::uint32_t>(rest, 36);
    b.length = take<std::uint32_t>(rest, 40);
    rest.remove_prefix(body_ref_octets);
  }
  out.payload = rest;
  return out;
}

std::string write_checkpoint_payload(const checkpoint_payload& c) {
  std::string out;
  base::encoder e(out);
  e.u32(c.shard.value);
  e.u32(c.position.segment);
  e.u32(c.position.offset);
  return out;
}

std::optional<checkpoint_payload> read_checkpoint_payload(std::string_view octets) {
  base::decoder d(octets);
  checkpoint_payload c;
  c.shard = base::shard_id(d.u32());
  c.position.segment = d.u32();
  c.position.offset = d.u32();
  if (!d.done()) return {};
  return c;
}

void mark_group_ends(std::vector<committed_command>& group) {
  std::vector<base::shard_id> seen; // few shards in a group
  for (auto c = group.rbegin(); c != group.rend(); ++c) {
    c->group_end = std::find(seen.begin(), seen.end(), c->shard) == seen.end();
    if (c->group_end) seen.push_back(c->shard);
  }
}

std::string segment_name(std::uint32_t segment) {
  std::string digits;
  base::append_number(digits, segment);
  return (digits.size() < 8 ? std::string(8 - digits.size(), '0') : std::string()) + digits + ".log";
}

std::optional<std::uint32_t> segment_number(std::string_view name) {
  if (name.size() < 12 || !name.ends_with(".log")) return {};
  const auto number = base::parse_u32(name.substr(0, name.size() - 4));
  if (!number || *number == 0 || segment_name(*number) != name) return {};
  return number;
}

} // namespace rookery::storage
