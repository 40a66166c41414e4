/// A wire here, and the same stream as XML octets elsewhere: elements of the one are octets of the other.
///
/// For streams whose client is not where their session is: what carries them is not octets (BOSH), and between nodes
/// octets go. Source: RFC 6120 §4, XEP-0206 §5. Bounded: `taken_octets` of what came from elsewhere wait here, and what waits in the wire for its client
/// is `told_octets` and one element.
#pragma once

#include "base/bytes.hpp"
#include "protocols/xml/reader.hpp"
#include "protocols/xmpp/stream_wire.hpp"

#include <cstddef>
#include <string>

namespace rookery::xmpp {

class wire_bridge {
public:
  static constexpr std::size_t taken_octets = 64 * 1024, told_octets = 256 * 1024;

  /// The stream is open on both sides. `client` outlives it.
  explicit wire_bridge(stream_wire& client);

  /// What the client said: an element, or its stream's opening or end. Empty: nothing.
  std::string from_client();
  /// There is room for `take`.
  bool hungry() const noexcept { return input_.size() < taken_octets && !ended_; }
  /// Octets of the other side.
  void take(base::const_bytes octets) { input_.append(octets); }
  /// Says to the client what came, as far as it reads. True when it was something.
  bool tell();
  /// The other side has closed its stream, or what it said cannot be read: nothing more comes from it.
  bool ended() const noexcept { return ended_; }

private:
  stream_wire& client_;
  xml::reader reader_;
  base::buffer input_;
  std::string raw_;             ///< of the element that is being read
  bool ended_ = false;
};

} // namespace rookery::xmpp
