/// The parameters of MAIL and RCPT.
///
/// Source: RFC 1870 (SIZE), RFC 6152 (BODY), RFC 3030 (BINARYMIME), RFC 6531 (SMTPUTF8),
/// RFC 3461 (RET, ENVID, NOTIFY, ORCPT), RFC 4954 §5 (AUTH), RFC 8689 (REQUIRETLS),
/// RFC 2852 (BY), RFC 4865 (HOLDFOR, HOLDUNTIL), RFC 6533 (utf-8 ORCPT).
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::smtp {

enum class body_type : std::uint8_t { seven_bit, eight_bit_mime, binary_mime };
enum class dsn_return : std::uint8_t { unset, full, headers };

/// RFC 2852 §4.
struct deliver_by {
  std::int32_t seconds = 0;     ///< from now; negative when the time has passed on its way
  bool or_return = false;       ///< mode R; else N
  bool trace = false;           ///< modifier T
};

struct mail_parameters {
  std::optional<std::uint64_t> size;     ///< octets
  body_type body = body_type::seven_bit;
  bool body_given = false;
  bool smtputf8 = false;
  bool require_tls = false;
  dsn_return ret = dsn_return::unset;
  std::string envelope_id;               ///< xtext as given; "" = none
  std::optional<std::string> auth;       ///< decoded mailbox; "" for "<>"
  std::optional<deliver_by> by;
  std::optional<std::chrono::seconds> hold_for;
  std::optional<base::wall_time> hold_until;
};

/// NOTIFY as a set; 0 = not given.
namespace notify {
inline constexpr std::uint8_t never = 1, success = 2, failure = 4, delay = 8;
}

struct rcpt_parameters {
  std::uint8_t notify = 0;
  std::string original_recipient;        ///< "rfc822;ann@example.net", xtext as given; "" = none
};

/// Which extensions were offered on this connection: others are unknown parameters.
struct extensions {
  bool size = true, eight_bit_mime = true, smtputf8 = true, dsn = true;
  bool binary_mime = false, auth = false, require_tls = false, deliver_by = false, future_release = false;
};

enum class parameter_error : std::uint8_t {
  unknown,  ///< not offered, or not heard of: 555 5.5.4
  malformed ///< its value is wrong, or it stands twice: 501 5.5.4
};

/// All of `text`, which is empty or begins with a space.
base::result<mail_parameters, parameter_error> read_mail_parameters(std::string_view text, const extensions& offered);
base::result<rcpt_parameters, parameter_error> read_rcpt_parameters(std::string_view text, const extensions& offered);

/// RFC 3461 §4: "+3D" and the like become octets. Nothing when it is no xtext.
std::optional<std::string> decode_xtext(std::string_view text);
std::string encode_xtext(std::string_view octets);
/// RFC 6533 §3, utf-8-addr-xtext: "\x{FC}" and the like for what is no plain character, and back. Nothing
/// when it is malformed or no UTF-8.
std::string encode_utf8_address(std::string_view utf8);
std::optional<std::string> decode_utf8_address(std::string_view text);
/// ORCPT or a field of a report, "rfc822;xtext" or "utf-8;…", without its type and decoded. As it is when
/// its type is another one or it cannot be decoded.
std::string decode_typed_address(std::string_view text);

} // namespace rookery::smtp
