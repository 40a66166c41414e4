/// The PROXY header that a load balancer puts before a connection: who the client really is.
///
/// Source: "The PROXY protocol, versions 1 & 2" (haproxy.org), §2.1 and §2.2.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "protocols/connection_facts.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace rookery::proxy {

/// §2.1: the longest line of version 1, with its CRLF.
inline constexpr std::size_t line_octets_max = 107;
/// A header of version 2 with its TLVs; the format would allow 65,551.
inline constexpr std::size_t header_octets_max = 4096;

struct header {
  std::size_t octets = 0;     ///< that the header occupies in the input
  bool local = false;         ///< LOCAL, UNKNOWN or no IP: keep the connection's own addresses
  std::string source_address; ///< "192.0.2.1", "2001:db8::1"
  std::string destination_address;
  std::uint16_t source_port = 0, destination_port = 0;
};

enum class header_error : std::uint8_t {
  incomplete, ///< More input is needed; not a fault.
  malformed   ///< This is no PROXY header; the connection must be closed.
};

/// Reads the header at the front of `input`. Without one the connection is refused: a listener
/// that expects it must not believe anybody who leaves it out (§2).
base::result<header, header_error> read_header(base::const_bytes input);

/// For a connection: puts what the header says into its facts. The octets of the header; 0: more
/// input is needed; -1: this is none.
long apply_header(base::const_bytes input, connection_facts& facts);

} // namespace rookery::proxy
