#include "policy/queueing/share_note.hpp"

#include "base/codec.hpp"

#include <limits>

namespace rookery::queueing {
namespace {

constexpr std::uint8_t note_version = 1, load_version = 2;

std::optional<std::uint32_t> small(base::decoder& in) {
  const auto n = in.varint();
  if (n > std::numeric_limits<std::uint32_t>::max()) return {};
  return static_cast<std::uint32_t>(n);
}

std::optional<share_row> read_row(base::decoder& in) {
  share_row r;
  r.destination = in.bytes();
  const auto claim = small(in), wanted = small(in);
  const auto news = in.u8();
  if (!in.ok() || !claim || !wanted || r.destination.empty() || r.destination.size() > shared_name_octets_max) return {};
  if (news > static_cast<std::uint8_t>(destination_news::down)) return {};
  r.claim = *claim;
  r.wanted = *wanted;
  r.news = static_cast<destination_news>(news);
  if (r.news != destination_news::none) {
    r.event = in.varint();
    r.age_ms = in.varint();
  }
  if (r.news == destination_news::down) {
    r.pause_ms = in.varint();
    const auto failures = small(in);
    r.reason = in.bytes();
    if (!failures || r.reason.size() > shared_reason_octets_max) return {};
    r.failures = *failures;
  }
  if (!in.ok()) return {};
  return r;
}

} // namespace

std::string print(const share_note& n) {
  std::string out;
  base::encoder to(out);
  to.u8(n.load ? load_version : note_version);
  for (const auto v : {n.incarnation, n.yours, n.heard, n.number}) to.varint(v);
  to.u8(n.anew ? 1 : 0);
  to.varint(n.turn);
  to.varint(n.rows.size());
  for (const auto& r : n.rows) {
    to.bytes(r.destination);
    to.varint(r.claim);
    to.varint(r.wanted);
    to.u8(static_cast<std::uint8_t>(r.news));
    if (r.news != destination_news::none) {
      to.varint(r.event);
      to.varint(r.age_ms);
    }
    if (r.news != destination_news::down) continue;
    to.varint(r.pause_ms);
    to.varint(r.failures);
    to.bytes(r.reason);
  }
  if (n.load) to.varint(n.load->connections);
  return out;
}

std::optional<share_note> read_share_note(std::string_view octets) {
  if (octets.size() > note_octets_max) return {};
  base::decoder in(octets);
  const auto version = in.u8();
  if (version != note_version && version != load_version) return {};
  share_note n;
  for (auto* v : {&n.incarnation, &n.yours, &n.heard, &n.number}) *v = in.varint();
  const auto anew = in.u8();
  n.anew = anew == 1;
  n.turn = in.varint();
  const auto rows = in.varint();
  if (!in.ok() || anew > 1 || n.incarnation == 0 || rows > note_rows_max || (rows > 0 && n.number == 0)) return {};
  for (std::uint64_t i = 0; i < rows; ++i) {
    auto row = read_row(in);
    if (!row) return {};
    n.rows.push_back(std::move(*row));
  }
  if (version == load_version) {
    const auto connections = small(in);
    if (!connections) return {};
    n.load = node_load{*connections};
  }
  if (!in.done()) return {};
  return n;
}

} // namespace rookery::queueing
