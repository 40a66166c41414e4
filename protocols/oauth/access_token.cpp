#include "protocols/oauth/access_token.hpp"

#include "base/text.hpp"
#include "protocols/encoding/base64.hpp"
#include "protocols/json/value.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace rookery::oauth {

namespace {

constexpr json::limits part_limits{token_octets_max, 8, 1000};

/// RFC 7515 §2: the alphabet for addresses, without padding.
std::optional<std::string> decoded(std::string_view text) {
  std::string usual;
  usual.reserve(text.size() + 3);
  for (const char c : text) {
    if (c != '-' && c != '_' && !base::is_alnum(c)) return {};
    usual += c == '-' ? '+' : c == '_' ? '/' : c;
  }
  if (usual.size() % 4 == 1) return {};
  usual.append((4 - usual.size() % 4) % 4, '=');
  return encoding::base64_decode(usual);
}

std::optional<json::value> object_in(std::string_view text) {
  auto read = json::parse(text, part_limits);
  if (!read || read->as_object() == nullptr) return {};
  return std::move(*read);
}

bool fits_type(const json::value& header) {
  const auto* typ = header.find("typ");
  if (typ == nullptr) return true;
  const auto* text = typ->as_string();
  return text != nullptr && (base::iequals(*text, "JWT") || base::iequals(*text, "at+jwt") || base::iequals(*text, "application/at+jwt"));
}

/// A NumericDate (RFC 7519 §2), which may have a fraction. `present` is false when the claim is not there.
struct date {
  bool present = false, readable = true;
  base::wall_time value{};
};
date date_of(const json::value& claims, std::string_view claim) {
  date out;
  const auto* v = claims.find(claim);
  if (v == nullptr) return out;
  out.present = true;
  const auto seconds = v->as_double();
  out.readable = seconds && std::isfinite(*seconds) && *seconds >= 0 && *seconds < 1e11;
  if (out.readable) out.value = base::wall_time{std::chrono::seconds(static_cast<std::int64_t>(*seconds))};
  return out;
}

bool has_audience(const json::value& claims, std::string_view wanted) {
  if (const auto one = claims.get_string("aud")) return *one == wanted;
  const auto several = claims.get_strings("aud");
  return several && std::find(several->begin(), several->end(), wanted) != several->end();
}

bool has_scope(const json::value& claims, std::string_view wanted) {
  for (const auto* claim : {"scope", "scp"}) {
    if (const auto text = claims.get_string(claim)) {
      const auto words = base::split(*text, ' ');
      if (std::find(words.begin(), words.end(), wanted) != words.end()) return true;
    }
    if (const auto words = claims.get_strings(claim); words && std::find(words->begin(), words->end(), wanted) != words->end()) return true;
  }
  return false;
}

token_fault fault_of(const json::value& claims, const token_rules& rules, base::wall_time now) {
  const auto expiry = date_of(claims, "exp"), begin = date_of(claims, "nbf"), issued = date_of(claims, "iat");
  if (!expiry.readable || !begin.readable || !issued.readable) return token_fault::malformed;
  if (claims.get_string("iss") != std::string_view(rules.issuer)) return token_fault::issuer;
  if (!has_audience(claims, rules.audience)) return token_fault::audience;
  if (!expiry.present || now >= expiry.value + leeway) return token_fault::expired;
  if ((begin.present && now + leeway < begin.value) || (issued.present && now + leeway < issued.value)) return token_fault::too_early;
  if (!rules.scope.empty() && !has_scope(claims, rules.scope)) return token_fault::scope;
  if (rules.claim == "email")
    if (const auto* verified = claims.find("email_verified"); verified != nullptr && verified->as_bool() != nullptr && !*verified->as_bool())
      return token_fault::nobody;
  return token_fault::none;
}

} // namespace

std::string_view name(token_fault f) noexcept {
  static constexpr std::string_view names[] = {"none", "malformed", "algorithm", "signature", "expired", "too early", "issuer", "audience", "scope", "nobody"};
  return names[static_cast<std::size_t>(f)];
}

token_verdict judge(std::string_view token, const std::vector<base::public_key>& keys, const token_rules& rules, base::wall_time now) {
  const auto verdict = [](token_fault f) { return token_verdict{f, {}}; };
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (token.size() > token_octets_max || second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return verdict(token_fault::malformed);
  const auto header_text = decoded(token.substr(0, first));
  const auto header = header_text ? object_in(*header_text) : std::nullopt;
  const auto signature = decoded(token.substr(second + 1));
  if (!header || !signature || !fits_type(*header)) return verdict(token_fault::malformed);
  // RFC 8725 §3.1: what the token says is compared with what a key is for, never followed.
  const auto algorithm = header->get_string("alg");
  if (header->find("crit") != nullptr || (algorithm != "RS256" && algorithm != "ES256")) return verdict(token_fault::algorithm);
  const auto kind = *algorithm == "RS256" ? base::key_kind::rsa : base::key_kind::ec_p256;
  const auto signed_part = token.substr(0, second);
  if (std::none_of(keys.begin(), keys.end(), [&](const auto& k) { return k.kind() == kind && k.verifies(signed_part, *signature); }))
    return verdict(token_fault::signature);
  // Only now is anything of it believed.
  const auto claims = decoded(token.substr(first + 1, second - first - 1));
  return claims ? judge_claims(*claims, rules, now) : verdict(token_fault::malformed);
}

token_verdict judge_claims(std::string_view text, const token_rules& rules, base::wall_time now) {
  const auto claims = object_in(text);
  if (!claims) return {token_fault::malformed, {}};
  if (const auto fault = fault_of(*claims, rules, now); fault != token_fault::none) return {fault, {}};
  const auto user = claims->get_string(rules.claim);
  if (!user || user->empty()) return {token_fault::nobody, {}};
  return {token_fault::none, std::string(*user)};
}

} // namespace rookery::oauth
