#include "cluster/replication/words.hpp"

#include "base/codec.hpp"

namespace rookery::replication {
namespace {

constexpr std::uint8_t words_version = 1;

struct writer {
  base::encoder to;
  void operator()(const follow& w) { to.varint(w.epoch); }
  void operator()(const stands& w) {
    to.varint(w.epoch);
    to.u8(w.whole ? 1 : 0);
    to.u64(w.end.packed());
  }
  void operator()(const beat_word& w) {
    to.varint(w.epoch);
    to.varint(w.number);
    to.u64(w.end.packed());
    to.u64(w.released.packed());
  }
  void operator()(const beat_answer& w) {
    to.varint(w.epoch);
    to.varint(w.number);
    to.u8(w.willing ? 1 : 0);
  }
  void operator()(const has_stored& w) {
    to.varint(w.epoch);
    to.u64(w.to.packed());
  }
  void operator()(const begin_anew& w) { to.varint(w.epoch); }
  void operator()(const goodbye& w) { to.varint(w.epoch); }
};

} // namespace

std::string print(const word& w) {
  std::string out;
  base::encoder to(out);
  to.u8(words_version);
  to.u8(static_cast<std::uint8_t>(w.index() + 1));
  std::visit(writer{base::encoder(out)}, w);
  return out;
}

std::optional<word> read_word(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != words_version) return {};
  const auto position = [&] { return log_position::unpacked(in.u64()); };
  // A flag is 0 or 1: else it was written by another program.
  bool sound = true;
  const auto flag = [&] {
    const auto octet = in.u8();
    sound = sound && octet <= 1;
    return octet == 1;
  };
  const auto type = in.u8();
  const auto epoch = in.varint();
  word out;
  switch (type) {
  case 1: out = follow{epoch}; break;
  case 2: {
    stands w{epoch, flag(), {}};
    w.end = position();
    out = w;
    break;
  }
  case 3: {
    beat_word w{epoch, in.varint(), {}, {}};
    w.end = position();
    w.released = position();
    out = w;
    break;
  }
  case 4: {
    beat_answer w{epoch, in.varint(), true};
    w.willing = flag();
    out = w;
    break;
  }
  case 5: out = has_stored{epoch, position()}; break;
  case 6: out = begin_anew{epoch}; break;
  case 7: out = goodbye{epoch}; break;
  default: return {};
  }
  if (!sound || !in.done()) return {};
  return out;
}

} // namespace rookery::replication
