#include "protocols/sasl/server_exchange.hpp"

#include "base/check.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/sasl/bearer.hpp"
#include "protocols/sasl/prepared.hpp"
#include "protocols/sasl/scram.hpp"

namespace rookery::sasl {

namespace {

constexpr std::string_view names[] = {"PLAIN",       "LOGIN",            "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS",
                                     "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "EXTERNAL",      "OAUTHBEARER",
                                     "XOAUTH2"};

bool has_binding(const connection_facts& facts) {
  return facts.tls && (!facts.tls_exporter.empty() || !facts.tls_server_end_point.empty());
}

std::string keyed(scram_digest d, std::string_view key, std::string_view octets) {
  return d == scram_digest::sha_1 ? base::hmac_sha1(key, octets) : std::string(base::view(base::hmac_sha256(key, octets)));
}
std::string digest_of(scram_digest d, std::string_view octets) {
  return d == scram_digest::sha_1 ? base::sha1(octets) : std::string(base::view(base::sha256(octets)));
}

} // namespace

std::vector<mechanism> offered(const connection_facts& facts, const mechanism_choice& choice) {
  std::vector<mechanism> list;
  if (!facts.secure()) return list;
  // RFC 4422 appendix A: only where there is something outside that could name the client.
  if (choice.certificates && facts.tls && facts.tls_client) list.push_back(mechanism::external);
  if (has_binding(facts)) list.push_back(mechanism::scram_sha_256_plus);
  list.push_back(mechanism::scram_sha_256);
  if (choice.scram_sha_1) {
    if (has_binding(facts)) list.push_back(mechanism::scram_sha_1_plus);
    list.push_back(mechanism::scram_sha_1);
  }
  list.push_back(mechanism::plain);
  list.push_back(mechanism::login);
  if (choice.tokens && facts.tls) {
    list.push_back(mechanism::oauthbearer);
    list.push_back(mechanism::xoauth2);
  }
  return list;
}

std::size_t digest_octets(scram_digest d) noexcept { return d == scram_digest::sha_1 ? 20 : 32; }

std::string_view name(mechanism m) noexcept { return names[static_cast<std::size_t>(m)]; }

std::optional<mechanism> find(std::string_view text) noexcept {
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (base::iequals(text, names[i])) return static_cast<mechanism>(i);
  return {};
}

scram_credentials make_credentials(std::string_view password, std::string_view salt, std::uint32_t iterations, scram_digest d) {
  auto secret = prepared(password);
  auto salted = d == scram_digest::sha_1 ? base::pbkdf2_sha1(secret, salt, iterations)
                                         : std::string(base::view(base::pbkdf2_sha256(secret, salt, iterations)));
  base::wipe(secret);
  scram_credentials out{std::string(salt), iterations, digest_of(d, keyed(d, salted, "Client Key")), keyed(d, salted, "Server Key")};
  base::wipe(salted);
  return out;
}

bool verify(std::string_view password, const scram_credentials& credentials) {
  if (credentials.iterations == 0) return false;
  const auto made = make_credentials(password, credentials.salt, credentials.iterations);
  return base::constant_time_equal(made.stored_key, credentials.stored_key);
}

server_exchange::server_exchange(mechanism m, const connection_facts& facts, const mechanism_choice& choice)
    : mechanism_(m), nonce_(facts.nonce) {
  if (m == mechanism::oauthbearer) refusal_ = bearer_refusal(choice.token_scope, choice.token_discovery);
  else if (m == mechanism::xoauth2) refusal_ = xoauth2_refusal(choice.token_scope);
  if (facts.tls) {
    exporter_ = facts.tls_exporter;
    end_point_ = facts.tls_server_end_point;
  }
}

step server_exchange::begin(std::optional<std::string_view> initial) {
  base::check(state_ == state::fresh, "a SASL exchange begins once");
  switch (mechanism_) {
  case mechanism::plain: state_ = state::plain; break;
  case mechanism::login: state_ = state::login_user; break;
  case mechanism::external: state_ = state::external; break;
  case mechanism::oauthbearer:
  case mechanism::xoauth2: state_ = state::token; break;
  default: state_ = state::scram_first; break;
  }
  if (initial) return respond(*initial);
  return challenge{mechanism_ == mechanism::login ? "Username:" : ""};
}

step server_exchange::respond(std::string_view octets) {
  if (octets.size() > octets_max(mechanism_)) {
    state_ = state::done;
    return failed{failure::too_long, user_};
  }
  switch (state_) {
  case state::plain: return plain_message(octets);
  case state::login_user:
    if (octets.empty() || octets.find('\0') != std::string_view::npos) break;
    user_ = prepared(octets);
    state_ = state::login_password;
    return challenge{"Password:"};
  case state::login_password:
    state_ = state::verifying;
    return check_password{{}, user_, std::string(octets)};
  case state::scram_first: return scram_client_first(octets);
  case state::scram_final: return scram_client_final(octets);
  case state::external: return external_message(octets);
  case state::token: return token_message(octets);
  case state::refused:
    // RFC 7628 §3.2.3: whatever the client says to the refusal (a ^A, or nothing), it has failed.
    state_ = state::done;
    return failed{failure::wrong, user_};
  default: base::check(false, "a SASL exchange was given octets that it did not ask for");
  }
  state_ = state::done;
  return failed{failure::malformed, user_};
}

step server_exchange::password_verified(bool right) {
  base::check(state_ == state::verifying, "no password is in question");
  state_ = state::done;
  if (!right) return failed{failure::wrong, user_};
  return succeeded{authzid_, user_, {}};
}

// RFC 4616 §2: [authzid] NUL authcid NUL passwd.
step server_exchange::plain_message(std::string_view octets) {
  const auto first = octets.find('\0');
  const auto second = first == std::string_view::npos ? first : octets.find('\0', first + 1);
  if (second == std::string_view::npos || second == first + 1 || octets.find('\0', second + 1) != std::string_view::npos) {
    state_ = state::done;
    return failed{failure::malformed, {}};
  }
  authzid_ = prepared(octets.substr(0, first));
  user_ = prepared(octets.substr(first + 1, second - first - 1));
  state_ = state::verifying;
  return check_password{authzid_, user_, std::string(octets.substr(second + 1))};
}

// RFC 4422 appendix A.1: the authorization identity, or nothing.
step server_exchange::external_message(std::string_view octets) {
  if (octets.find('\0') != std::string_view::npos) {
    state_ = state::done;
    return failed{failure::malformed, {}};
  }
  authzid_ = user_ = prepared(octets);
  state_ = state::judging;
  return check_proof{check_proof::kind::certificate, authzid_, {}};
}

step server_exchange::token_message(std::string_view octets) {
  auto read = mechanism_ == mechanism::xoauth2 ? read_xoauth2(octets) : read_oauthbearer(octets);
  if (!read) {
    state_ = state::done;
    return failed{failure::malformed, {}};
  }
  authzid_ = user_ = prepared(read->authzid);
  state_ = state::judging;
  return check_proof{check_proof::kind::token, authzid_, std::move(read->token)};
}

step server_exchange::proof_judged(bool right, std::string_view user) {
  base::check(state_ == state::judging, "no proof is in question");
  if (right) {
    state_ = state::done;
    user_ = user;
    return succeeded{authzid_, user_, {}};
  }
  if (refusal_.empty()) {
    state_ = state::done;
    return failed{failure::wrong, user_};
  }
  state_ = state::refused;
  return challenge{refusal_};
}

bool server_exchange::plus() const noexcept {
  return mechanism_ == mechanism::scram_sha_256_plus || mechanism_ == mechanism::scram_sha_1_plus;
}

scram_digest server_exchange::digest() const noexcept {
  return mechanism_ >= mechanism::scram_sha_1 ? scram_digest::sha_1 : scram_digest::sha_256;
}

step server_exchange::scram_client_first(std::string_view octets) {
  state_ = state::done;
  const auto first = read_scram_client_first(octets);
  if (!first) return failed{failure::malformed, {}};
  user_ = prepared(first->user);
  authzid_ = prepared(first->authzid);
  // RFC 5802 §6: "y" means that the client saw no -PLUS on offer; when we offer it,
  // somebody has taken it out of the list.
  if (first->binding == 'y' && !(exporter_.empty() && end_point_.empty())) return failed{failure::channel_binding, user_};
  if (plus() != (first->binding == 'p')) return failed{plus() ? failure::channel_binding : failure::malformed, user_};
  if (plus()) {
    if (first->binding_name == "tls-exporter") binding_ = exporter_;
    else if (first->binding_name == "tls-server-end-point") binding_ = end_point_;
    if (binding_.empty()) return failed{failure::channel_binding, user_};
  }
  gs2_header_ = first->gs2_header;
  client_first_bare_ = first->bare;
  full_nonce_ = std::string(first->nonce) + nonce_;
  state_ = state::scram_credentials;
  return find_credentials{authzid_, user_, digest()};
}

step server_exchange::credentials_found(const scram_credentials& credentials, bool known) {
  base::check(state_ == state::scram_credentials, "no credentials are in question");
  credentials_ = credentials;
  known_ = known;
  server_first_ = "r=" + full_nonce_ + ",s=" + encoding::base64_encode(credentials.salt) + ",i=";
  base::append_number(server_first_, credentials.iterations);
  state_ = state::scram_final;
  return challenge{server_first_};
}

step server_exchange::scram_client_final(std::string_view octets) {
  state_ = state::done;
  const auto last = read_scram_client_final(octets);
  if (!last) return failed{failure::malformed, user_};
  const auto binding = encoding::base64_decode(last->binding);
  const auto proof = encoding::base64_decode(last->proof);
  if (!binding || !proof || proof->size() != digest_octets(digest())) return failed{failure::malformed, user_};
  if (*binding != gs2_header_ + binding_) return failed{failure::channel_binding, user_};
  if (last->nonce != full_nonce_) return failed{failure::wrong, user_};
  const std::string message = client_first_bare_ + ',' + server_first_ + ',' + std::string(last->without_proof);
  const auto signature = keyed(digest(), credentials_.stored_key, message);
  std::string client_key(*proof);
  for (std::size_t i = 0; i < client_key.size(); ++i)
    client_key[i] = static_cast<char>(static_cast<unsigned char>(client_key[i]) ^ static_cast<unsigned char>(signature[i]));
  const bool right = base::constant_time_equal(digest_of(digest(), client_key), credentials_.stored_key);
  base::wipe(client_key);
  if (!right || !known_) return failed{failure::wrong, user_};
  return succeeded{authzid_, user_, "v=" + encoding::base64_encode(keyed(digest(), credentials_.server_key, message))};
}

} // namespace rookery::sasl
