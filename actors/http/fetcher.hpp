/// Gets and posts over HTTPS: one actor a node.
///
///   self->request(fetcher, caf::infinite, http_fetch{"https://mta-sts.example.org/…"})
///       .then([](const http_fetched& f) { if (f->ok()) … f->body … });
///
/// The server's certificate must be valid for the URL's host; nothing else than HTTPS is spoken; no
/// redirect is followed, no proxy used, no cookie kept. Names are asked of the node's own resolver, and
/// addresses of closed networks are refused: a stranger's URL does not reach our neighbours. Every
/// request is answered: within its time, once it is its turn and the name is known. Never blocks who asks (libcurl, in a thread of its own).
#pragma once

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

struct fetcher_settings {
  std::string ca_file = "/etc/ssl/certs/ca-certificates.crt"; ///< PEM
  /// "HOST:PORT:ADDRESS:PORT": there instead, without asking for the name; the certificate is checked
  /// for HOST all the same. For tests and closed networks.
  std::vector<std::string> connect_to;
  friend bool operator==(const fetcher_settings&, const fetcher_settings&) = default;
};

inline constexpr std::size_t fetches_running_max = 64;
inline constexpr std::size_t fetches_waiting_max = 10'000; ///< more are refused at once

struct http_fetch {
  std::string url;
  std::string body{};                       ///< not empty: POST
  std::string content_type{};               ///< of `body`
  std::size_t octets_max = 64 * 1024;       ///< of the answer's body; a longer one is a failure
  std::chrono::milliseconds time{60000};
};

enum class fetch_failure : std::uint8_t {
  none,
  url,         ///< not https, or not readable
  name,        ///< the host's name has no address that may be used
  certificate, ///< not trusted, expired, for another name (RFC 8460: sts-webpki-invalid)
  connection,  ///< refused, broken, timed out
  too_large,
  busy         ///< too many wait
};
std::string_view name(fetch_failure) noexcept;

struct fetch_answer {
  fetch_failure failure = fetch_failure::none;
  std::string text;                         ///< of the failure; for logs
  std::uint16_t status = 0;                 ///< HTTP's, any: 301 is an answer like others
  std::string content_type, body;

  /// An answer with a 2xx status.
  bool ok() const noexcept { return failure == fetch_failure::none && status >= 200 && status < 300; }
};
struct http_fetched {
  std::shared_ptr<const fetch_answer> value;
  const fetch_answer* operator->() const noexcept { return value.get(); }
};
/// Other settings for what is fetched from now on.
struct configure_fetcher {
  fetcher_settings settings;
};

/// `resolver`: answers `dns_question`s (actors/dns).
caf::actor spawn_fetcher(caf::actor_system&, fetcher_settings, caf::actor resolver);

/// May a stranger's URL lead there? Not loopback, private, link-local, multicast or reserved.
bool public_address(const std::string& numeric) noexcept;

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::http_fetch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::http_fetched)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::configure_fetcher)
