#include "base/crypto/secret_box.hpp"

#include "base/check.hpp"
#include "base/crypto/crypto.hpp"
#include "base/crypto/sealing_keys.hpp"
#include "base/text.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace rookery::base {
namespace {

constexpr char unnamed_version = 1, named_version = 2;
constexpr std::size_t nonce_octets = 12, tag_octets = 16;

struct release { void operator()(EVP_CIPHER_CTX* c) const noexcept { EVP_CIPHER_CTX_free(c); } };
using context = std::unique_ptr<EVP_CIPHER_CTX, release>;

const unsigned char* octets_of(std::string_view v) { return reinterpret_cast<const unsigned char*>(v.data()); }
unsigned char* octets_of(std::string& v) { return reinterpret_cast<unsigned char*>(v.data()); }

std::string short_id(std::string_view key) { return std::string(view(sha256("rookery sealing key " + std::string(key))).substr(0, key_id_octets)); }

std::shared_ptr<const sealing_keys> kept(sealing_keys keys) {
  check(!keys.empty() && std::all_of(keys.begin(), keys.end(), [](const auto& k) { return k.key.size() == sealing_key_octets; }), "a sealing key has 32 octets");
  return {new sealing_keys(std::move(keys)), [](sealing_keys* all) {
            for (auto& k : *all) wipe(k.key);
            delete all;
          }};
}

/// The keys of all boxes.
struct key_book {
  std::mutex lock;
  std::unordered_map<const secret_box*, std::shared_ptr<const sealing_keys>> of; ///< wiped with the last who looks at them
};
key_book& book() {
  static auto* const all = new key_book; // boxes may outlive it otherwise
  return *all;
}

std::shared_ptr<const sealing_keys> now(const secret_box& box) {
  const std::lock_guard hold(book().lock);
  return book().of.at(&box);
}

/// `rest`: nonce, ciphertext and tag.
std::optional<std::string> opened(std::string_view key, std::string_view rest, std::string_view purpose) {
  const auto nonce = rest.substr(0, nonce_octets);
  std::string tag(rest.substr(rest.size() - tag_octets));
  const auto ciphertext = rest.substr(nonce_octets, rest.size() - nonce_octets - tag_octets);
  std::string out(ciphertext.size() + 1, '\0'); // room, so that there is an address for nothing too
  const context c(EVP_CIPHER_CTX_new());
  int written = 0, more = 0;
  check(c && EVP_DecryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, octets_of(key), octets_of(nonce)) == 1,
        "AES-256-GCM is available");
  const bool good = EVP_DecryptUpdate(c.get(), nullptr, &written, octets_of(purpose), static_cast<int>(purpose.size())) == 1 &&
                    EVP_DecryptUpdate(c.get(), octets_of(out), &written, octets_of(ciphertext), static_cast<int>(ciphertext.size())) == 1 &&
                    EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_SET_TAG, tag_octets, tag.data()) == 1 &&
                    EVP_DecryptFinal_ex(c.get(), octets_of(out) + written, &more) == 1;
  if (!good) {
    wipe(out);
    return {};
  }
  out.resize(ciphertext.size());
  return out;
}

} // namespace

std::string key_id(std::string_view key) { return to_hex(short_id(key)); }

secret_box::secret_box(std::string key) : key_(std::move(key)) {
  auto keys = kept({{key_, false}});
  wipe(key_);
  const std::lock_guard hold(book().lock);
  book().of.emplace(this, std::move(keys));
}

secret_box::~secret_box() {
  const std::lock_guard hold(book().lock);
  book().of.erase(this);
}

std::shared_ptr<const secret_box> make_secret_box(sealing_keys keys) {
  check(!keys.empty(), "a box has a key");
  auto made = std::make_shared<const secret_box>(keys.front().key);
  use_keys(*made, std::move(keys));
  return made;
}

sealing_keys keys_of(const secret_box& box) { return *now(box); }

void use_keys(const secret_box& box, sealing_keys keys) {
  auto next = kept(std::move(keys));
  const std::lock_guard hold(book().lock);
  book().of.at(&box).swap(next);
}

std::string secret_box::derive(std::string_view purpose) const { return derive_all(*this, purpose).front(); }

std::vector<std::string> derive_all(const secret_box& box, std::string_view purpose) {
  std::vector<std::string> out;
  const auto keys = now(box);
  for (const auto& k : *keys) out.emplace_back(view(hmac_sha256(k.key, "derive " + std::string(purpose))));
  return out;
}

std::string secret_box::seal(std::string_view secret, std::string_view purpose) const {
  const auto keys = now(*this);
  const auto& key = keys->front();
  const auto nonce = random_octets(nonce_octets);
  std::string out(1, key.named ? named_version : unnamed_version);
  if (key.named) out += short_id(key.key);
  out += nonce;
  const auto head = out.size();
  out.resize(head + secret.size() + tag_octets);
  const context c(EVP_CIPHER_CTX_new());
  int written = 0, rest = 0;
  check(c && EVP_EncryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, octets_of(key.key), octets_of(nonce)) == 1 &&
          EVP_EncryptUpdate(c.get(), nullptr, &written, octets_of(purpose), static_cast<int>(purpose.size())) == 1 &&
          EVP_EncryptUpdate(c.get(), octets_of(out) + head, &written, octets_of(secret), static_cast<int>(secret.size())) == 1 &&
          EVP_EncryptFinal_ex(c.get(), octets_of(out) + head + written, &rest) == 1 &&
          EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, tag_octets, octets_of(out) + head + secret.size()) == 1,
        "AES-256-GCM is available");
  return out;
}

std::optional<std::string> secret_box::open(std::string_view sealed, std::string_view purpose) const {
  if (sealed.empty()) return {};
  const bool named = sealed[0] == named_version;
  const auto head = 1 + (named ? key_id_octets : 0);
  if ((!named && sealed[0] != unnamed_version) || sealed.size() < head + nonce_octets + tag_octets) return {};
  const auto keys = now(*this);
  for (const auto& k : *keys) {
    if (named && short_id(k.key) != sealed.substr(1, key_id_octets)) continue;
    if (auto secret = opened(k.key, sealed.substr(head), purpose)) return secret;
  }
  return {};
}

bool sealed_with_newest(const secret_box& box, std::string_view sealed) {
  const auto keys = now(box);
  const auto& first = keys->front();
  if (sealed.empty()) return false;
  if (!first.named) return sealed[0] == unnamed_version;
  return sealed[0] == named_version && sealed.substr(1, key_id_octets) == short_id(first.key);
}

} // namespace rookery::base
