/// A normal form is its own normal form, and escapes come back.
#include "protocols/xmpp/jid.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = xmpp::read_jid(text);
  if (read) {
    const auto again = xmpp::read_jid(read->text());
    if (!again || *again != *read) std::abort();
  }
  if (xmpp::unescape_local(xmpp::escape_local(text)) != text) std::abort();
  return 0;
}
