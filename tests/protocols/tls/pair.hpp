/// A client layer and a server layer with a wire between them that a test may cut.
#pragma once

#include "protocols/tls/certificate.hpp"
#include "protocols/tls/tls_layer.hpp"

#include <algorithm>
#include <string>

namespace rookery::tls {

inline const pem_pair& pair_for(const std::string& name) {
  static std::vector<std::pair<std::string, pem_pair>> made;
  for (const auto& [known, pem] : made)
    if (known == name) return pem;
  made.emplace_back(name, *make_self_signed({name}, base::from_milliseconds(1'750'000'000'000)));
  return made.back().second;
}

inline std::shared_ptr<const tls_context> server_context(const std::string& name, version least = version::tls_1_2,
                                                         version most = version::tls_1_3) {
  server_settings settings;
  settings.certificates_pem = pair_for(name).certificates;
  settings.key_pem = pair_for(name).key;
  settings.least = least;
  settings.most = most;
  return *tls_context::make_server(settings);
}

inline std::shared_ptr<const tls_context> client_context(version least = version::tls_1_2,
                                                         version most = version::tls_1_3) {
  client_settings settings;
  settings.least = least;
  settings.most = most;
  return *tls_context::make_client(settings);
}

struct side {
  explicit side(std::shared_ptr<const tls_context> context, std::string_view name = {}, const peer_check& check = {})
      : layer(std::move(context), name, check) {}
  void feed(std::string_view octets, std::size_t cut) {
    for (std::size_t at = 0; at < octets.size(); at += cut)
      layer.feed_cipher(octets.substr(at, cut), plain, cipher);
  }
  std::string take() {
    std::string octets(cipher.view());
    cipher.clear();
    return octets;
  }
  tls_layer layer;
  base::buffer plain, cipher;
};

/// Carries octets between both until nobody has any, in pieces of at most `cut`.
inline void settle(side& a, side& b, std::size_t cut = 1 << 20) {
  for (int turn = 0; turn < 100 && (!a.cipher.empty() || !b.cipher.empty()); ++turn) {
    b.feed(a.take(), cut);
    a.feed(b.take(), cut);
  }
}

} // namespace rookery::tls
