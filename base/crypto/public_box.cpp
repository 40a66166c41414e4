#include "base/crypto/public_box.hpp"

#include "base/check.hpp"
#include "base/crypto/crypto.hpp"
#include "base/crypto/secret_box.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <utility>

namespace rookery::base {
namespace {

constexpr char box_version = 1;

struct release {
  void operator()(EVP_PKEY* k) const noexcept { EVP_PKEY_free(k); }
  void operator()(EVP_PKEY_CTX* c) const noexcept { EVP_PKEY_CTX_free(c); }
};
using pkey = std::unique_ptr<EVP_PKEY, release>;

const unsigned char* octets_of(std::string_view v) { return reinterpret_cast<const unsigned char*>(v.data()); }

pkey private_of(std::string_view octets) { return pkey(octets.size() == box_key_octets ? EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, octets_of(octets), octets.size()) : nullptr); }
pkey public_of(std::string_view octets) { return pkey(octets.size() == box_key_octets ? EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, octets_of(octets), octets.size()) : nullptr); }

std::string raw_public(const pkey& k) {
  std::string out(box_key_octets, '\0');
  std::size_t size = out.size();
  check(EVP_PKEY_get_raw_public_key(k.get(), reinterpret_cast<unsigned char*>(out.data()), &size) == 1 && size == out.size(), "a public key of X25519 has 32 octets");
  return out;
}

/// RFC 7748 §6.1: nothing when all octets of the shared secret are zero, as with points of small order.
std::optional<std::string> shared_of(const pkey& own, const pkey& other) {
  const std::unique_ptr<EVP_PKEY_CTX, release> c(EVP_PKEY_CTX_new(own.get(), nullptr));
  std::string out(box_key_octets, '\0');
  std::size_t size = out.size();
  const bool good = c && EVP_PKEY_derive_init(c.get()) == 1 && EVP_PKEY_derive_set_peer(c.get(), other.get()) == 1 &&
                    EVP_PKEY_derive(c.get(), reinterpret_cast<unsigned char*>(out.data()), &size) == 1 && size == out.size();
  ERR_clear_error();
  return good ? std::optional(std::move(out)) : std::nullopt;
}

/// RFC 5869 §2 with an empty salt, for one block.
std::string box_key(std::string shared, std::string_view box_public, std::string_view holder_public) {
  std::string extracted(view(hmac_sha256(std::string(32, '\0'), shared)));
  wipe(shared);
  std::string info = "rookery box 1";
  info.append(box_public).append(holder_public).push_back('\x01');
  std::string out(view(hmac_sha256(extracted, info)));
  wipe(extracted);
  return out;
}

} // namespace

box_keys make_box_keys() {
  box_keys out{random_octets(box_key_octets), {}};
  out.public_key = *public_key_of(out.private_key);
  return out;
}

std::optional<std::string> public_key_of(std::string_view private_key) {
  const auto own = private_of(private_key);
  return own ? std::optional(raw_public(own)) : std::nullopt;
}

std::optional<std::string> seal_for(std::string_view public_key, std::string_view secret, std::string_view purpose) {
  const auto holder = public_of(public_key);
  if (!holder) return {};
  auto own = make_box_keys();
  auto shared = shared_of(private_of(own.private_key), holder);
  wipe(own.private_key);
  if (!shared) return {};
  const secret_box sealed(box_key(std::move(*shared), own.public_key, public_key));
  return std::string(1, box_version) + own.public_key + sealed.seal(secret, purpose);
}

std::optional<std::string> open_sealed_for(std::string_view private_key, std::string_view box, std::string_view purpose) {
  const auto own = private_of(private_key);
  if (!own || box.size() < 1 + box_key_octets || box[0] != box_version) return {};
  const auto box_public = box.substr(1, box_key_octets);
  auto shared = shared_of(own, public_of(box_public));
  if (!shared) return {};
  const secret_box sealed(box_key(std::move(*shared), box_public, raw_public(own)));
  return sealed.open(box.substr(1 + box_key_octets), purpose);
}

} // namespace rookery::base
