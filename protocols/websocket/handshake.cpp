#include "protocols/websocket/handshake.hpp"

#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/encoding/base64.hpp"

namespace rookery::websocket {
namespace {

handshake refused(std::uint16_t status, std::string why) { return {status, {}, std::move(why)}; }

} // namespace

std::string accept_key(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  return encoding::base64_encode(base::sha1(text));
}

handshake answer_handshake(std::string_view method, std::span<const http::field> request, std::string_view protocol) {
  if (method != "GET") return refused(405, "a WebSocket begins with GET\n");
  if (!http::lists(request, "upgrade", "websocket") || !http::lists(request, "connection", "upgrade")) {
    auto out = refused(426, "this is a WebSocket\n");
    out.fields = {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}};
    return out;
  }
  const auto* version = http::find(request, "sec-websocket-version");
  if (version == nullptr || base::trim(version->value) != "13") {
    auto out = refused(426, "version 13 is wanted\n"); // §4.4
    out.fields = {{"Sec-WebSocket-Version", "13"}};
    return out;
  }
  const auto* key = http::find(request, "sec-websocket-key");
  const auto octets = key == nullptr || http::count(request, "sec-websocket-key") > 1 ? std::nullopt : encoding::base64_decode(base::trim(key->value));
  if (!octets || octets->size() != 16) return refused(400, "Sec-WebSocket-Key is no key\n");
  if (!http::lists(request, "sec-websocket-protocol", protocol)) return refused(400, "the subprotocol is " + std::string(protocol) + "\n");
  handshake out;
  out.fields = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Accept", accept_key(base::trim(key->value))}, {"Sec-WebSocket-Protocol", std::string(protocol)}};
  return out;
}

} // namespace rookery::websocket
