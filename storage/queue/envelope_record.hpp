/// The envelope of an accepted message on its way: what the spool keeps of it.
///
/// Source: RFC 5321 §3.3 (envelope), RFC 3461 (DSN), RFC 6531 (SMTPUTF8), RFC 8689
/// (REQUIRETLS), RFC 2852 (DELIVERBY), RFC 4865 (FUTURERELEASE).
/// On disk: docs/formats/spool.md; enum numbers are stored: never renumber.
#pragma once

#include "base/clock.hpp"
#include "base/codec.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "storage/log/commit_group.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::queue {

enum class body_type : std::uint8_t { seven_bit = 0, eight_bit_mime = 1, binary_mime = 2 };
enum class dsn_return : std::uint8_t { unset = 0, full = 1, headers = 2 };

/// RFC 3461 §4.1; 0: not given.
namespace notify {
inline constexpr std::uint8_t never = 1, success = 2, failure = 4, delay = 8;
}

enum class recipient_state : std::uint8_t {
  waiting = 0,   ///< to be tried at `next_attempt`
  delivered = 1, ///< handed over, or stored
  failed = 2,    ///< refused for good
  expired = 3    ///< given up after the queue's time
};

/// Where a message came from.
enum class message_origin : std::uint8_t {
  mail = 0,      ///< a client or another server
  report = 1,    ///< a delivery status notification of ours
  forwarded = 2, ///< an account's or a domain's forwarding
  system = 3,    ///< anything else that this server wrote
  collected = 4, ///< fetched from a mailbox elsewhere
  list = 5,      ///< a mailing list's copy
  archived = 6   ///< a copy that an archive rule made
};

/// Whether name servers' answers about this message's recipients must be validated.
enum class dnssec_wish : std::uint8_t { none = 0, requested = 1, required = 2 };

/// What a route wants of TLS.
enum class route_tls : std::uint8_t {
  when_offered = 0,
  never = 1,
  required = 2,  ///< any certificate
  verified = 3   ///< with a certificate for the host's name
};

/// A way of its own for one message: it wins over every other. Empty `host`: none.
struct message_route {
  std::string host;                  ///< name or address literal; its MX records are not asked
  std::uint16_t port = 25;
  route_tls tls = route_tls::when_offered;
  bool tls_at_once = false;          ///< TLS from the first octet (submissions)
  std::string login;                 ///< "": no AUTH
  std::string sealed_password;       ///< sealed for the node; never shown
  bool operator==(const message_route&) const = default;
};

struct recipient {
  std::string address;
  std::uint8_t notify = 0;
  std::string orcpt;             ///< as given, "rfc822;ann@example.net"; or ""
  recipient_state state = recipient_state::waiting;
  std::uint32_t attempts = 0;
  base::wall_time next_attempt{};///< not before; 0 = at once
  std::string last_answer;       ///< of the last attempt, one line, at most 500 octets
  base::wall_time last_attempt{};///< when it ended; 0: none did
  std::string remote_host;       ///< that gave the last answer, at most 255 octets
  bool delay_told = false;       ///< the sender was told of the delay
};

struct envelope {
  base::message_id id;
  std::string sender;            ///< "" is the null sender
  std::vector<recipient> recipients;
  std::string queue = "remote";  ///< name, at most 64 octets
  dsn_return ret = dsn_return::unset;
  std::string envid;
  body_type body = body_type::seven_bit;
  bool smtputf8 = false;
  bool requiretls = false;
  bool held = false;
  std::string held_because;
  base::wall_time hold_until{};  ///< FUTURERELEASE; 0: none
  base::wall_time deliver_by{};  ///< DELIVERBY; 0: none
  bool deliver_by_return = false;///< mode R; else N
  bool deliver_by_trace = false; ///< modifier T
  base::wall_time received{};
  base::account_id account;      ///< who submitted it; 0: nobody logged in
  std::string login;             ///< his name at that time
  std::string peer;              ///< address of the client
  std::string helo;
  std::string session;           ///< trace id of the session
  std::string prefix;            ///< octets before the body (trace header fields); at most 4,096
  std::uint32_t attempts = 0;    ///< begun on the whole message
  message_origin origin = message_origin::mail;
  std::int8_t priority = 0;      ///< greater goes first; RFC 6710's range, -9 to 9
  std::string subject;           ///< as UTF-8, for lists and reports; at most 200 octets
  std::string message_id_field;  ///< with its angle brackets; at most 250 octets
  message_route route;
  dnssec_wish dnssec = dnssec_wish::none;
  bool tls_optional = false;     ///< the sender wrote "TLS-Required: No" (RFC 8689 §3)
  body_ref content;              ///< set by the machine from the command's body

  std::uint64_t octets() const noexcept { return prefix.size() + content.length; }
  std::size_t outstanding() const noexcept;
};

/// What is written; 1 is read too.
inline constexpr std::uint8_t envelope_version = 2;

/// The whole envelope, with its version in front. Texts that have a bound are cut to it.
void encode(const envelope&, base::encoder&);
/// Reads what `encode` wrote, up to its end; nothing when it is malformed, of a newer version,
/// or over the limits below.
std::optional<envelope> decode_envelope(base::decoder&);

/// The parts: everything but the recipients, and one recipient. Reading keeps the memory that
/// the strings have.
void encode_head(const envelope&, base::encoder&);
bool decode_head(base::decoder&, envelope&, std::uint8_t version);
void encode_recipient(const recipient&, base::encoder&);
bool decode_recipient(base::decoder&, recipient&, std::uint8_t version);
/// One route, as in a head.
void encode_route(const message_route&, base::encoder&);
bool decode_route(base::decoder&, message_route&);

inline constexpr std::size_t recipients_max = 100000;   ///< of one message
inline constexpr std::size_t last_answer_octets_max = 500;
inline constexpr std::size_t queue_name_octets_max = 64;
inline constexpr std::size_t remote_host_octets_max = 255;
inline constexpr std::size_t subject_octets_max = 200;
inline constexpr std::size_t message_id_field_octets_max = 250;
inline constexpr std::size_t address_octets_max = 1000;      ///< of a redirection
inline constexpr std::size_t route_text_octets_max = 1000;   ///< each text of a route

} // namespace rookery::storage::queue
