/// What a server makes of the certificate that its client shows.
///
/// Source: RFC 4985 (SRVName), RFC 6120 §13.7 (XmppAddr); RFC 8446 §4.3.2, §4.4.2 and RFC 5246 §7.4.4, §7.4.6 (a client may have none, and is served then
/// too); RFC 5280 §4.2.1.6 (rfc822Name), §6 (chains). Names of authorities are not sent in the request: a client
/// whose certificate is known by itself would hold it back.
/// Immutable, shared by all threads.
#pragma once

#include "base/result.hpp"
#include "protocols/connection_facts.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

typedef struct x509_store_st X509_STORE;
typedef struct ssl_st SSL;

namespace rookery::tls {

/// Names of one kind in one certificate that are looked at.
inline constexpr std::size_t client_addresses_max = 16;
inline constexpr std::size_t client_domains_max = 200;

/// Of whom certificates are: OpenSSL looks whether they may be used so (RFC 5280 §4.2.1.12).
enum class peer_kind : std::uint8_t {
  client, ///< a person's
  server  ///< another server that has connected: those have certificates of servers (RFC 6120 §13.7.1)
};

/// The names in the certificate of a finished handshake's peer; not yet trusted. Null when it showed none.
std::shared_ptr<client_certificate> read_peer_certificate(SSL*);

class client_trust {
public:
  /// `trusted_pem`: authorities that may vouch for clients; "": none does, and what counts is that a
  /// certificate is known by itself. `invalid` for a text without a certificate.
  static base::result<std::shared_ptr<const client_trust>> make(std::string_view trusted_pem, peer_kind = peer_kind::client);
  ~client_trust();
  client_trust(const client_trust&) = delete;
  client_trust& operator=(const client_trust&) = delete;

  /// What the client of a finished handshake showed; null when it showed nothing.
  std::shared_ptr<const client_certificate> judge(SSL*) const;

private:
  client_trust() = default;
  X509_STORE* store_ = nullptr; ///< null: nobody vouches
  peer_kind kind_ = peer_kind::client;
};

} // namespace rookery::tls
