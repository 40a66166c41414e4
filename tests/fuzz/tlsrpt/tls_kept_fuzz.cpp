/// What is kept of mail to the address for reports: always JSON, never more than its bounds.
#include "actors/tlsrpt/notes.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto kept = actors::kept_of(text, text.substr(0, 300), base::from_milliseconds(1));
  if (!json::parse(kept.shown) || kept.shown.size() > 8 * 1024) std::abort();
  if (kept.whole.empty()) return 0;
  if (kept.whole.size() > actors::tls_received_octets_max || !mailauth::read_tls_report(kept.whole)) std::abort();
  return 0;
}
