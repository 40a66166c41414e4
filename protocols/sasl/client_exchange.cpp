#include "protocols/sasl/client_exchange.hpp"

#include "base/check.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/sasl/prepared.hpp"
#include "protocols/sasl/scram.hpp"

#include <algorithm>

namespace rookery::sasl {

namespace {

constexpr std::string_view names[client_mechanisms] = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
                                                       "SCRAM-SHA-1", "PLAIN", "LOGIN"};

constexpr bool plus(client_mechanism m) noexcept {
  return m == client_mechanism::scram_sha_256_plus || m == client_mechanism::scram_sha_1_plus;
}
constexpr bool scram(client_mechanism m) noexcept { return m < client_mechanism::plain; }

bool has_binding(const connection_facts& facts) {
  return facts.tls && (!facts.tls_exporter.empty() || !facts.tls_server_end_point.empty());
}

/// saslname (RFC 5802 §5.1).
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c == ',') out += "=2C";
    else if (c == '=') out += "=3D";
    else out += c;
  return out;
}

} // namespace

std::string_view name(client_mechanism m) noexcept { return names[static_cast<std::size_t>(m)]; }

std::optional<client_mechanism> choose(std::span<const std::string> offered, const connection_facts& facts, std::uint8_t refused) {
  for (std::size_t i = 0; i < client_mechanisms; ++i) {
    const auto m = static_cast<client_mechanism>(i);
    if ((refused >> i & 1) != 0 || (plus(m) && !has_binding(facts))) continue;
    if (std::any_of(offered.begin(), offered.end(), [&](const auto& o) { return base::iequals(o, names[i]); })) return m;
  }
  return {};
}

std::string derive_key(const key_question& q) {
  auto secret = prepared(q.password);
  auto key = q.sha_256 ? std::string(base::view(base::pbkdf2_sha256(secret, q.salt, q.iterations)))
                       : base::pbkdf2_sha1(secret, q.salt, q.iterations);
  base::wipe(secret);
  return key;
}

client_exchange::client_exchange(client_mechanism m, client_credentials credentials, const connection_facts& facts,
                                 bool server_offers_plus)
    : mechanism_(m), credentials_(std::move(credentials)), nonce_(facts.nonce) {
  gs2_header_ = "n,";
  if (plus(m)) {
    // RFC 9266 §3: tls-exporter where TLS has it.
    const bool exporter = !facts.tls_exporter.empty();
    gs2_header_ = exporter ? "p=tls-exporter," : "p=tls-server-end-point,";
    binding_ = exporter ? facts.tls_exporter : facts.tls_server_end_point;
  } else if (has_binding(facts) && !server_offers_plus) {
    gs2_header_ = "y,";
  }
  if (!credentials_.authzid.empty()) gs2_header_ += "a=" + escaped(prepared(credentials_.authzid));
  gs2_header_ += ',';
}

client_exchange::~client_exchange() { base::wipe(credentials_.password); }

std::optional<std::string> client_exchange::begin() {
  base::check(state_ == state::fresh, "a SASL exchange begins once");
  if (mechanism_ == client_mechanism::login) {
    state_ = state::user;
    return {};
  }
  if (mechanism_ == client_mechanism::plain) {
    state_ = state::done;
    std::string message = credentials_.authzid;
    message += '\0';
    message += credentials_.user;
    message += '\0';
    message += credentials_.password;
    return message;
  }
  base::check(!nonce_.empty(), "SCRAM needs a nonce");
  first_bare_ = "n=" + escaped(prepared(credentials_.user)) + ",r=" + nonce_;
  state_ = state::server_first;
  return gs2_header_ + first_bare_;
}

client_step client_exchange::fail(client_failure why) {
  state_ = state::done;
  server_signature_.clear();
  without_proof_.clear();
  return client_failed{why};
}

client_step client_exchange::challenged(std::string_view octets) {
  if (octets.size() > challenge_octets_max) return fail(client_failure::malformed);
  switch (state_) {
  case state::user: state_ = state::password; return client_response{credentials_.user};
  case state::password: state_ = state::done; return client_response{credentials_.password};
  case state::server_first: return server_first(octets);
  case state::server_final: return server_final(octets);
  default: return fail(client_failure::malformed); // it asks for more than the mechanism has
  }
}

client_step client_exchange::server_first(std::string_view octets) {
  const auto first = read_scram_server_first(octets);
  // RFC 5802 §5.1: the nonce must begin with ours and go on.
  if (!first || !first->nonce.starts_with(nonce_) || first->nonce.size() == nonce_.size()) return fail(client_failure::malformed);
  auto salt = encoding::base64_decode(first->salt);
  if (!salt || salt->empty()) return fail(client_failure::malformed);
  if (first->iterations < iterations_least || first->iterations > iterations_most) return fail(client_failure::iterations);
  server_first_ = octets;
  without_proof_ = "c=" + encoding::base64_encode(gs2_header_ + binding_) + ",r=" + std::string(first->nonce);
  state_ = state::key;
  return key_question{sha_256(), credentials_.password, std::move(*salt), first->iterations};
}

std::string client_exchange::keyed(std::string_view key, std::string_view octets) const {
  return sha_256() ? std::string(base::view(base::hmac_sha256(key, octets))) : base::hmac_sha1(key, octets);
}

client_step client_exchange::key_derived(std::string_view key) {
  base::check(state_ == state::key, "no key is in question");
  const auto message = first_bare_ + ',' + server_first_ + ',' + without_proof_;
  const auto client_key = keyed(key, "Client Key");
  const auto stored = sha_256() ? std::string(base::view(base::sha256(client_key))) : base::sha1(client_key);
  auto proof = keyed(stored, message);
  for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ client_key[i]);
  server_signature_ = keyed(keyed(key, "Server Key"), message);
  state_ = state::server_final;
  return client_response{without_proof_ + ",p=" + encoding::base64_encode(proof)};
}

client_step client_exchange::server_final(std::string_view octets) {
  if (octets.starts_with("e=")) return fail(client_failure::rejected);
  if (!octets.starts_with("v=")) return fail(client_failure::malformed);
  const auto said = octets.substr(2, octets.find(',') == std::string_view::npos ? octets.npos : octets.find(',') - 2);
  const auto signature = encoding::base64_decode(said);
  if (!signature) return fail(client_failure::malformed);
  if (!base::constant_time_equal(*signature, server_signature_)) return fail(client_failure::impostor);
  state_ = state::done;
  return client_response{};
}

bool client_exchange::succeeded(std::optional<std::string_view> last) {
  if (!scram(mechanism_)) return state_ == state::done;
  if (last && state_ == state::server_final) (void)server_final(*last);
  return state_ == state::done && !server_signature_.empty();
}

} // namespace rookery::sasl
