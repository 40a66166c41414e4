#include "actors/config/sealed_members.hpp"

#include "base/crypto/crypto.hpp"
#include "policy/collection/collection_record.hpp"
#include "policy/delivery/delivery_view.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/json/value.hpp"

#include <algorithm>
#include <vector>

namespace rookery::config {
namespace {

constexpr std::string_view sealed_names[] = {"sealed_password", "sealed_key", "authority_key"};

struct sealer {
  const base::secret_box& box;
  std::vector<std::string> purposes;
  std::size_t anew = 0, unreadable = 0;

  void walk(json::value& v) {
    if (auto* items = v.as_array())
      for (auto& one : *items) walk(one);
    auto* members = v.as_object();
    if (members == nullptr) return;
    for (auto& [name, inner] : *members) {
      const auto* text = inner.as_string();
      if (text != nullptr && std::find(std::begin(sealed_names), std::end(sealed_names), name) != std::end(sealed_names)) inner = sealed(*text);
      else walk(inner);
    }
  }

  json::value sealed(const std::string& text) {
    const auto octets = encoding::base64_decode(text);
    if (!octets || octets->empty() || base::sealed_with_newest(box, *octets)) return text;
    for (const auto& purpose : purposes)
      if (auto secret = box.open(*octets, purpose)) {
        auto out = encoding::base64_encode(box.seal(*secret, purpose));
        base::wipe(*secret);
        ++anew;
        return out;
      }
    ++unreadable;
    return text;
  }
};

} // namespace

sealed_content sealed_anew(const storage::directory::document& d, const base::secret_box& box) {
  if (std::none_of(std::begin(sealed_names), std::end(sealed_names), [&](std::string_view name) { return d.content.find(name) != std::string::npos; })) return {};
  auto content = json::parse(d.content);
  if (!content) return {};
  sealer s{box, {std::string(delivery::password_purpose), std::string(collection::password_purpose), certificate_key_purpose(d.key), std::string(authority_purpose)}};
  s.walk(*content);
  if (s.anew == 0) return {s.unreadable > 0 ? sealed_state::unreadable : sealed_state::settled, {}};
  return {sealed_state::old, json::to_text(*content)};
}

} // namespace rookery::config
