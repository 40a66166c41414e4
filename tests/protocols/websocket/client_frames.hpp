/// Frames as a client sends them, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::tests {

/// `first`: FIN (128), the reserved bits and the opcode. Masked with a fixed key.
inline std::string client_frame(unsigned first, std::string_view payload) {
  static constexpr unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(128 | payload.size());
  } else {
    const int octets = payload.size() < 65536 ? 2 : 8;
    out += static_cast<char>(128 | (octets == 2 ? 126 : 127));
    for (int i = octets - 1; i >= 0; --i) out += static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> (8 * i) & 255);
  }
  for (const auto m : mask) out += static_cast<char>(m);
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i & 3]);
  return out;
}
inline std::string client_text(std::string_view payload) { return client_frame(128 | 1, payload); }

} // namespace rookery::tests
