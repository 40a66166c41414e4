/// Something that writes rows into a session's output in slices, as the peer reads them.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>

namespace rookery::actors {

class rows {
public:
  virtual ~rows() = default;
  enum class progress : std::uint8_t {
    more,     ///< something was done, and there is more
    waiting,  ///< for a reader: the connection wakes when it has answered
    done
  };
  /// Goes on for about a millisecond at most.
  virtual progress produce(base::buffer& out) = 0;
};

} // namespace rookery::actors
