/// What a URL names, read from the mailbox where it lies.
///
/// Source: RFC 4469 §4 (octets as they are stored), RFC 5092 §6.1.1 (sections, PARTIAL), RFC 5524 §3.
/// Everything here waits for the disk: in a reader.
#pragma once

#include "protocols/imap/url.hpp"
#include "protocols/imap/url_auth.hpp"
#include "storage/body/body_reader.hpp"
#include "storage/mail/mailbox_view.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace rookery::actors {

enum class url_outcome : std::uint8_t {
  done,
  gone,      ///< no such message, or it has no such part; or UIDVALIDITY is another
  too_large, ///< more octets than allowed
  failed     ///< the disk, or `take`
};

/// Gives the octets to `take` piece by piece; it gives false when it cannot take them.
url_outcome read_url(storage::body_reader&, storage::mail::mailbox_cell&, const imap::message_url&, std::uint64_t octets_max,
                     const std::function<bool(std::string_view)>& take);

/// At most `most` of them, from `from` on; `last`: no more follow. Each piece looks for the message again.
url_outcome read_url_piece(storage::body_reader&, storage::mail::mailbox_cell&, const imap::message_url&, std::uint64_t from,
                           std::size_t most, std::string& out, bool& last);

/// Those of `items` (imap::url_item, 0: the octets) that can be had.
url_outcome read_url_data(storage::body_reader&, storage::mail::mailbox_cell&, const imap::message_url&, std::uint8_t items,
                          std::uint64_t octets_max, imap::url_data& out);

} // namespace rookery::actors
