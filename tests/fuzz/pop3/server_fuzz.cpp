/// Octets in any cuts give the same answers and questions as in one piece.
#include "tests/protocols/pop3/scripted_host.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rookery::pop3::scripted_host;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto play = [&](std::size_t cut) {
    scripted_host host;
    host.tls = false; // what follows STLS is no plain text
    host.piece = cut;
    host.feed(octets, cut);
    host.session.tick(host.t0 + std::chrono::seconds(60));
    host.session.shut_down(host.t0 + std::chrono::seconds(60));
    host.drain();
    return host.said + host.log;
  };
  const auto whole = play(size + 1);
  if (whole != play(1) || whole != play(1 + size / 3)) std::abort();
  return 0;
}
