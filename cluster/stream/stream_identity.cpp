#include "cluster/stream/stream_inside.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

namespace rookery::cluster {
namespace {

base::failure<base::error> unusable(const char* what) {
  ERR_clear_error();
  return base::fail(base::error_kind::invalid, std::string("the cluster's ") + what + " cannot be used");
}

struct release {
  void operator()(BIO* b) const { BIO_free(b); }
  void operator()(X509* c) const { X509_free(c); }
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
};
using bio = std::unique_ptr<BIO, release>;

struct free_context {
  void operator()(SSL_CTX* c) const { SSL_CTX_free(c); }
};
using context_ptr = std::unique_ptr<SSL_CTX, free_context>;

bio text_of(const std::string& pem) { return bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

base::result<context_ptr> make_context(const std::string& authorities, const std::string& certificate_pem, const std::string& key_pem) {
  context_ptr context(SSL_CTX_new(TLS_method()));
  if (!context) return unusable("TLS");
  auto* c = context.get();
  SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(c, 0);
  SSL_CTX_set_max_cert_list(c, 16 * 1024);
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  const auto authority_text = text_of(authorities), certificate_text = text_of(certificate_pem), key_text = text_of(key_pem);
  std::size_t trusted = 0;
  while (const std::unique_ptr<X509, release> authority{PEM_read_bio_X509(authority_text.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(c), authority.get()) != 1) return unusable("authority");
    ++trusted;
  }
  ERR_clear_error(); // the end of the text
  if (trusted == 0) return unusable("authority");
  const std::unique_ptr<X509, release> certificate(PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr));
  if (!certificate || SSL_CTX_use_certificate(c, certificate.get()) != 1) return unusable("certificate of this node");
  const std::unique_ptr<EVP_PKEY, release> key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(c, key.get()) != 1 || SSL_CTX_check_private_key(c) != 1) return unusable("key of this node");
  return context;
}

} // namespace

stream_identity::stream_identity() : in_(std::make_unique<inside>()) {}
stream_identity::~stream_identity() = default;

base::result<std::shared_ptr<const stream_identity>> stream_identity::make(parts p) {
  auto context = make_context(p.authority, p.certificate, p.key);
  if (!context) return base::fail(context.error());
  std::shared_ptr<stream_identity> made(new stream_identity);
  made->in_->context = context->release();
  made->in_->is = std::move(p);
  return std::shared_ptr<const stream_identity>(std::move(made));
}

base::result<void> stream_identity::renew(const std::string& authority, const std::string& certificate, const std::string& key) const {
  auto context = make_context(authority, certificate, key);
  if (!context) return base::fail(context.error());
  SSL_CTX* before = nullptr;
  {
    const std::lock_guard hold(in_->lock);
    before = std::exchange(in_->context, context->release());
  }
  SSL_CTX_free(before); // streams that run hold it
  return {};
}

const std::string& stream_identity::cluster() const noexcept { return in_->is.cluster; }
std::uint64_t stream_identity::self() const noexcept { return in_->is.self; }

std::optional<stream_member> stream_identity::member(std::uint64_t id) const {
  for (auto& m : in_->is.members())
    if (m.id == id) return std::move(m);
  return {};
}

std::optional<stream_member> stream_identity::member_with(std::string_view fingerprint) const {
  for (auto& m : in_->is.members())
    if (m.shows(fingerprint)) return std::move(m);
  return {};
}

} // namespace rookery::cluster
