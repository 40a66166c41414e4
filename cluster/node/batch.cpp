#include "cluster/node/batch.hpp"

#include "base/codec.hpp"

namespace rookery::cluster {

constexpr std::uint8_t batch_version = 1;

std::string print_batch(const std::vector<proposal>& all) {
  std::string out;
  base::encoder to(out);
  to.u8(batch_version);
  to.varint(all.size());
  for (const auto& p : all) {
    to.varint(p.origin);
    to.varint(p.sequence);
    to.bytes(p.command);
  }
  return out;
}

std::optional<std::vector<proposal>> read_batch(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != batch_version) return {};
  const auto count = in.varint();
  if (!in.ok() || count > batch_commands_max) return {};
  std::vector<proposal> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    proposal p;
    p.origin = in.varint();
    p.sequence = in.varint();
    p.command = in.bytes();
    out.push_back(std::move(p));
  }
  if (!in.done()) return {};
  return out;
}

} // namespace rookery::cluster
