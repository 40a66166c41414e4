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

struct recipient {
  std::string address;
  std::uint8_t notify = 0;
  std::string orcpt;             ///< as given, "rfc822;ann@example.net"; or ""
  recipient_state state = recipient_state::waiting;
  std::uint32_t attempts = 0;
  base::wall_time next_attempt{};///< not before; 0 = at once
  std::string last_answer;       ///< of the last attempt, one line, at most 500 octets
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
  body_ref content;              ///< set by the machine from the command's body

  std::uint64_t octets() const noexcept { return prefix.size() + content.length; }
  std::size_t outstanding() const noexcept;
};

/// The whole envelope, with a version in front.
void encode(const envelope&, base::encoder&);
/// Reads what `encode` wrote, up to its end; nothing when it is malformed, of another version,
/// or over the limits below.
std::optional<envelope> decode_envelope(base::decoder&);

/// The parts: everything but the recipients, and one recipient.
void encode_head(const envelope&, base::encoder&);
bool decode_head(base::decoder&, envelope&);
void encode_recipient(const recipient&, base::encoder&);
bool decode_recipient(base::decoder&, recipient&);

inline constexpr std::size_t recipients_max = 100000;   ///< of one message
inline constexpr std::size_t last_answer_octets_max = 500;
inline constexpr std::size_t queue_name_octets_max = 64;

} // namespace rookery::storage::queue
