#include "protocols/sasl/hashed_token.hpp"

#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/sasl/prepared.hpp"
#include "protocols/sasl/server_exchange.hpp"

#include <iterator>

namespace rookery::sasl {
namespace {

constexpr std::string_view names[] = {"HT-SHA-256-EXPR", "HT-SHA-256-ENDP", "HT-SHA-256-NONE"};
constexpr std::size_t proof_octets = 32;

std::string_view binding_of(token_mechanism m, const connection_facts& facts) {
  if (m == token_mechanism::exporter) return facts.tls_exporter;
  return m == token_mechanism::end_point ? std::string_view(facts.tls_server_end_point) : std::string_view();
}

std::string digest(std::string_view token, std::string_view role, token_mechanism m, const connection_facts& facts) {
  return std::string(base::view(base::hmac_sha256(token, std::string(role).append(binding_of(m, facts)))));
}

} // namespace

std::string_view name(token_mechanism m) noexcept { return names[static_cast<std::size_t>(m)]; }

std::optional<token_mechanism> find_token_mechanism(std::string_view text) noexcept {
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (base::iequals(text, names[i])) return static_cast<token_mechanism>(i);
  return {};
}

std::vector<token_mechanism> offered_tokens(const connection_facts& facts) {
  std::vector<token_mechanism> list;
  if (!facts.secure()) return list;
  if (facts.tls && !facts.tls_exporter.empty()) list.push_back(token_mechanism::exporter);
  if (facts.tls && !facts.tls_server_end_point.empty()) list.push_back(token_mechanism::end_point);
  list.push_back(token_mechanism::none);
  return list;
}

std::optional<token_message> read_token_message(std::string_view octets) {
  const auto cut = octets.find('\0');
  if (octets.size() > message_octets_max || cut == std::string_view::npos || cut == 0 || octets.size() - cut - 1 != proof_octets) return {};
  return token_message{prepared(octets.substr(0, cut)), std::string(octets.substr(cut + 1))};
}

bool token_proves(std::string_view token, token_mechanism m, const connection_facts& facts, std::string_view proof) {
  return !token.empty() && base::constant_time_equal(digest(token, "Initiator", m, facts), proof);
}

std::string token_answer(std::string_view token, token_mechanism m, const connection_facts& facts) { return digest(token, "Responder", m, facts); }

} // namespace rookery::sasl
