// A whole connection: the first octet says how it is cut; two cuts must sound the same.
#include "base/check.hpp"
#include "tests/protocols/imap/scripted_host.hpp"

#include <cstddef>
#include <cstdint>

using namespace rookery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 20000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto play = [&](std::size_t piece) {
    imap::scripted_host host;
    if (data[0] & 1) host.log_in();
    if (data[0] & 2) host.say("s SELECT INBOX\r\n");
    host.accept_messages = (data[0] & 4) == 0;
    auto out = host.say(text, piece);
    base::check(host.session().closed() || host.session().wants_input(), "a session that hears nothing and waits for nobody");
    return out + host.take_asked() + host.stored;
  };
  base::check(play(std::string_view::npos) == play(data[0] % 16 + 1), "the cuts changed the outcome");
  return 0;
}
