#include "cluster/link/frame.hpp"

#include "base/codec.hpp"

namespace rookery::cluster {
namespace {

constexpr std::uint8_t link_version = 1;

struct writer {
  base::encoder to;
  void operator()(const hello& f) {
    to.bytes(f.cluster);
    to.varint(f.from);
    to.bytes(f.uuid);
    to.bytes(f.certificate);
    to.bytes(f.nonce);
    to.bytes(f.software);
  }
  void operator()(const welcome& f) {
    to.varint(f.from);
    to.bytes(f.uuid);
    to.bytes(f.certificate);
    to.bytes(f.nonce);
    to.bytes(f.signature);
    to.bytes(f.software);
  }
  void operator()(const proof& f) { to.bytes(f.signature); }
  void operator()(const refusal& f) { to.bytes(f.text); }
  void operator()(const letter_frame& f) { to.out() += f.octets; }
  void operator()(const forward& f) { to.out() += f.batch; }
  void operator()(const beat& f) {
    to.varint(f.configuration);
    to.varint(f.agreed);
  }
  void operator()(const report& f) { to.out() += f.octets; }
  void operator()(const note& f) { to.out() += f.octets; }
  void operator()(const vitals& f) {
    for (const auto n : {f.sent_us, f.wall_us, f.echo_us, f.held_us, f.disk_free, f.disk_total, f.sessions, f.queued, f.queue_held}) to.varint(n);
  }
  void operator()(const levels& f) {
    for (const auto n : {f.oldest, f.newest, f.agreed}) to.varint(n);
  }
};

std::optional<std::string> text(base::decoder& in) {
  const auto t = in.bytes();
  if (!in.ok() || t.size() > field_octets_max) return {};
  return std::string(t);
}

template <class... Fields>
bool texts(base::decoder& in, Fields&... fields) {
  return ([&] {
    auto t = text(in);
    if (t) fields = std::move(*t);
    return t.has_value();
  }() && ...);
}

} // namespace

std::string print(const frame& f) {
  std::string out;
  base::encoder to(out);
  to.u8(link_version);
  to.u8(static_cast<std::uint8_t>(f.index() + 1));
  std::visit(writer{base::encoder(out)}, f);
  return out;
}

std::optional<frame> read_frame(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != link_version) return {};
  std::optional<frame> out;
  switch (in.u8()) {
  case 1: {
    hello f;
    if (!texts(in, f.cluster)) return {};
    f.from = in.varint();
    if (texts(in, f.uuid, f.certificate, f.nonce, f.software)) out = std::move(f);
    break;
  }
  case 2: {
    welcome f;
    f.from = in.varint();
    if (texts(in, f.uuid, f.certificate, f.nonce, f.signature, f.software)) out = std::move(f);
    break;
  }
  case 3: {
    proof f;
    if (texts(in, f.signature)) out = std::move(f);
    break;
  }
  case 4: {
    refusal f;
    if (texts(in, f.text)) out = std::move(f);
    break;
  }
  case 5: return letter_frame{std::string(in.rest())};
  case 6: return forward{std::string(in.rest())};
  case 7: {
    beat f;
    f.configuration = in.varint();
    f.agreed = in.varint();
    out = f;
    break;
  }
  case 8: {
    vitals f;
    for (auto* n : {&f.sent_us, &f.wall_us, &f.echo_us, &f.held_us, &f.disk_free, &f.disk_total, &f.sessions, &f.queued, &f.queue_held}) *n = in.varint();
    out = f;
    break;
  }
  case 9: {
    levels f;
    for (auto* n : {&f.oldest, &f.newest, &f.agreed}) *n = in.varint();
    out = f;
    break;
  }
  case 10:
    if (in.rest().size() > report_frame_octets_max) return {};
    return report{std::string(in.rest())};
  case 11:
    if (in.rest().size() > note_frame_octets_max) return {};
    return note{std::string(in.rest())};
  default: return {};
  }
  if (!out || !in.done()) return {};
  return out;
}

std::string proof_text(std::string_view cluster, std::uint64_t signer, std::uint64_t reader, std::string_view nonce) {
  std::string out("rookery cluster link 1\n");
  base::encoder to(out);
  to.bytes(cluster);
  to.varint(signer);
  to.varint(reader);
  to.bytes(nonce);
  return out;
}

} // namespace rookery::cluster
