/// What a session is told about the connection it runs on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rookery {

/// What a client found out about the server's certificate.
enum class peer_trust : std::uint8_t {
  unchecked, ///< nothing was asked, or nothing could be checked
  pkix,      ///< a trusted chain with an acceptable name
  dane,      ///< a TLSA record matched
  failed     ///< asked and not fulfilled
};

/// What a peer's certificate says. The peer has proved that it holds the key; whose it is, its user must know.
struct client_certificate {
  std::string sha256;                 ///< of its DER octets, 32 octets
  std::vector<std::string> addresses; ///< its rfc822Name entries (RFC 5280 §4.2.1.6), as written
  std::vector<std::string> domains;   ///< its dNSName entries (RFC 6125 §6.4), in lower case
  std::vector<std::string> services;  ///< its SRVName entries (RFC 4985), as "_xmpp-server.example.org", in lower case
  std::vector<std::string> xmpp_addresses; ///< its XmppAddr entries (RFC 6120 §13.7.1.4), as written
  std::string subject;                ///< RFC 2253 text; for logs
  bool trusted = false;               ///< a chain to an authority that is trusted, valid now
  std::string fault;                  ///< else OpenSSL's words for it
};

/// Given to a session when it begins, and again when TLS has been put below it
/// (STARTTLS). Plain values; the session keeps a copy.
struct connection_facts {
  std::string session_id;        ///< One id a session, for logs; letters and digits.
  std::string peer_address;      ///< Text form, "192.0.2.1" or "2001:db8::1", without brackets; from PROXY if used.
  std::uint16_t peer_port = 0;
  bool peer_is_loopback = false; ///< Plaintext logins are allowed then.
  bool tls = false;
  std::string tls_version;       ///< "TLSv1.3"; empty without TLS.
  std::string tls_cipher;        ///< OpenSSL's name of the cipher suite.
  std::string tls_server_name;   ///< SNI as the client asked; may be empty.
  std::string tls_exporter;      ///< RFC 9266 channel binding, 32 octets; empty before TLS 1.3.
  std::string tls_server_end_point; ///< RFC 5929 §4: digest of our certificate.
  peer_trust tls_peer = peer_trust::unchecked; ///< Of a client.
  std::string tls_peer_failure;  ///< RFC 8460 §4.3, "certificate-expired"; also "tlsa-invalid" when no TLSA record could be used.
  std::string tls_peer_text;     ///< OpenSSL's words for it; for logs.
  std::shared_ptr<const client_certificate> tls_client; ///< Of a server's client; null: it showed none.
  std::shared_ptr<const client_certificate> tls_server; ///< Of a server, where its chain alone was asked for (tls::check_mode::chain).
  std::string nonce;             ///< Fresh random letters and digits (24), for SCRAM and APOP.

  /// May a password travel here?
  bool secure() const noexcept { return tls || peer_is_loopback; }
};

} // namespace rookery
