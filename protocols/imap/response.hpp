/// Responses of a server as values.
///
/// Source: RFC 9051 §7, RFC 3501 §7; ESEARCH RFC 4731. What a client of ours does not need is
/// `other_response`; items of FETCH it does not need are read over, however deep up to `depth`.
#pragma once

#include "base/clock.hpp"
#include "protocols/imap/client_limits.hpp"
#include "protocols/imap/flag.hpp"
#include "protocols/imap/sequence_set.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::imap {

enum class condition : std::uint8_t { ok, no, bad, bye, preauth };

/// "a1 OK [READ-WRITE] Done": `tag` is empty for "*".
struct status_response {
  std::string tag;
  condition what = condition::ok;
  std::string code;      ///< In capitals, without brackets; may be empty.
  std::string arguments; ///< Of the code.
  std::string text;
};
/// "+ text"
struct continuation_response { std::string text; };
struct capability_response { std::vector<std::string> names; };
struct exists_response { std::uint32_t messages = 0; };
struct expunge_response { std::uint32_t number = 0; };
struct fetch_response {
  std::uint32_t number = 0;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint64_t> size;
  std::optional<flag_list> flags;
  std::optional<base::wall_time> internal_date;
  bool has_section = false;              ///< BODY[…] stands there.
  std::optional<std::string> section;    ///< Its octets, "" when they streamed; nothing for NIL.
};
struct list_response {
  std::string name;                      ///< UTF-8; separator and case as the server has them.
  char separator = '\0';                 ///< '\0': the server has no hierarchy.
  std::vector<std::string> attributes;   ///< "\Noselect" …, as written.
  bool has(std::string_view attribute) const noexcept;
};
/// SEARCH, and ALL of ESEARCH.
struct search_response { number_ranges numbers; };
struct other_response { std::string name; };

using any_response = std::variant<status_response, continuation_response, capability_response, exists_response,
                                  expunge_response, fetch_response, list_response, search_response, other_response>;

/// `text` is that of response_reader; `utf8`: mailbox names are UTF-8 on the wire. Nothing
/// when it is no response.
std::optional<any_response> parse_response(std::string_view text, bool utf8, const client_limits&);
/// The names of a CAPABILITY response or code.
std::vector<std::string> parse_capabilities(std::string_view text, const client_limits&);

} // namespace rookery::imap
