/// Delivery status notifications of others, read.
///
/// Source: RFC 3464 §2, RFC 6522, RFC 6533. Tolerant: what cannot be read is left out.
#pragma once

#include "base/bytes.hpp"
#include "protocols/smtp/dsn/report.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::smtp::dsn {

struct received_recipient {
  std::optional<action> what;         ///< nothing for words that are no action
  std::string status;                 ///< "5.1.1"; "" when missing or malformed
  std::string final_recipient;        ///< without its type, xtext of utf-8 addresses undone
  std::string original_recipient;     ///< the same; "" = none
  std::string remote_mta, diagnostic; ///< without their types, unfolded
};

struct received_report {
  std::string reporting_mta, envelope_id;
  std::vector<received_recipient> recipients;
  std::string original_message_id;    ///< of the returned message or header, with brackets; "" = none
};

/// Recipients beyond are left out.
inline constexpr std::size_t received_recipients_max = 1'000;
/// Octets of the status part that are read.
inline constexpr std::size_t status_octets_max = 1u << 20;

/// The content of a message/delivery-status or message/global-delivery-status, transfer encoding undone.
/// Nothing when it has no recipient.
std::optional<received_report> read_status(base::const_bytes content);
/// A whole message, or the front of it: a multipart/report of type delivery-status. Nothing for others.
std::optional<received_report> read_report(base::const_bytes message);

} // namespace rookery::smtp::dsn
