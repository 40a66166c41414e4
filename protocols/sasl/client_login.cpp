#include "protocols/sasl/client_login.hpp"

#include "base/text.hpp"
#include "protocols/encoding/base64.hpp"

#include <algorithm>
#include <utility>

namespace rookery::sasl {

namespace {

constexpr std::uint8_t bit(client_mechanism m) { return static_cast<std::uint8_t>(1u << static_cast<unsigned>(m)); }
constexpr std::uint8_t password_bits = bit(client_mechanism::plain) | bit(client_mechanism::login);
constexpr std::uint8_t scram_bits = bit(client_mechanism::plain) - 1;

} // namespace

std::optional<client_mechanism> client_login::choose() const {
  std::uint8_t left_out = refused_;
  if (!login_.password_may_travel(facts_)) left_out |= password_bits;
  if (facts_.nonce.empty()) left_out |= scram_bits;
  return sasl::choose(offered_, facts_, left_out);
}

std::optional<std::string_view> client_login::begin() {
  const auto mechanism = choose();
  if (!mechanism) return {};
  const bool plus = std::any_of(offered_.begin(), offered_.end(), [](const auto& m) { return base::to_upper(m).ends_with("-PLUS"); });
  exchange_.emplace(*mechanism, client_credentials{login_.user, login_.password, {}}, facts_, plus);
  initial_ = exchange_->begin();
  return name(*mechanism);
}

std::optional<std::string> client_login::take_initial(std::size_t octets_max) {
  if (!initial_) return {};
  auto text = initial_->empty() ? std::string("=") : encoding::base64_encode(*initial_);
  if (text.size() > octets_max) return {};
  initial_.reset();
  return text;
}

login_step client_login::challenged(std::string_view base64) {
  if (const auto initial = std::exchange(initial_, std::nullopt)) return login_line{encoding::base64_encode(*initial)};
  auto octets = encoding::base64_decode(base::trim(base64));
  // LOGIN's challenges are prompts for people; what they say does not matter.
  if (!octets && exchange_->mechanism() == client_mechanism::login) octets.emplace();
  if (!octets) return login_impossible{client_failure::malformed};
  return next(exchange_->challenged(*octets));
}

login_step client_login::key_derived(std::string_view key) { return next(exchange_->key_derived(key)); }

login_step client_login::next(client_step step) {
  if (auto* response = std::get_if<client_response>(&step)) return login_line{encoding::base64_encode(response->octets)};
  if (auto* question = std::get_if<key_question>(&step)) return std::move(*question);
  return login_impossible{std::get<client_failed>(step).why};
}

bool client_login::refused() {
  // One more try with the password itself, and no third: wrong ones are counted elsewhere.
  const auto mechanism = exchange_->mechanism();
  refused_ |= mechanism < client_mechanism::plain ? scram_bits : static_cast<std::uint8_t>(scram_bits | password_bits);
  exchange_.reset();
  return choose().has_value();
}

} // namespace rookery::sasl
