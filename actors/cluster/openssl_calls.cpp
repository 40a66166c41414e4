#include "actors/cluster/openssl_calls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <dlfcn.h>
#include <poll.h>

namespace rookery::actors {
namespace {

/// The library's own function of this name.
template <class F>
F* library(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

constexpr int shaking_wait_ms = 2;

/// `result` of a step of a handshake. CAF takes a socket that may be written for one that has something to do, and would try
/// again at once until the other side says something. Streams of ours have no socket here: they wait by themselves.
int unhurried(SSL* ssl, int result) {
  if (result == 1 || SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ) return result;
  if (::pollfd one{SSL_get_fd(ssl), POLLIN, 0}; one.fd >= 0) (void)::poll(&one, 1, shaking_wait_ms);
  return result;
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
  return rookery::actors::unhurried(ssl, own(ssl));
}

int SSL_connect(SSL* ssl) {
  static auto* const own = rookery::actors::library<int(SSL*)>("SSL_connect");
  ERR_clear_error();
  return rookery::actors::unhurried(ssl, own(ssl));
}

} // extern "C"
