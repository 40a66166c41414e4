#include "protocols/tls/client_trust.hpp"

#include "base/text.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace rookery::tls {

namespace {

/// As OpenSSL's level 2: 112 bits, no SHA-1.
constexpr int security_level = 2;

constexpr std::string_view xmpp_address = "1.3.6.1.5.5.7.8.5"; // RFC 6120 §13.7.1.4
constexpr std::string_view service_name = "1.3.6.1.5.5.7.8.7"; // RFC 4985 §2

struct release {
  void operator()(BIO* p) const noexcept { BIO_free(p); }
  void operator()(GENERAL_NAMES* p) const noexcept { GENERAL_NAMES_free(p); }
  void operator()(X509_STORE_CTX* p) const noexcept { X509_STORE_CTX_free(p); }
};
template <class T>
using owned = std::unique_ptr<T, release>;

/// The octets of a name, unless a NUL would end them for some readers and not for others.
std::string_view octets_of(const ASN1_STRING* text) {
  const std::string_view octets(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text)));
  return octets.find('\0') == std::string_view::npos ? octets : std::string_view();
}

void put(std::vector<std::string>& out, std::string name, std::size_t most) {
  if (!name.empty() && out.size() < most) out.push_back(std::move(name));
}

void read_other_name(const OTHERNAME* other, client_certificate& out) {
  char type[64] = "";
  if (other == nullptr || other->value == nullptr || OBJ_obj2txt(type, sizeof type, other->type_id, 1) <= 0) return;
  const auto* value = other->value;
  if (std::string_view(type) == xmpp_address && value->type == V_ASN1_UTF8STRING)
    put(out.xmpp_addresses, std::string(octets_of(value->value.utf8string)), client_domains_max);
  if (std::string_view(type) == service_name && value->type == V_ASN1_IA5STRING)
    put(out.services, base::to_lower(octets_of(value->value.ia5string)), client_domains_max);
}

void read_names(X509* certificate, client_certificate& out) {
  const owned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0; i < count; ++i) {
    int type = 0;
    const auto* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type == GEN_EMAIL) put(out.addresses, std::string(octets_of(static_cast<const ASN1_STRING*>(value))), client_addresses_max);
    else if (type == GEN_DNS) put(out.domains, base::to_lower(octets_of(static_cast<const ASN1_STRING*>(value))), client_domains_max);
    else if (type == GEN_OTHERNAME) read_other_name(static_cast<const OTHERNAME*>(value), out);
  }
}

std::string subject_of(X509* certificate) {
  const owned<BIO> out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) < 0) return {};
  const char* octets = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &octets);
  return size > 0 ? std::string(octets, static_cast<std::size_t>(size)) : std::string();
}

} // namespace

base::result<std::shared_ptr<const client_trust>> client_trust::make(std::string_view trusted_pem, peer_kind kind) {
  std::shared_ptr<client_trust> made(new client_trust);
  made->kind_ = kind;
  if (trusted_pem.empty()) return std::shared_ptr<const client_trust>(std::move(made));
  made->store_ = X509_STORE_new();
  const owned<BIO> text(BIO_new_mem_buf(trusted_pem.data(), static_cast<int>(trusted_pem.size())));
  int trusted = 0;
  while (X509* certificate = PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
    trusted += X509_STORE_add_cert(made->store_, certificate);
    X509_free(certificate);
  }
  ERR_clear_error(); // the end of the text
  if (trusted == 0) return base::fail(base::error_kind::invalid, "no certificate of an authority in PEM form");
  return std::shared_ptr<const client_trust>(std::move(made));
}

client_trust::~client_trust() { X509_STORE_free(store_); }

std::shared_ptr<client_certificate> read_peer_certificate(SSL* ssl) {
  X509* certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) return nullptr;
  auto out = std::make_shared<client_certificate>();
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return nullptr;
  out->sha256.assign(reinterpret_cast<const char*>(digest), size);
  out->subject = subject_of(certificate);
  read_names(certificate, *out);
  return out;
}

std::shared_ptr<const client_certificate> client_trust::judge(SSL* ssl) const {
  auto out = read_peer_certificate(ssl);
  if (!out) return nullptr;
  if (store_ == nullptr) {
    out->fault = "no authority is trusted";
    return out;
  }
  const owned<X509_STORE_CTX> chain(X509_STORE_CTX_new());
  if (chain && X509_STORE_CTX_init(chain.get(), store_, SSL_get0_peer_certificate(ssl), SSL_get_peer_cert_chain(ssl)) == 1 &&
      X509_STORE_CTX_set_default(chain.get(), kind_ == peer_kind::client ? "ssl_client" : "ssl_server") == 1) {
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(chain.get()), security_level);
    out->trusted = X509_verify_cert(chain.get()) == 1;
    if (!out->trusted) out->fault = X509_verify_cert_error_string(X509_STORE_CTX_get_error(chain.get()));
  }
  ERR_clear_error();
  return out;
}

} // namespace rookery::tls
