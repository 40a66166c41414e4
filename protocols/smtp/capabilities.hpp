/// What a server says it can do: the lines behind its EHLO answer.
///
/// Source: RFC 5321 §4.1.1.1; keywords: RFC 2920, 1870, 6152, 3030, 6531, 3461, 3207, 4954, 8689, 2852,
/// 9422, 2034, 1985. Unknown ones and faulty values are skipped.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::smtp {

struct capabilities {
  bool extended = false;   ///< EHLO or LHLO was accepted; false after HELO: nothing else is set then
  bool pipelining = false, eight_bit_mime = false, chunking = false, binary_mime = false, smtputf8 = false;
  bool dsn = false, starttls = false, require_tls = false, enhanced_status_codes = false, etrn = false;
  bool size = false;
  std::optional<std::uint64_t> message_octets_most; ///< RFC 1870 §3; none or 0 = not told
  bool deliver_by = false;
  std::chrono::seconds deliver_by_least{0};         ///< RFC 2852 §2
  std::vector<std::string> mechanisms;              ///< of AUTH, as named; at most `mechanisms_max`
  /// RFC 9422 §4: 0 = not told.
  std::uint32_t mails_most = 0, recipients_most = 0, recipient_domains_most = 0;
};

inline constexpr std::size_t mechanisms_max = 32;

/// `text` of the reply to EHLO: the first line is the server's name.
capabilities read_capabilities(std::string_view text);

} // namespace rookery::smtp
