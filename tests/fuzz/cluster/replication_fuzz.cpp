/// Words between a leader and its replicas: read and printed again, and said to a node in any order, with any time between,
/// documents and news of the disk in between. Whatever it hears it serves only with a lease and never promises backwards.
#include "cluster/replication/member.hpp"

#include <cstdlib>
#include <string_view>

namespace {

using namespace rookery::replication;

class octets {
public:
  explicit octets(std::string_view in) : in_(in) {}
  bool empty() const { return in_.empty(); }
  std::uint8_t next() {
    if (in_.empty()) return 0;
    const auto octet = static_cast<std::uint8_t>(in_.front());
    in_.remove_prefix(1);
    return octet;
  }
  std::string_view word() {
    const auto n = std::min<std::size_t>(next() % 40, in_.size());
    const auto out = in_.substr(0, n);
    in_.remove_prefix(n);
    return out;
  }
  log_position place() { return {static_cast<std::uint32_t>(1 + next() % 3), static_cast<std::uint32_t>(next())}; }

private:
  std::string_view in_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  octets in({reinterpret_cast<const char*>(data), size});
  const auto how = in.next();
  moment now{1000};
  member m(how & 1 ? 1 : 2, 1, held{(how & 2) ? 1u : 0u, (how & 4) != 0, 0}, {}, now);
  auto doc = found_volume(1, 2);
  std::uint64_t version = 1;
  log_position released;
  std::uint64_t epoch = m.kept().epoch;
  for (int steps = 0; !in.empty() && steps < 500; ++steps) {
    step out;
    const node_number other = 1 + in.next() % 3;
    switch (in.next() % 18) {
    case 0: {
      const auto text = in.word();
      const auto w = read_word(text);
      if (!w) break;
      if (read_word(print(*w)) != w) std::abort();
      out = m.heard(other, *w, now);
      break;
    }
    case 1: doc = with_learner(doc, other); break;
    case 2: doc = grown(doc, other); break;
    case 3:
      if (other != doc.leader && !only_holder(doc, other)) doc = shrunk(doc, other);
      break;
    case 4:
      if (contains(doc.in_sync, other)) doc = claimed(doc, other, in.place(), in.next() % 2 == 0);
      break;
    case 5: out = m.document(++version, doc, now); break;
    case 6: out = m.frozen(in.place(), now); break;
    case 7: out = m.cut_done(in.place(), now); break;
    case 8: out = m.leading_at(m.end(), now); break;
    case 9: out = m.opened(now); break;
    case 10: out = m.closed(now); break;
    case 11: out = m.synced(in.place(), now); break;
    case 12: out = m.stored(in.place(), now); break;
    case 13: out = in.next() % 2 ? m.copied(in.place(), now) : m.copy_anew(now); break;
    case 14: out = in.next() % 2 ? m.connected(other, now) : m.disconnected(other, now); break;
    case 15: m.hand_over(other, now, moment{0}, out); break;
    case 16: out = in.next() % 2 ? m.holding(in.place(), now) : m.held_from(in.next(), in.place(), now); break;
    default:
      now += moment{in.next() * 20};
      out = m.tick(now, now);
    }
    for (const auto& a : out) {
      if (const auto* k = std::get_if<act::keep>(&a)) {
        if (k->what.epoch < epoch) std::abort();
        epoch = k->what.epoch;
      }
      if (const auto* p = std::get_if<act::propose>(&a))
        if (p->expected > version || !contains(p->next.in_sync, p->next.leader)) std::abort();
    }
    // Who hands over serves until its sessions have said good-bye.
    if (m.lease_end() && m.state() != standing::serving && m.state() != standing::handing) std::abort();
    if (m.state() == standing::serving && m.agreed().leader != (how & 1 ? 1u : 2u)) std::abort();
    (void)m.replicas(now);
    (void)m.audience();
    released = std::max(released, m.released());
  }
  return 0;
}
