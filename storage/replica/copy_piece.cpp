#include "storage/replica/copy_piece.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"

#include <algorithm>

namespace rookery::storage {
namespace {

bool is_part(std::string_view part) {
  return !part.empty() && part.front() != '.' && std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

bool well_formed(const copy_piece& p) {
  if (p.crc != 0 && p.kind != copy_kind::have) return false;
  switch (p.kind) {
    case copy_kind::file:
    case copy_kind::have: return is_copy_name(p.octets) && p.number <= copy_file_octets_max;
    case copy_kind::octets: return !p.octets.empty() && p.number == 0;
    case copy_kind::end: return p.octets.empty() && p.number <= 0xffffffff;
    case copy_kind::kept: return is_copy_name(p.octets) && p.number == 0;
    case copy_kind::done: return p.octets.empty() && p.number <= copy_files_max;
  }
  return false;
}

} // namespace

bool is_copy_name(std::string_view name) {
  if (name.size() > copy_name_octets_max) return false;
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return is_part(name);
  return is_part(name.substr(0, slash)) && is_part(name.substr(slash + 1));
}

void write_copy_piece(const copy_piece& p, std::string& out) {
  base::check(p.octets.size() <= copy_octets_max, "a copy's piece is small");
  base::encoder e(out);
  e.u8(static_cast<std::uint8_t>(p.kind));
  e.u8(copy_version);
  e.u16(0);
  e.u64(p.number);
  e.u32(p.crc);
  e.u32(static_cast<std::uint32_t>(p.octets.size()));
  out.append(p.octets);
}

std::optional<std::vector<copy_piece>> read_copy_pieces(std::string_view frame) {
  std::vector<copy_piece> pieces;
  while (!frame.empty()) {
    base::decoder d(frame);
    copy_piece p;
    p.kind = static_cast<copy_kind>(d.u8());
    const auto version = d.u8();
    const auto zero = d.u16();
    p.number = d.u64();
    p.crc = d.u32();
    const auto length = d.u32();
    if (!d.ok() || version != copy_version || zero != 0 || length > copy_octets_max || length > d.rest().size()) return {};
    p.octets = d.rest().substr(0, length);
    if (!well_formed(p)) return {};
    frame = d.rest().substr(length);
    pieces.push_back(p);
  }
  return pieces;
}

} // namespace rookery::storage
