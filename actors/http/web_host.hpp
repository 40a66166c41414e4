/// The public web service of a node: one host, and what it shows as parts beside each other.
///
/// A part answers the requests that are its own, by host and path. Who nobody answers gets 404. For
/// strangers: bodies are small, and a slow client is cut (protocols/http/limits.hpp).
#pragma once

#include "actors/http/http_host.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rookery::actors {

struct web_answer {
  std::uint16_t status = 200;
  http::field_list fields;          ///< Date and the framing are added
  std::string body;
};
/// Nothing: the request is another part's. Runs in the connection's reactor and must not block.
using web_part = std::function<std::optional<web_answer>(const http_call&)>;
using web_parts = std::vector<web_part>;

inline constexpr std::size_t web_body_octets_max = 64 * 1024; ///< of a request; more gets 413

/// For a listener. The first part that answers counts.
std::unique_ptr<net::protocol> make_web_host(const base::clock&, std::shared_ptr<const web_parts>, const connection_facts&);

} // namespace rookery::actors
