#include "actors/cluster/openssl_calls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <dlfcn.h>

namespace rookery::actors {
namespace {

/// The library's own function of this name.
template <class F>
F* library(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

} // namespace

void mend_openssl_calls() noexcept {}

} // namespace rookery::actors

// The dynamic linker finds these before the library's, for libcaf_openssl as well.
extern "C" {

int SSL_read(SSL* ssl, void* to, int octets) {
  static auto* const own = rookery::actors::library<int(SSL*, void*, int)>("SSL_read");
  ERR_clear_error();
  return own(ssl, to, octets);
}

int SSL_write(SSL* ssl, const void* from, int octets) {
  static auto* const own = rookery::actors::library<int(SSL*, const void*, int)>("SSL_write");
  ERR_clear_error();
  return own(ssl, from, octets);
}

int SSL_accept(SSL* ssl) {
  static auto* const own = rookery::actors::library<int(SSL*)>("SSL_accept");
  ERR_clear_error();
  return own(ssl);
}

int SSL_connect(SSL* ssl) {
  static auto* const own = rookery::actors::library<int(SSL*)>("SSL_connect");
  ERR_clear_error();
  return own(ssl);
}

} // extern "C"
