#include "policy/delivery/tls_rules.hpp"

#include <algorithm>

namespace rookery::delivery {
namespace {

tls_demand skip(trouble otherwise, std::string_view result_type, tls_policy policy) noexcept {
  tls_demand d;
  d.skip = true;
  d.otherwise = otherwise;
  d.result_type = result_type;
  d.policy = policy;
  return d;
}

} // namespace

std::string_view policy_type(tls_policy p) noexcept {
  return p == tls_policy::sts ? "sts" : p == tls_policy::dane ? "tlsa" : "no-policy-found";
}

tls_demand demand_for(const tls_facts& f) noexcept {
  tls_demand d;
  const bool optional = f.tls_optional && !f.require_tls;
  bool sts_applies = false;
  // What the recipient's side publishes. RFC 8689 §3: not for a message that says "TLS-Required: No".
  if (!optional) {
    const bool secure = f.host_secure && (f.mx_secure || f.named);
    bool by_dane = false;
    if (f.dane != dane_use::ignored && secure) {
      if (f.tlsa == tlsa_state::failed) return skip(trouble::dns_bogus, "dnssec-invalid", tls_policy::dane);
      // RFC 7672 §2.2: records that nobody understands still ask for TLS, without a proof.
      by_dane = f.tlsa == tlsa_state::usable || f.tlsa == tlsa_state::unusable;
      if (by_dane) {
        d.start = tls_start::required;
        d.proof = f.tlsa == tlsa_state::usable ? tls_proof::dane : tls_proof::nothing;
        d.policy = tls_policy::dane;
      }
    }
    if (f.dane == dane_use::required && d.proof != tls_proof::dane)
      return skip(trouble::certificate, "dane-required", tls_policy::dane);
    // RFC 8461 §2: MTA-STS never overrides DANE.
    if (!by_dane && f.follow_sts && !f.named && (f.sts == sts_state::enforce || f.sts == sts_state::testing)) {
      sts_applies = true;
      d.policy = tls_policy::sts;
      if (f.sts == sts_state::enforce) {
        if (!f.sts_names_host) return skip(trouble::certificate, "validation-failure", tls_policy::sts);
        d.start = tls_start::required;
        d.proof = tls_proof::name;
      } else {
        d.proof = tls_proof::name;
        d.enforced = false;
        if (!f.sts_names_host) d.result_type = "validation-failure";
      }
    }
  }
  // What the administrator wrote.
  if (f.route == tls_use::never) {
    if (f.require_tls) return skip(trouble::require_tls, "", tls_policy::message);
    d = {};
    d.start = tls_start::never;
    d.policy = tls_policy::route;
  } else if (f.route == tls_use::required || f.route == tls_use::verified) {
    const bool stronger = d.start != tls_start::required || (f.route == tls_use::verified && d.proof == tls_proof::nothing);
    d.start = tls_start::required;
    if (f.route == tls_use::verified && d.proof != tls_proof::dane) {
      d.proof = tls_proof::name;
      d.enforced = true;
    }
    if (stronger && d.policy == tls_policy::none) d.policy = tls_policy::route;
  }
  // What the message asks for.
  if (f.require_tls) {
    // RFC 8689 §4.2.1: the host's name is known for sure, its certificate is good, and it says REQUIRETLS.
    const bool sure = f.named || f.mx_secure || (sts_applies && f.sts_names_host);
    if (!sure) return skip(trouble::require_tls, "", tls_policy::message);
    d.start = tls_start::required;
    if (d.proof == tls_proof::nothing) d.proof = tls_proof::name;
    d.enforced = true;
    d.keyword = true;
    if (d.policy == tls_policy::none) d.policy = tls_policy::message;
  }
  if (f.tls_at_once && d.start != tls_start::never) d.start = tls_start::at_once;
  return d;
}

tls_verdict judge(const tls_demand& d, const tls_result& r) noexcept {
  if (d.skip) return {tls_step::next_host, d.otherwise, d.result_type};
  const bool must = d.start == tls_start::required || d.start == tls_start::at_once;
  const auto or_message = [&](trouble t) { return d.keyword ? trouble::require_tls : t; };
  if (d.start == tls_start::never) return {};
  if (!r.offered) {
    if (must) return {tls_step::next_host, or_message(trouble::tls_missing), "starttls-not-supported"};
    return {tls_step::go_on, trouble::tls_missing, d.policy == tls_policy::none ? "" : "starttls-not-supported"};
  }
  const auto why = r.failure.empty() ? std::string_view("validation-failure") : r.failure;
  if (!r.established) return {must ? tls_step::next_host : tls_step::in_the_clear, or_message(trouble::tls), why};
  const bool proved = d.proof == tls_proof::nothing || r.proved == d.proof || (d.proof == tls_proof::name && r.proved == tls_proof::dane);
  if (!proved) {
    if (d.enforced) return {tls_step::next_host, or_message(trouble::certificate), why};
    return {tls_step::go_on, trouble::certificate, why};
  }
  if (d.keyword && !r.keyword) return {tls_step::next_host, trouble::require_tls, ""};
  return {};
}

std::optional<std::string_view> counted_as(const tls_demand& d, const tls_result& r) noexcept {
  if (!d.result_type.empty()) return d.result_type;
  if (d.skip || d.start == tls_start::never) return std::nullopt;
  const auto verdict = judge(d, r);
  if (!verdict.result_type.empty()) return verdict.result_type;
  if (!r.offered) return "starttls-not-supported";
  return "";
}

trouble last_word(const std::vector<trouble>& all) noexcept {
  const auto permanent = [](trouble t) { return of_trouble(t, "").what == fate::failed; };
  const auto passing = std::find_if_not(all.begin(), all.end(), permanent);
  if (passing != all.end()) return *passing;
  return all.empty() ? trouble::no_host : all.front();
}

} // namespace rookery::delivery
