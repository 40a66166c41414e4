/// What a submission server adds to a message that its client left incomplete.
///
/// Source: RFC 6409 §8 (Date, Message-ID, and Sender), RFC 5322 §3.6 (Date and From must be there).
#pragma once

#include "base/clock.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rookery::smtp {

/// Delivered-To fields whose addresses are remembered: a loop shows in the newest, which stand first.
inline constexpr std::size_t delivered_to_addresses_max = 50;

/// What stands in the header of a submitted message.
struct header_facts {
  bool date = false, message_id = false, from = false, sender = false;
  unsigned received = 0;              ///< Received fields (loops, RFC 5321 §6.3)
  /// Of the first Delivered-To fields, in lower case. Those behind a Resent- field are of the message's
  /// life before somebody sent it again (RFC 5322 §3.6.6), and not counted.
  std::vector<std::string> delivered_to_addresses;
  std::vector<std::string> from_addresses; ///< of the From fields, as far as they can be read
  std::string subject;                ///< of the first Subject, decoded, UTF-8
  std::string message_id_value;       ///< of the first Message-ID, with its brackets; "" when it is none
  std::string deferred_delivery;      ///< of the first Deferred-Delivery, unfolded; a date
  bool tls_optional = false;          ///< "TLS-Required: No" (RFC 8689 §3)
};
/// Reads the header at the front of a message (or as much of it as there is).
header_facts read_header_facts(std::string_view message);

struct fix_up_facts {
  std::string_view sender;            ///< envelope sender or login, for a missing From
  std::string_view message_id;        ///< a fresh one without brackets, "abc123@host"
  base::wall_time time{};
};
/// The fields to put in front, each with its CRLF; "" when nothing is missing.
std::string fix_ups(const header_facts&, const fix_up_facts&);


/// Is the first line of a message a header field, or the empty line that ends an empty header (or
/// an mbox "From " line)? If not, trace fields must be parted from it by an empty line, or its text
/// would be read as header. `text` should hold the first line, or `header_name_octets_max` octets of it.
bool begins_with_header(std::string_view text) noexcept;
/// A first line without a colon within so many octets is text (RFC 5322 §2.1.1).
inline constexpr std::size_t header_name_octets_max = 998;

} // namespace rookery::smtp
