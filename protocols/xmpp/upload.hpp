/// Files that people send each other through the web service: requests for a place, answers, and how a file is shown.
///
/// Source: XEP-0363 §3 to §6 (requests), §7 (what is served safely); RFC 6266 and RFC 8187 (names of files).
#pragma once

#include "base/clock.hpp"
#include "protocols/xmpp/stanza.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::xmpp {

inline constexpr std::string_view upload_space = "urn:xmpp:http:upload:0";
/// Octets of a file's name, and of its type.
inline constexpr std::size_t upload_name_octets_max = 255, upload_type_octets_max = 100;

struct upload_request {
  std::string name;              ///< as the user's system has it
  std::uint64_t octets = 0;
  std::string type;              ///< may be empty
};
/// Nothing: no name or none that can be one, no size or 0, or a type that is none.
std::optional<upload_request> read_upload_request(const element& request);

/// Both URLs are the same.
element upload_slot(std::string_view url);
/// The answer to a request for a file that is too large.
element upload_too_large(const element& iq, std::uint64_t octets_max);
/// The answer to who may ask again later.
element upload_later(const element& iq, std::string_view text, std::optional<base::wall_time> when);
/// disco#info of the service; `octets_max` of the asker's domain.
element upload_info(std::uint64_t octets_max);

/// The path of a file: /upload/<id>/<name, percent-encoded>.
inline constexpr std::string_view upload_path = "/upload/";
std::string upload_target(std::string_view id, std::string_view name);
/// The id in such a path; nothing for another path. Whose name is wrong is another file's.
struct upload_place {
  std::string id, name;
};
std::optional<upload_place> read_upload_target(std::string_view path);

/// What is kept of a file.
struct upload_facts {
  std::string name, type;
  std::uint64_t octets = 0;
  std::string owner;             ///< of the account's records
  base::wall_time stored{};
  bool operator==(const upload_facts&) const = default;
};
std::string encode(const upload_facts&);
std::optional<upload_facts> read_upload_facts(std::string_view);

/// The type that is told: what could run in a browser is told as octets.
std::string_view shown_type(const upload_facts&) noexcept;
/// "inline" for pictures, sound, films and plain text, else "attachment"; with the name.
std::string disposition(const upload_facts&);

} // namespace rookery::xmpp
