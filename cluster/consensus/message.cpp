#include "cluster/consensus/message.hpp"

#include "base/codec.hpp"

namespace rookery::consensus {
namespace {

constexpr std::uint8_t wire_version = 1;

struct writer {
  base::encoder to;
  void operator()(const entries_request& m) {
    to.varint(m.term);
    to.varint(m.previous_index);
    to.varint(m.previous_term);
    to.varint(m.commit);
    to.varint(m.entries.size());
    for (const auto& e : m.entries) {
      to.varint(e.term);
      to.u8(static_cast<std::uint8_t>(e.kind));
      to.bytes(e.octets);
    }
  }
  void operator()(const entries_answer& m) {
    to.varint(m.term);
    to.varint(m.rejected);
    to.varint(m.last_index);
  }
  void operator()(const vote_request& m) {
    to.varint(m.term);
    to.varint(m.candidate);
    to.varint(m.last_index);
    to.varint(m.last_term);
    to.u8(m.disrupt_leader);
    to.u8(m.pre_vote);
  }
  void operator()(const vote_answer& m) {
    to.varint(m.term);
    to.u8(m.granted);
    to.u8(m.pre_vote);
  }
  void operator()(const snapshot_request& m) {
    to.varint(m.term);
    print(to.out(), m.what);
  }
  void operator()(const timeout_now& m) {
    to.varint(m.term);
    to.varint(m.last_index);
    to.varint(m.last_term);
  }
};

std::optional<snapshot> take_snapshot(base::decoder& in) {
  snapshot s;
  s.index = in.varint();
  s.term = in.varint();
  s.members_index = in.varint();
  const auto members = in.varint();
  if (!in.ok() || members > members_max) return {};
  for (std::uint64_t i = 0; i < members; ++i) {
    const auto id = in.varint();
    const auto what = in.u8();
    if (id == 0 || what > static_cast<std::uint8_t>(role::spare)) return {};
    s.members.push_back({id, static_cast<role>(what)});
  }
  const auto octets = in.bytes();
  if (!in.ok() || octets.size() > snapshot_octets_max) return {};
  s.octets = octets;
  return s;
}

template <class T>
std::optional<message> read_as(base::decoder&);

template <>
std::optional<message> read_as<entries_request>(base::decoder& in) {
  entries_request m;
  m.term = in.varint();
  m.previous_index = in.varint();
  m.previous_term = in.varint();
  m.commit = in.varint();
  const auto count = in.varint();
  // Each entry takes three octets at least.
  if (!in.ok() || count > message_entries_max || count > in.rest().size() / 3) return {};
  m.entries.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    entry e;
    e.term = in.varint();
    const auto kind = in.u8();
    if (kind < 1 || kind > 3) return {};
    e.kind = static_cast<entry_kind>(kind);
    const auto octets = in.bytes();
    if (!in.ok() || octets.size() > entry_octets_max) return {};
    e.octets = octets;
    m.entries.push_back(std::move(e));
  }
  return m;
}
template <>
std::optional<message> read_as<entries_answer>(base::decoder& in) {
  entries_answer m;
  m.term = in.varint();
  m.rejected = in.varint();
  m.last_index = in.varint();
  return m;
}
template <>
std::optional<message> read_as<vote_request>(base::decoder& in) {
  vote_request m;
  m.term = in.varint();
  m.candidate = in.varint();
  m.last_index = in.varint();
  m.last_term = in.varint();
  const auto disrupt = in.u8(), pre = in.u8();
  if (disrupt > 1 || pre > 1) return {};
  m.disrupt_leader = disrupt == 1;
  m.pre_vote = pre == 1;
  return m;
}
template <>
std::optional<message> read_as<vote_answer>(base::decoder& in) {
  vote_answer m;
  m.term = in.varint();
  const auto granted = in.u8();
  m.pre_vote = in.u8();
  if (granted > 1 || m.pre_vote > 2) return {};
  m.granted = granted == 1;
  return m;
}
template <>
std::optional<message> read_as<snapshot_request>(base::decoder& in) {
  snapshot_request m;
  m.term = in.varint();
  auto s = take_snapshot(in);
  if (!s) return {};
  m.what = std::move(*s);
  return m;
}
template <>
std::optional<message> read_as<timeout_now>(base::decoder& in) {
  timeout_now m;
  m.term = in.varint();
  m.last_index = in.varint();
  m.last_term = in.varint();
  return m;
}

} // namespace

std::string print(const message& m) {
  std::string out;
  base::encoder to(out);
  to.u8(wire_version);
  to.u8(static_cast<std::uint8_t>(m.index() + 1));
  std::visit(writer{base::encoder(out)}, m);
  return out;
}

std::optional<message> read_message(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != wire_version) return {};
  std::optional<message> out;
  switch (in.u8()) {
  case 1: out = read_as<entries_request>(in); break;
  case 2: out = read_as<entries_answer>(in); break;
  case 3: out = read_as<vote_request>(in); break;
  case 4: out = read_as<vote_answer>(in); break;
  case 5: out = read_as<snapshot_request>(in); break;
  case 6: out = read_as<timeout_now>(in); break;
  default: return {};
  }
  if (!in.done()) return {};
  return out;
}

void print(std::string& out, const snapshot& s) {
  base::encoder to(out);
  to.varint(s.index);
  to.varint(s.term);
  to.varint(s.members_index);
  to.varint(s.members.size());
  for (const auto& m : s.members) {
    to.varint(m.id);
    to.u8(static_cast<std::uint8_t>(m.what));
  }
  to.bytes(s.octets);
}

std::optional<snapshot> read_snapshot(std::string_view octets) {
  base::decoder in(octets);
  auto s = take_snapshot(in);
  if (!s || !in.done()) return {};
  return s;
}

} // namespace rookery::consensus
