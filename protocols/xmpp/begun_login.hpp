/// A client's login as one node has heard it and another one answers it: the home of the account goes on with the stream.
///
/// Pure. Goes between nodes of one cluster (docs/decisions/0018); read again by the same version or a later one.
#pragma once

#include "protocols/xmpp/login_wishes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::xmpp {

struct begun_login {
  std::string domain;                  ///< that the client has named
  std::string opening;                 ///< its present stream's first tag as it came; empty: nothing there is special
  std::uint32_t streams = 0;           ///< that were opened so far
  std::uint32_t failures = 0;
  bool proved = false;                 ///< the login is right; else it is by a token that the home knows
  std::string mechanism;               ///< by which it was proved
  std::optional<std::string> last;     ///< data of the success
  std::optional<login_wishes> wishes;  ///< of a login in one step
};

std::string encode(const begun_login&);
std::optional<begun_login> read_begun_login(std::string_view);

} // namespace rookery::xmpp
