/// The texts of a message that searches look at, for an index of them.
///
/// Whatever `search_header` and `search_text` find in a message lies within one of the exact texts that are
/// given here for it, folded in the same way.
#pragma once

#include "base/bytes.hpp"
#include "protocols/mime/part_tree.hpp"

#include <cstdint>
#include <functional>
#include <string_view>

namespace rookery::mime {

enum class search_text_kind : std::uint8_t {
  plain,        ///< of a text part, seen as it is
  markup,       ///< of an HTML part, tags and all: what exact searches see
  visible,      ///< what a person sees of it: not for exact searches
  part_header,  ///< a field of a part or of a message inside, and names of attachments that are written in RFC 2231's way
  header,       ///< a field of the message's own header, with its name
  header_value, ///< its value alone, and the addresses in it
  subject, from, to, cc, bcc ///< … for fields that have a search key of their own
};

/// Takes a text in pieces of whole characters; `end` comes behind the last of each.
class search_text_taker {
public:
  virtual ~search_text_taker() = default;
  /// False: no more of this part is wanted.
  virtual bool take(search_text_kind, std::string_view folded) = 0;
  virtual void end() = 0;
};

/// `header`: the message's own, as `search_header` would get it. False: something is so large that searches
/// cut it elsewhere; the message itself must be asked.
bool give_search_texts(base::const_bytes message, base::const_bytes header, const part_tree&, search_text_taker&);

} // namespace rookery::mime
