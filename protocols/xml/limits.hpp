/// Every bound of the XML reader, with its unit, its default and the reason for it.
#pragma once

#include <cstddef>

namespace rookery::xml {

struct limits {
  /// Octets from the end of one complete child of the root to the end of the next (a stanza, in XMPP), or of
  /// the root's opening tag.
  std::size_t stanza_octets = 256 * 1024;
  /// Octets of one tag with its attributes. A tag that comes an octet at a time is scanned again with each, so
  /// this also bounds what a dribbling peer can cost.
  std::size_t tag_octets = 32 * 1024;
  /// Elements within elements, the root not counted.
  std::size_t depth = 40;
  /// Attributes of one element, namespace declarations not counted.
  std::size_t attributes = 100;
  /// Namespace declarations of one stanza.
  std::size_t namespaces = 200;
  /// Elements of one stanza: each costs some 150 octets of memory, however short it is written.
  std::size_t elements = 10'000;
  /// Octets of an element's or attribute's name, and of a namespace.
  std::size_t name_octets = 1024;
};

} // namespace rookery::xml
