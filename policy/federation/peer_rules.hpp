/// With which other chat servers we talk: a list of those that alone may, and a list of those that may not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rookery::federation {

class peer_rules {
public:
  peer_rules() = default;
  /// Domains in their ASCII form, parted by spaces. A domain means what is below it too. `allowed` empty: everybody.
  peer_rules(std::string_view allowed, std::string_view blocked);
  /// `domain` in its ASCII form, lower case. Who is on both lists is blocked.
  bool admits(std::string_view domain) const;

private:
  std::vector<std::string> allowed_, blocked_;
};

} // namespace rookery::federation
