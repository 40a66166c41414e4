#include "protocols/tls/tls_context.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/tls/tls_layer.hpp"

#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace rookery::tls {

namespace {

// RFC 9325 §4.2: ephemeral key exchange and AEAD. TLS 1.3 keeps OpenSSL's own three suites.
constexpr auto ciphers_1_2 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                             "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                             "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr auto ciphers_opportunistic =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:DHE+AES:RSA+AESGCM:RSA+AES:!aNULL:!MD5:!PSK:!SRP";
constexpr auto groups = "X25519:P-256:P-384:P-521";

std::string openssl_words() {
  char text[256] = "no reason given";
  if (const auto code = ERR_peek_last_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

int number_of(version v) { return v == version::tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION; }

struct bio_of {
  explicit bio_of(const std::string& text) : bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))) {}
  ~bio_of() { BIO_free(bio); }
  bio_of(const bio_of&) = delete;
  bio_of& operator=(const bio_of&) = delete;
  BIO* bio;
};

// An encrypted key has no terminal to ask for its passphrase.
int no_passphrase(char*, int, int, void*) { return 0; }

bool use_chain(SSL_CTX* context, const std::string& pem) {
  const bio_of text(pem);
  X509* leaf = PEM_read_bio_X509(text.bio, nullptr, no_passphrase, nullptr);
  if (leaf == nullptr) return false;
  bool good = SSL_CTX_use_certificate(context, leaf) == 1;
  X509_free(leaf);
  while (good) {
    X509* next = PEM_read_bio_X509(text.bio, nullptr, no_passphrase, nullptr);
    if (next == nullptr) break;
    good = SSL_CTX_add0_chain_cert(context, next) == 1;
    if (!good) X509_free(next);
  }
  if (good) ERR_clear_error(); // the end of the text
  return good;
}

bool use_key(SSL_CTX* context, const std::string& pem) {
  const bio_of text(pem);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(text.bio, nullptr, no_passphrase, nullptr);
  const bool good = key != nullptr && SSL_CTX_use_PrivateKey(context, key) == 1;
  EVP_PKEY_free(key);
  return good;
}

std::string end_point_of(X509* certificate) {
  int digest = NID_undef;
  X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr);
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256; // RFC 5929 §4.1
  const EVP_MD* method = digest == NID_undef ? nullptr : EVP_get_digestbynid(digest);
  unsigned char octets[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (method == nullptr || X509_digest(certificate, method, octets, &size) != 1) return {};
  return {reinterpret_cast<const char*>(octets), size};
}

std::string wire_of(const std::vector<std::string>& alpn) {
  std::string wire;
  for (const auto& name : alpn)
    if (!name.empty() && name.size() < 256) {
      wire += static_cast<char>(name.size());
      wire += name;
    }
  return wire;
}

tls_layer::pipe* pipe_of(SSL* ssl) { return static_cast<tls_layer::pipe*>(SSL_get_app_data(ssl)); }

int choose_by_name(SSL* ssl, int*, void* argument) {
  auto* pipe = pipe_of(ssl);
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (pipe == nullptr) return SSL_TLSEXT_ERR_NOACK;
  auto wanted = std::exchange(pipe->server_name, {});
  if (asked != nullptr) {
    wanted = base::to_lower(asked);
    if (wanted.ends_with('.')) wanted.pop_back();
    pipe->server_name = wanted;
  }
  const int answer = asked != nullptr ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
  const auto* context = static_cast<const tls_context*>(argument);
  if (wanted.empty() || !context->chooser()) return answer;
  // Exceptions must not pass through OpenSSL's frames.
  try {
    pipe->chosen = context->chooser()(wanted);
  } catch (...) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  if (pipe->chosen && SSL_set_SSL_CTX(ssl, pipe->chosen->native()) == nullptr) return SSL_TLSEXT_ERR_ALERT_FATAL;
  return answer; // RFC 6066 §3: an unknown name is better served than refused
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void* argument) {
  const auto& ours = static_cast<const tls_context*>(argument)->alpn_wire();
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL; // RFC 7301 §3.2
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

/// In place of X509_verify_cert, which it calls for those that asked for a check.
int check_chain(X509_STORE_CTX* chain, void*) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* pipe = ssl != nullptr ? pipe_of(ssl) : nullptr;
  return pipe != nullptr && !pipe->checked ? 1 : X509_verify_cert(chain);
}

