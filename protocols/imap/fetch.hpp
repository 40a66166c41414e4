/// FETCH: what is asked of each message.
///
/// Source: RFC 9051 §6.4.5, §6.4.9; RFC 3501 §6.4.5 (RFC822 items, macros); RFC 7162
/// §3.1.4 (CHANGEDSINCE, MODSEQ), §3.2.6 (VANISHED); RFC 3516 (BINARY); RFC 8474
/// (EMAILID, THREADID); RFC 8514 (SAVEDATE); RFC 8970 (PREVIEW); RFC 9394 (PARTIAL).
#pragma once

#include "protocols/imap/partial.hpp"
#include "protocols/imap/sequence_set.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rookery::imap {

/// Items without arguments, as bits.
namespace fetch_item {
inline constexpr std::uint32_t flags = 1, uid = 2, size = 4, internal_date = 8, modseq = 16, envelope = 32,
                               body = 64, bodystructure = 128, save_date = 256, email_id = 512, thread_id = 1024,
                               preview = 2048, preview_lazy = 4096; ///< `preview_lazy` only together with `preview`
} // namespace fetch_item

/// One BODY[...], BINARY[...], BINARY.SIZE[...] or RFC822... item.
struct fetch_section {
  enum class kind : std::uint8_t {
    body,        ///< octets as stored
    binary,      ///< transfer encoding undone (RFC 3516)
    binary_size  ///< the size of that
  };
  enum class text : std::uint8_t {
    all,               ///< BODY[] or BODY[1.2]
    header,            ///< HEADER: of the message, or of the message/rfc822 part
    header_fields,     ///< HEADER.FIELDS (names)
    header_fields_not, ///< HEADER.FIELDS.NOT (names)
    text,              ///< TEXT
    mime               ///< MIME: the part's own MIME header
  };
  kind what = kind::body;
  text which = text::all;
  bool peek = false;                      ///< does not set \Seen
  std::vector<std::uint32_t> part;        ///< "1.2" is {1, 2}; empty for the message
  std::vector<std::string> fields;        ///< as written
  bool partial = false;
  std::uint64_t offset = 0;               ///< <offset.octets>, when `partial`
  std::uint64_t octets = 0;
  std::string label;                      ///< how the answer names it: "BODY[1.HEADER]<0>"
};

struct fetch_items {
  std::uint32_t bits = 0;                 ///< fetch_item::...
  std::vector<fetch_section> sections;    ///< in the order asked
  /// True when \Seen is to be set (in a mailbox selected for writing).
  bool marks_seen() const noexcept;
  /// Nothing beyond flags, uid, size, dates, modseq and ids: no text column, no body.
  bool cheap() const noexcept {
    return sections.empty() && (bits & (fetch_item::envelope | fetch_item::body | fetch_item::bodystructure | fetch_item::preview)) == 0;
  }
};

struct fetch {
  bool uid = false;                       ///< UID FETCH: `set` holds UIDs; `items` has the uid bit
  sequence_set set;
  fetch_items items;
  std::optional<std::uint64_t> changed_since; ///< `items` has the modseq bit then
  std::optional<partial_range> page;      ///< of the messages named, first of all (RFC 9394 §3.3)
  bool vanished = false;                  ///< send VANISHED (EARLIER) since `changed_since`
};

} // namespace rookery::imap
