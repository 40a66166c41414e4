/// One mail to be given to a server, and what became of each recipient.
///
/// Source: RFC 5321 §3.3, §4.2.1 (4yz and 5yz); parameters as in parameters.hpp.
#pragma once

#include "protocols/smtp/address.hpp"
#include "protocols/smtp/parameters.hpp"
#include "protocols/smtp/reply.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rookery::smtp {

struct transaction_recipient {
  mailbox address;
  std::uint8_t notify = 0;              ///< as notify::…; 0 = not given
  std::string original_recipient;       ///< "rfc822;ann@example.net", xtext as given; "" = none
};

/// What is to be sent; the body comes later, in pieces.
struct transaction {
  mailbox sender;                       ///< the null path for reports
  std::vector<transaction_recipient> recipients; ///< at least one
  std::uint64_t octets = 0;             ///< of the body: for SIZE and to choose how it is sent; may be an estimate
  body_type body = body_type::eight_bit_mime;
  bool smtputf8 = false;                ///< the header has UTF-8, or its sender asked for SMTPUTF8
  bool require_tls = false;             ///< RFC 8689
  dsn_return ret = dsn_return::unset;
  std::string envelope_id;              ///< xtext as given; "" = none
  std::optional<deliver_by> by;         ///< with the seconds that are left now
  /// Ends with the answers to RCPT, and no message is sent: `delivered` means that the server would take it.
  bool verify_only = false;
};

/// How far things were when they ended.
enum class stage : std::uint8_t {
  connect,   ///< greeting
  greeting,  ///< EHLO, HELO, LHLO
  tls,
  authentication,
  mail, recipient,
  data,      ///< DATA, until 354
  body,      ///< while the body was sent
  final,     ///< all was sent, the answer was awaited: whether it was taken is not known without one
  idle       ///< between transactions
};

/// Why a transaction cannot be given to this server as it is; found before anything is sent.
enum class obstacle : std::uint8_t {
  eight_bit,      ///< 8-bit or binary body, and the server takes none: convert (mime/seven_bit) and begin again
  utf8,           ///< SMTPUTF8 is missing: 5.6.7 (RFC 6531 §3.5)
  no_require_tls, ///< REQUIRETLS is missing or there is no TLS: 5.7.30 (RFC 8689 §5)
  size,           ///< the server takes no message of this size: 5.3.4 (RFC 1870 §6)
  no_deliver_by,  ///< mode R, and the server knows no DELIVERBY, or wants more time: 5.3.3 (RFC 2852 §4)
  sender          ///< the sender's address cannot stand in a command: 5.1.7
};

struct recipient_outcome {
  enum class kind : std::uint8_t {
    delivered, ///< the server has taken it
    refused,   ///< for good (5yz), or it can never be sent here
    deferred,  ///< try again later (4yz, a lost connection)
    untried    ///< nothing is wrong: the server takes no more recipients at once. Again at once, in another transaction
  };
  kind what = kind::deferred;
  /// The server's words. Code 0: its own words are missing, and `text` and `enhanced` are ours.
  reply answer;
  stage where = stage::mail;
};

} // namespace rookery::smtp
