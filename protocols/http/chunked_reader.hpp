/// The chunked transfer coding, read piece by piece (RFC 9112 §7.1).
#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace rookery::http {

class chunked_reader {
public:
  enum class state : std::uint8_t {
    hungry,   ///< All input is used.
    body,     ///< `octets` is a piece of the body.
    done,     ///< The last chunk and the trailer are over.
    malformed ///< Also when a chunk's head or the trailer is too long.
  };
  struct step {
    state what = state::hungry;
    std::size_t used = 0;    ///< Octets of the input this step took.
    base::const_bytes octets; ///< A view into the input.
  };

  chunked_reader(std::size_t head_octets_max, std::size_t trailer_octets_max)
      : head_max_(head_octets_max), trailer_max_(trailer_octets_max) {}
  /// Trailer fields are read over: nothing here uses them.
  step read(base::const_bytes in);

private:
  enum class at : std::uint8_t { size, extension, head_lf, data, data_cr, data_lf, trailer, trailer_lf, done };
  bool take_size_octet(char c);
  std::size_t head_max_, trailer_max_;
  std::uint64_t left_ = 0;
  std::size_t head_ = 0;    ///< Octets of this chunk's head.
  std::size_t trailer_ = 0; ///< Octets of the trailer.
  std::size_t line_ = 0;    ///< Octets of this line of the trailer.
  unsigned digits_ = 0;
  at at_ = at::size;
};

} // namespace rookery::http
