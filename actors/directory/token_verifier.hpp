/// Who says whose an access token is: an interface, so that asking an issuer (RFC 7662) can stand beside keys.
#pragma once

#include "actors/net/connection.hpp"
#include "protocols/oauth/access_token.hpp"

#include <functional>
#include <string_view>

namespace rookery::actors {

class token_verifier {
public:
  virtual ~token_verifier() = default;
  /// `then` runs once in the connection's thread, now or later. The token is not kept and not logged.
  /// Thread-safe.
  virtual void verify(net::connection& from, std::string_view token, std::function<void(const oauth::token_verdict&)> then) const = 0;
};

} // namespace rookery::actors
