/// Invariants of our own code that stay on in release builds.
#pragma once

#include <stdexcept>

namespace rookery::base {

/// Thrown when our own code is wrong. An actor dies of it and its supervisor
/// restarts it from durable state; in storage/ the process ends.
class broken : public std::logic_error {
public:
  using std::logic_error::logic_error;
};

/// `what` names the invariant, without data of users.
inline void check(bool holds, const char* what) {
  if (!holds) [[unlikely]]
    throw broken(what);
}

} // namespace rookery::base
