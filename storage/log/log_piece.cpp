#include "storage/log/log_piece.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"
#include "storage/log/log_format.hpp"

#include <algorithm>

namespace rookery::storage {
namespace {

bool well_formed(const piece_view& p) {
  if (p.segment == 0 && p.kind != piece_kind::needed_from) return false;
  switch (p.kind) {
    case piece_kind::octets: return !p.octets.empty();
    case piece_kind::begin: {
      const auto header = read_segment_header(p.octets);
      return header && p.octets.size() == segment_header_octets && header->version == segment_version && header->segment == p.segment;
    }
    case piece_kind::present: return read_present(p).has_value();
    case piece_kind::seal: return p.octets.empty() && p.offset >= segment_header_octets;
    case piece_kind::needed_from: return p.octets.empty();
    case piece_kind::remove: return p.octets.empty() && p.offset == 0;
  }
  return false;
}

} // namespace

void write_piece(const piece_view& p, std::string& out) {
  base::check(p.octets.size() <= piece_octets_max, "a piece is parted before it is written");
  base::encoder e(out);
  e.u8(static_cast<std::uint8_t>(p.kind));
  e.u8(piece_version);
  e.u16(0);
  e.u32(p.segment);
  e.u32(p.offset);
  e.u32(static_cast<std::uint32_t>(p.octets.size()));
  out.append(p.octets);
}

std::optional<std::vector<piece_view>> read_pieces(std::string_view frame) {
  std::vector<piece_view> pieces;
  while (!frame.empty()) {
    base::decoder d(frame);
    piece_view p;
    p.kind = static_cast<piece_kind>(d.u8());
    const auto version = d.u8();
    const auto zero = d.u16();
    p.segment = d.u32();
    p.offset = d.u32();
    const auto length = d.u32();
    if (!d.ok() || version != piece_version || zero != 0 || length > piece_octets_max || length > d.rest().size()) return {};
    p.octets = d.rest().substr(0, length);
    if (!well_formed(p)) return {};
    frame = d.rest().substr(length);
    pieces.push_back(p);
  }
  return pieces;
}

std::optional<std::vector<std::uint32_t>> read_present(const piece_view& p) {
  if (p.kind != piece_kind::present || p.octets.size() % 4 != 0) return {};
  std::vector<std::uint32_t> segments;
  segments.reserve(p.octets.size() / 4);
  base::decoder d(p.octets);
  for (std::uint32_t before = 0; !d.rest().empty();) {
    const auto number = d.u32();
    if (number <= before || number >= p.segment) return {};
    segments.push_back(before = number);
  }
  return segments;
}

std::string write_present(const std::vector<std::uint32_t>& segments) {
  std::string out;
  base::encoder e(out);
  for (const auto s : segments) e.u32(s);
  return out;
}

void for_each_piece(const log_batch& batch, const std::function<void(const piece_view&)>& each) {
  std::string joined;
  for (const auto& p : batch.pieces) {
    piece_view flat{p.kind, p.segment, p.offset, {}};
    if (p.size == 0) {
      each(flat);
      continue;
    }
    const auto give = [&](std::string_view octets) {
      flat.octets = octets;
      each(flat);
      if (p.kind == piece_kind::octets) flat.offset += static_cast<std::uint32_t>(octets.size());
    };
    // Small parts are joined, so that a record's head, body and padding travel as one piece.
    joined.clear();
    for (auto part : p.parts)
      while (!part.empty()) {
        if (joined.empty() && part.size() >= piece_octets_max) {
          give(part.substr(0, piece_octets_max));
          part.remove_prefix(piece_octets_max);
          continue;
        }
        const auto count = std::min(part.size(), piece_octets_max - joined.size());
        joined.append(part.substr(0, count));
        part.remove_prefix(count);
        if (joined.size() < piece_octets_max) continue;
        give(joined);
        joined.clear();
      }
    if (!joined.empty()) give(joined);
  }
}

} // namespace rookery::storage