/// Of a client: any will do here. That it holds the key OpenSSL checks, whom it belongs to client_trust.
int accept_any(X509_STORE_CTX*, void*) { return 1; }

void set_common(SSL_CTX* context, version least, version most) {
  SSL_CTX_set_min_proto_version(context, number_of(least));
  SSL_CTX_set_max_proto_version(context, number_of(most));
  SSL_CTX_set_cipher_list(context, ciphers_1_2);
  SSL_CTX_set1_groups_list(context, groups);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_SINGLE_ECDH_USE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

} // namespace

base::result<std::shared_ptr<const tls_context>> tls_context::make_server(server_settings settings) {
  ERR_clear_error();
  std::shared_ptr<tls_context> made(new tls_context);
  made->context_ = SSL_CTX_new(TLS_server_method());
  auto* context = made->context_;
  const auto refuse = [](const char* what) {
    return base::fail(base::error_kind::invalid, what, std::string(what) + ": " + openssl_words());
  };
  if (context == nullptr) return refuse("TLS is not available");
  set_common(context, settings.least, settings.most);
  // We order, but a client that puts ChaCha20 first (a phone without AES instructions) gets it.
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  if (!use_chain(context, settings.certificates_pem)) return refuse("the certificate chain cannot be used");
  if (!use_key(context, settings.key_pem)) return refuse("the private key cannot be used");
  if (SSL_CTX_check_private_key(context) != 1) return refuse("the private key is not that of the certificate");
  made->server_ = true;
  made->end_point_ = end_point_of(SSL_CTX_get0_certificate(context));
  made->choose_ = std::move(settings.choose);
  made->alpn_wire_ = wire_of(settings.alpn);

  SSL_CTX_set_cert_verify_callback(context, accept_any, nullptr); // called where a layer asks for certificates
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  static constexpr unsigned char session_context[] = "rookery";
  SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1);
  if (settings.tickets) {
    SSL_CTX_set_num_tickets(context, 1);
  } else {
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  }
  SSL_CTX_set_tlsext_servername_callback(context, choose_by_name);
  SSL_CTX_set_tlsext_servername_arg(context, made.get());
  if (!made->alpn_wire_.empty()) SSL_CTX_set_alpn_select_cb(context, choose_protocol, made.get());
  ERR_clear_error();
  return std::shared_ptr<const tls_context>(std::move(made));
}

base::result<std::shared_ptr<const tls_context>> tls_context::make_client(client_settings settings) {
  ERR_clear_error();
  std::shared_ptr<tls_context> made(new tls_context);
  made->context_ = SSL_CTX_new(TLS_client_method());
  auto* context = made->context_;
  if (context == nullptr) return base::fail(base::error_kind::invalid, "TLS is not available", openssl_words());
  set_common(context, settings.least, settings.most);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (settings.opportunistic) SSL_CTX_set_cipher_list(context, ciphers_opportunistic);
  SSL_CTX_set_cert_verify_callback(context, check_chain, nullptr);
  if (SSL_CTX_dane_enable(context) != 1) return base::fail(base::error_kind::invalid, "DANE is not available", openssl_words());
  if (!settings.certificates_pem.empty()) {
    if (!use_chain(context, settings.certificates_pem))
      return base::fail(base::error_kind::invalid, "the certificate chain cannot be used", openssl_words());
    if (!use_key(context, settings.key_pem) || SSL_CTX_check_private_key(context) != 1)
      return base::fail(base::error_kind::invalid, "the private key cannot be used", openssl_words());
  }
  if (!settings.trusted_pem.empty()) {
    const bio_of text(settings.trusted_pem);
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    int trusted = 0;
    while (X509* certificate = PEM_read_bio_X509(text.bio, nullptr, no_passphrase, nullptr)) {
      trusted += X509_STORE_add_cert(store, certificate);
      X509_free(certificate);
    }
    if (trusted == 0)
      return base::fail(base::error_kind::invalid, "no certificate to trust", openssl_words());
  }
  made->alpn_wire_ = wire_of(settings.alpn);
  if (!made->alpn_wire_.empty())
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(made->alpn_wire_.data()),
                            static_cast<unsigned>(made->alpn_wire_.size()));
  ERR_clear_error();
  return std::shared_ptr<const tls_context>(std::move(made));
}

tls_context::~tls_context() { SSL_CTX_free(context_); }

} // namespace rookery::tls
