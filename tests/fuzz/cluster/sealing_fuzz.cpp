/// Keys that seal secrets, as agreed: the document is read or refused, and what is read is printed and reads the same; a box is
/// opened or refused, whatever it is, and only what was sealed for its holder opens.
#include "actors/cluster/sealing_rules.hpp"
#include "base/crypto/public_box.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  static const auto holder = base::make_box_keys();
  static const auto box = *base::seal_for(holder.public_key, "secret", "purpose");
  if (base::open_sealed_for(holder.private_key, octets, "purpose")) std::abort();
  // A sound box with some of its octets changed.
  auto changed = box;
  bool same = true;
  for (std::size_t i = 0; i + 1 < size && i < 16; i += 2) {
    changed[data[i] % changed.size()] = static_cast<char>(changed[data[i] % changed.size()] ^ data[i + 1]);
  }
  same = changed == box;
  if (base::open_sealed_for(holder.private_key, changed, "purpose").has_value() != same) std::abort();
  const auto read = actors::read_sealing(octets);
  if (!read) return 0;
  if (read->keys.empty() || read->keys.size() > actors::agreed_keys_max) std::abort();
  if (actors::read_sealing(actors::print(*read)) != read) std::abort();
  if (actors::followed_keys(*read, {{std::string(base::sealing_key_octets, 'k'), false}}, "n", holder.private_key)) std::abort();
  return 0;
}
