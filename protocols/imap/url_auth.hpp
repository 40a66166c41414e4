/// URLs that carry an authorization: made, taken back, and used.
///
/// Source: RFC 4467 §7, §8 (URLAUTH); RFC 5524 (URLAUTH=BINARY).
#pragma once

#include "protocols/imap/response_writer.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::imap {

/// The one way of authorization that is known: "INTERNAL".
inline constexpr std::string_view url_mechanism = "INTERNAL";

/// New keys, so that no URL of before is good any more.
struct reset_key {
  std::string mailbox;                 ///< "": all of the user's
  std::vector<std::string> mechanisms; ///< that may be used from now on; none: what the server has
};

struct gen_url_auth {
  std::vector<std::pair<std::string, std::string>> urls; ///< with the mechanism that is wanted
};

/// What of a URL is asked for (RFC 5524 §3).
namespace url_item {
inline constexpr std::uint8_t body = 1, binary = 2, structure = 4;
} // namespace url_item

struct fetched_url {
  std::string url;
  std::uint8_t items = 0; ///< 0: asked in the old way, which is answered by a string alone
};
struct url_fetch { std::vector<fetched_url> urls; };

class word_reader;
bool read_reset_key(word_reader&, reset_key&);
bool read_gen_url_auth(word_reader&, gen_url_auth&);
bool read_url_fetch(word_reader&, url_fetch&);

/// `urls`: complete ones.
void write_gen_url_auth(response_writer, std::span<const std::string> urls);
/// What a URL gave; nothing: it is not good, or not for this user.
struct url_data {
  std::string body;                     ///< octets as they are
  std::optional<std::string> binary;    ///< decoded; none: its encoding is not known
  std::string structure;                ///< wire form of BODYSTRUCTURE; "": none
};
/// One URL's answer, a line of its own.
void write_url_fetch(response_writer, const fetched_url&, const url_data*);
/// The part of a message's BODYSTRUCTURE that a section names; "" when it has none such.
std::string part_structure(std::string_view bodystructure, std::span<const std::uint32_t> part);
/// The structure of a part that is shown decoded, as `octets`: encoding, size and lines are theirs (RFC 5524 §3.2).
/// As it is for a part that has nothing to decode.
std::string decoded_structure(std::string_view part, std::string_view octets);
/// "BADURL "…"", for CATENATE.
std::string bad_url_code(std::string_view url);

} // namespace rookery::imap
