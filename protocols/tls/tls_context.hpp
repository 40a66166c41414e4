/// What many TLS connections share: certificate, key, versions, ciphers, ticket keys.
///
/// Source: RFC 8446, RFC 5246; choices by RFC 9325 (BCP 195): TLS 1.2 and 1.3 only,
/// forward secrecy and AEAD only, no compression, no renegotiation.
/// Immutable once made, shared by all threads. A new certificate is a new context:
/// connections that run keep the one they began with.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

typedef struct ssl_ctx_st SSL_CTX;

namespace rookery::tls {

enum class version : std::uint8_t { tls_1_2, tls_1_3 };

class tls_context;
/// Which context serves this server name (as the client sent it, lower case, without
/// final dot)? Nothing: the one the connection began with. Called during the handshake
/// in the connection's thread; must be quick and safe from any thread.
using choose_context = std::function<std::shared_ptr<const tls_context>(std::string_view server_name)>;

struct server_settings {
  std::string certificates_pem;   ///< Leaf first, then the chain.
  std::string key_pem;            ///< Unencrypted.
  version least = version::tls_1_2;
  version most = version::tls_1_3;
  bool tickets = true;            ///< Session tickets (RFC 5077, RFC 8446 §4.6.1).
  std::vector<std::string> alpn;  ///< Best first; empty: ALPN is ignored. A client that offers none of them is refused (RFC 7301 §3.2).
  choose_context choose;          ///< May be empty.
};

struct client_settings {
  version least = version::tls_1_2;
  version most = version::tls_1_3;
  std::string trusted_pem;        ///< Certificates to trust; without any, a chain is checked by DANE or not at all.
  std::string certificates_pem, key_pem; ///< Shown to a server that asks for a certificate; empty: none.
  /// Takes older suites of TLS 1.2 too (no forward secrecy, CBC): for peers to which mail would else go
  /// in the clear (RFC 7435 §1.2).
  bool opportunistic = false;
  std::vector<std::string> alpn;  ///< Offered; empty: none.
};

class tls_context {
public:
  /// Fails with `invalid` when the PEM text cannot be read or key and certificate do
  /// not belong together; the log text says which.
  static base::result<std::shared_ptr<const tls_context>> make_server(server_settings);
  static base::result<std::shared_ptr<const tls_context>> make_client(client_settings);
  ~tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;

  bool server() const noexcept { return server_; }
  /// RFC 5929 §4: digest of our certificate by its signature's hash (SHA-256 for MD5
  /// and SHA-1); empty where the signature has no hash of its own, and for a client.
  const std::string& server_end_point() const noexcept { return end_point_; }
  SSL_CTX* native() const noexcept { return context_; }
  /// For the handshake's callbacks.
  const choose_context& chooser() const noexcept { return choose_; }
  const std::string& alpn_wire() const noexcept { return alpn_wire_; }

private:
  tls_context() = default;
  SSL_CTX* context_ = nullptr;
  bool server_ = false;
  std::string end_point_;
  std::string alpn_wire_;
  choose_context choose_;
};

} // namespace rookery::tls
