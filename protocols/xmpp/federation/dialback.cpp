#include "protocols/xmpp/federation/dialback.hpp"

#include "base/crypto/crypto.hpp"
#include "base/text.hpp"

namespace rookery::xmpp::federation {

std::string dialback_key(std::string_view secret, std::string_view receiving, std::string_view originating, std::string_view id) {
  const auto key = base::to_hex(base::view(base::sha256(secret)));
  std::string text(receiving);
  text.append(" ").append(originating).append(" ").append(id);
  return base::to_hex(base::view(base::hmac_sha256(key, text)));
}

bool is_dialback_key(std::string_view key, std::string_view secret, std::string_view receiving, std::string_view originating, std::string_view id) {
  return base::constant_time_equal(key, dialback_key(secret, receiving, originating, id));
}

} // namespace rookery::xmpp::federation
