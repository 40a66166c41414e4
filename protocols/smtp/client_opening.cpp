// From the greeting to `ready`: EHLO, STARTTLS, AUTH.
#include "protocols/smtp/client_session.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/encoding/base64.hpp"

#include <algorithm>

namespace rookery::smtp {

namespace {

/// RFC 4954 §4: the command with its initial response must fit into a command line.
constexpr std::size_t auth_line_octets_max = 510;
/// RFC 7504: a server that takes no mail at all.
constexpr std::uint16_t takes_no_mail = 521;
/// RFC 4954 §6: the mechanism is unknown or too weak; another one may do.
constexpr bool another_mechanism(std::uint16_t code) noexcept { return code == 504 || code == 534; }

} // namespace

void client_session::on_greeting(const reply& r) {
  greeted_ = true;
  banner_ = r.text;
  if (!r.accepted() || r.code >= 300)
    return fail(stage::connect, r, "the server does not greet", r.code != takes_no_mail, true);
  say_hello();
}

void client_session::say_hello() {
  say((settings_->lmtp ? "LHLO " : "EHLO ") + settings_->host_name);
  state_ = state::ehlo;
  wait(settings_->times.hello);
}

void client_session::on_hello(const reply& r) {
  if (r.code >= 200 && r.code < 300) {
    capabilities_ = state_ == state::ehlo ? read_capabilities(r.text) : smtp::capabilities{};
    return opened();
  }
  // RFC 5321 §3.2, §4.1.1.1: an old server refuses EHLO and knows HELO.
  if (state_ == state::ehlo && r.code >= 500 && r.code != takes_no_mail && !settings_->lmtp) {
    say("HELO " + settings_->host_name);
    state_ = state::helo;
    return wait(settings_->times.hello);
  }
  fail(stage::greeting, r, "the server refuses us", r.code != takes_no_mail, true);
}

void client_session::opened() {
  const auto use = settings_->tls;
  const bool wanted = !facts_.tls && (use == tls_use::when_offered || use == tls_use::required);
  if (wanted && capabilities_.starttls && !tls_refused_) {
    say("STARTTLS");
    state_ = state::starttls;
    return wait(settings_->times.hello);
  }
  if (!facts_.tls && use == tls_use::required) return fail(stage::tls, {}, "STARTTLS is not offered", true, true);
  if (settings_->credentials && !authenticated_) return begin_auth();
  set_ready();
}

void client_session::on_starttls(const reply& r) {
  if (r.code == 220) {
    state_ = state::tls;
    waiting_ = false;
    return push(start_tls{});
  }
  if (settings_->tls == tls_use::required) return fail(stage::tls, r, "STARTTLS is refused", true, true);
  tls_refused_ = true;
  opened();
}

void client_session::tls_started(const connection_facts& facts, base::instant now) {
  now_ = now;
  if (state_ == state::closed) return;
  base::check(state_ == state::tls, "TLS was not asked for");
  facts_ = facts;
  input_.clear();
  reader_.restart();
  capabilities_ = {};
  state_ = state::check;
  push(check_peer{});
}

void client_session::peer_accepted() {
  if (state_ == state::closed || state_ == state::quit) return;
  base::check(state_ == state::check, "no peer is in question");
  if (greeted_) return say_hello();
  state_ = state::greeting;
  wait(settings_->times.greeting);
}

void client_session::begin_auth() {
  if (!facts_.secure() && !settings_->allow_plaintext_auth)
    return fail(stage::authentication, {}, "no password may be sent without TLS", true, true);
  const auto& list = capabilities_.mechanisms;
  const auto mechanism = sasl::choose(list, facts_, refused_mechanisms_);
  if (!mechanism) return fail(stage::authentication, {}, "the server offers no mechanism of ours for AUTH", true, true);
  const bool plus = std::any_of(list.begin(), list.end(), [](const auto& m) { return base::to_upper(m).ends_with("-PLUS"); });
  exchange_.emplace(*mechanism, *settings_->credentials, facts_, plus);
  std::string line = "AUTH ";
  line += sasl::name(*mechanism);
  first_response_ = exchange_->begin();
  if (first_response_) {
    const auto encoded = encoding::base64_encode(*first_response_);
    if (line.size() + 1 + encoded.size() <= auth_line_octets_max) {
      line += ' ';
      line += encoded;
      first_response_.reset();
    }
  }
  say(line);
  state_ = state::auth;
  wait(settings_->times.hello);
}

void client_session::on_auth(const reply& r) {
  if (r.code == 334) {
    if (auto first = std::exchange(first_response_, {})) return auth_step(sasl::client_response{std::move(*first)});
    auto challenge = encoding::base64_decode(base::trim(r.text));
    // LOGIN's challenges are prompts for people; what they say does not matter.
    if (!challenge && exchange_->mechanism() == sasl::client_mechanism::login) challenge.emplace();
    return auth_step(challenge ? exchange_->challenged(*challenge)
                               : sasl::client_step(sasl::client_failed{sasl::client_failure::malformed}));
  }
  const auto mechanism = exchange_->mechanism();
  const bool proved = r.code >= 200 && r.code < 300 && exchange_->succeeded();
  exchange_.reset();
  if (proved) {
    authenticated_ = true;
    return set_ready();
  }
  if (r.accepted()) return fail(stage::authentication, r, "the server did not prove that it knows the password", true, true);
  refused_mechanisms_ = static_cast<std::uint8_t>(refused_mechanisms_ | 1u << static_cast<unsigned>(mechanism));
  if (another_mechanism(r.code) && sasl::choose(capabilities_.mechanisms, facts_, refused_mechanisms_)) return begin_auth();
  fail(stage::authentication, r, "the server refuses our credentials", true, true);
}

void client_session::auth_step(sasl::client_step step) {
  if (auto* response = std::get_if<sasl::client_response>(&step)) {
    say(encoding::base64_encode(response->octets));
    state_ = state::auth;
    return wait(settings_->times.hello);
  }
  if (auto* question = std::get_if<sasl::key_question>(&step)) {
    state_ = state::key;
    waiting_ = false;
    return push(derive_key{std::move(*question)});
  }
  say("*"); // RFC 4954 §4: broken off
  switch (std::get<sasl::client_failed>(step).why) {
  case sasl::client_failure::malformed: return fail(stage::authentication, {}, "the server breaks the rules of the mechanism", true, false);
  case sasl::client_failure::rejected: return fail(stage::authentication, {}, "the server refuses our credentials", true, false);
  case sasl::client_failure::impostor: return fail(stage::authentication, {}, "the server did not prove that it knows the password", true, false);
  case sasl::client_failure::iterations: return fail(stage::authentication, {}, "the server asks for too few or too many iterations", true, false);
  }
}

void client_session::key_derived(std::string_view key) {
  if (state_ == state::closed || state_ == state::quit) return;
  base::check(state_ == state::key, "no key is in question");
  auth_step(exchange_->key_derived(key));
}

void client_session::set_ready() {
  if (quitting_) return say_quit();
  const auto most = capabilities_.mails_most;
  if (mails_ >= settings_->limits.mails || (most != 0 && mails_ >= most)) return say_quit();
  state_ = state::idle;
  waiting_ = false;
  push(ready{});
}

} // namespace rookery::smtp
