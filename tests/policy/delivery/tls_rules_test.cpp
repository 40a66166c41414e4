#include "policy/delivery/tls_rules.hpp"

#include <gtest/gtest.h>

namespace rookery::delivery {
namespace {

using step = tls_step;

tls_facts with(void (*change)(tls_facts&)) {
  tls_facts f;
  change(f);
  return f;
}
tls_facts dane(tlsa_state t) {
  tls_facts f;
  f.mx_secure = f.host_secure = true;
  f.tlsa = t;
  return f;
}
tls_facts sts(sts_state s, bool names = true) {
  tls_facts f;
  f.sts = s;
  f.sts_names_host = names;
  return f;
}

TEST(TlsRules, WhatASessionCountsAs) {
  const auto got = [](bool offered, bool established, tls_proof proved = tls_proof::nothing, std::string_view failure = {}) {
    tls_result r;
    r.offered = offered;
    r.established = established;
    r.proved = proved;
    r.failure = failure;
    return r;
  };
  const auto failed_name = got(true, true, tls_proof::nothing, "certificate-host-mismatch");
  auto never = tls_facts{};
  never.route = tls_use::never;
  auto requires_tls = sts(sts_state::enforce);
  requires_tls.require_tls = true;
  struct row {
    const char* what;
    tls_facts facts;
    tls_result result;
    std::optional<std::string_view> counted;
  };
  const row rows[] = {
      {"no policy, TLS", {}, got(true, true), ""},
      {"no policy, none offered", {}, got(false, false), "starttls-not-supported"},
      {"no policy, broken", {}, got(true, false), "validation-failure"},
      {"no policy, nobody looks at the name", {}, failed_name, ""},
      {"enforce, good", sts(sts_state::enforce), got(true, true, tls_proof::name), ""},
      {"enforce, wrong name", sts(sts_state::enforce), failed_name, "certificate-host-mismatch"},
      {"enforce, none offered", sts(sts_state::enforce), got(false, false), "starttls-not-supported"},
      {"enforce, host not named", sts(sts_state::enforce, false), {}, "validation-failure"},
      {"testing, wrong name", sts(sts_state::testing), failed_name, "certificate-host-mismatch"},
      {"testing, host not named", sts(sts_state::testing, false), got(true, true, tls_proof::name), "validation-failure"},
      {"testing, none offered", sts(sts_state::testing), got(false, false), "starttls-not-supported"},
      {"DANE, good", dane(tlsa_state::usable), got(true, true, tls_proof::dane), ""},
      {"DANE, another certificate", dane(tlsa_state::usable), got(true, true, tls_proof::nothing, "tlsa-invalid"), "tlsa-invalid"},
      {"DANE, bogus", dane(tlsa_state::failed), {}, "dnssec-invalid"},
      {"route never", never, got(true, false), std::nullopt},
      {"no REQUIRETLS: its TLS was good", requires_tls, got(true, true, tls_proof::name), ""},
  };
  for (const auto& r : rows) EXPECT_EQ(counted_as(demand_for(r.facts), r.result), r.counted) << r.what;
}

TEST(TlsRules, WhatIsDemanded) {
  struct row {
    const char* what;
    tls_facts facts;
    bool skip;
    tls_start start;
    tls_proof proof;
    bool enforced;
    tls_policy policy;
  };
  using enum tls_start;
  const row rows[] = {
      {"nothing known", {}, false, when_offered, tls_proof::nothing, true, tls_policy::none},
      {"usable TLSA", dane(tlsa_state::usable), false, required, tls_proof::dane, true, tls_policy::dane},
      {"unusable TLSA", dane(tlsa_state::unusable), false, required, tls_proof::nothing, true, tls_policy::dane},
      {"no TLSA", dane(tlsa_state::none), false, when_offered, tls_proof::nothing, true, tls_policy::none},
      {"TLSA of an insecure MX", with([](auto& f) { f.host_secure = true; f.tlsa = tlsa_state::usable; }), false, when_offered, tls_proof::nothing, true, tls_policy::none},
      {"TLSA of a named host", with([](auto& f) { f.host_secure = f.named = true; f.tlsa = tlsa_state::usable; }), false, required, tls_proof::dane, true, tls_policy::dane},
      {"DANE ignored", with([](auto& f) { f = dane(tlsa_state::usable); f.dane = dane_use::ignored; }), false, when_offered, tls_proof::nothing, true, tls_policy::none},
      {"MTA-STS enforced", sts(sts_state::enforce), false, required, tls_proof::name, true, tls_policy::sts},
      {"MTA-STS testing", sts(sts_state::testing), false, when_offered, tls_proof::name, false, tls_policy::sts},
      {"MTA-STS lost", sts(sts_state::unavailable), false, when_offered, tls_proof::nothing, true, tls_policy::none},
      {"MTA-STS not followed", with([](auto& f) { f = sts(sts_state::enforce); f.follow_sts = false; }), false, when_offered, tls_proof::nothing, true, tls_policy::none},
      {"DANE before MTA-STS", with([](auto& f) { f = dane(tlsa_state::usable); f.sts = sts_state::enforce; }), false, required, tls_proof::dane, true, tls_policy::dane},
      {"MTA-STS beside no TLSA", with([](auto& f) { f = dane(tlsa_state::none); f.sts = sts_state::enforce; f.sts_names_host = true; }), false, required, tls_proof::name, true, tls_policy::sts},
      {"TLS-Required: No", with([](auto& f) { f = dane(tlsa_state::usable); f.sts = sts_state::enforce; f.tls_optional = true; }), false, when_offered, tls_proof::nothing, true, tls_policy::none},
      {"route verified", with([](auto& f) { f.route = tls_use::verified; }), false, required, tls_proof::name, true, tls_policy::route},
      {"route required", with([](auto& f) { f.route = tls_use::required; }), false, required, tls_proof::nothing, true, tls_policy::route},
      {"route verified, DANE", with([](auto& f) { f = dane(tlsa_state::usable); f.route = tls_use::verified; }), false, required, tls_proof::dane, true, tls_policy::dane},
      {"route verified, MTA-STS testing", with([](auto& f) { f = sts(sts_state::testing); f.route = tls_use::verified; }), false, required, tls_proof::name, true, tls_policy::sts},
      {"route never", with([](auto& f) { f = sts(sts_state::enforce); f.route = tls_use::never; }), false, tls_start::never, tls_proof::nothing, true, tls_policy::route},
      {"at once", with([](auto& f) { f.tls_at_once = true; f.named = true; }), false, at_once, tls_proof::nothing, true, tls_policy::none},
      {"REQUIRETLS, MX secure", with([](auto& f) { f.mx_secure = true; f.require_tls = true; f.tls_optional = true; }), false, required, tls_proof::name, true, tls_policy::message},
      {"REQUIRETLS, MTA-STS testing", with([](auto& f) { f = sts(sts_state::testing); f.require_tls = true; }), false, required, tls_proof::name, true, tls_policy::sts},
      {"REQUIRETLS, DANE", with([](auto& f) { f = dane(tlsa_state::usable); f.require_tls = true; }), false, required, tls_proof::dane, true, tls_policy::dane},
  };
  for (const auto& r : rows) {
    const auto d = demand_for(r.facts);
    EXPECT_EQ(d.skip, r.skip) << r.what;
    EXPECT_EQ(d.start, r.start) << r.what;
    EXPECT_EQ(d.proof, r.proof) << r.what;
    EXPECT_EQ(d.enforced, r.enforced) << r.what;
    EXPECT_EQ(d.policy, r.policy) << r.what;
    EXPECT_EQ(d.keyword, r.facts.require_tls) << r.what;
  }
}

TEST(TlsRules, HostsThatMustNotBeUsed) {
  struct row {
    const char* what;
    tls_facts facts;
    trouble otherwise;
    const char* result;
  };
  const row rows[] = {
      {"TLSA bogus", dane(tlsa_state::failed), trouble::dns_bogus, "dnssec-invalid"},
      {"DANE required, none there", with([](auto& f) { f = dane(tlsa_state::none); f.dane = dane_use::required; }), trouble::certificate, "dane-required"},
      {"DANE required, insecure", with([](auto& f) { f.dane = dane_use::required; }), trouble::certificate, "dane-required"},
      {"not in the policy", sts(sts_state::enforce, false), trouble::certificate, "validation-failure"},
      {"REQUIRETLS, nothing sure", with([](auto& f) { f.require_tls = true; }), trouble::require_tls, ""},
      {"REQUIRETLS, MTA-STS of others", with([](auto& f) { f = sts(sts_state::testing, false); f.require_tls = true; }), trouble::require_tls, ""},
      {"REQUIRETLS, route never", with([](auto& f) { f.route = tls_use::never; f.named = f.require_tls = true; }), trouble::require_tls, ""},
  };
  for (const auto& r : rows) {
    const auto d = demand_for(r.facts);
    EXPECT_TRUE(d.skip) << r.what;
    EXPECT_EQ(d.otherwise, r.otherwise) << r.what;
    EXPECT_EQ(d.result_type, r.result) << r.what;
    EXPECT_EQ(judge(d, {}).what, step::next_host) << r.what;
  }
}

TEST(TlsRules, WhatFollowsFromTheResult) {
  const tls_result none{}, broken{true, false, tls_proof::nothing, "certificate-expired", false},
      unproved{true, true, tls_proof::nothing, "certificate-host-mismatch", false}, name{true, true, tls_proof::name, "", false},
      by_dane{true, true, tls_proof::dane, "", false}, keyword{true, true, tls_proof::name, "", true};
  auto must = sts(sts_state::testing);
  must.require_tls = true;
  struct row {
    const char* what;
    tls_facts facts;
    tls_result result;
    step then;
    trouble otherwise;
    const char* type;
  };
  const auto t = trouble::tls; // not looked at with go_on
  const row rows[] = {
      {"clear, opportunistic", {}, none, step::go_on, t, ""},
      {"broken, opportunistic", {}, broken, step::in_the_clear, trouble::tls, "certificate-expired"},
      {"unproved, opportunistic", {}, unproved, step::go_on, t, ""},
      {"clear, DANE", dane(tlsa_state::usable), none, step::next_host, trouble::tls_missing, "starttls-not-supported"},
      {"broken, DANE", dane(tlsa_state::usable), broken, step::next_host, trouble::tls, "certificate-expired"},
      {"a CA's word, DANE", dane(tlsa_state::usable), name, step::next_host, trouble::certificate, "validation-failure"},
      {"proved, DANE", dane(tlsa_state::usable), by_dane, step::go_on, t, ""},
      {"unproved, unusable TLSA", dane(tlsa_state::unusable), unproved, step::go_on, t, ""},
      {"clear, unusable TLSA", dane(tlsa_state::unusable), none, step::next_host, trouble::tls_missing, "starttls-not-supported"},
      {"unproved, enforce", sts(sts_state::enforce), unproved, step::next_host, trouble::certificate, "certificate-host-mismatch"},
      {"proved, enforce", sts(sts_state::enforce), name, step::go_on, t, ""},
      {"unproved, testing", sts(sts_state::testing), unproved, step::go_on, t, "certificate-host-mismatch"},
      {"clear, testing", sts(sts_state::testing), none, step::go_on, t, "starttls-not-supported"},
      {"broken, testing", sts(sts_state::testing), broken, step::in_the_clear, trouble::tls, "certificate-expired"},
      {"clear, REQUIRETLS", must, none, step::next_host, trouble::require_tls, "starttls-not-supported"},
      {"no keyword, REQUIRETLS", must, name, step::next_host, trouble::require_tls, ""},
      {"keyword, REQUIRETLS", must, keyword, step::go_on, t, ""},
      {"unproved, REQUIRETLS", must, unproved, step::next_host, trouble::require_tls, "certificate-host-mismatch"},
  };
  for (const auto& r : rows) {
    const auto v = judge(demand_for(r.facts), r.result);
    EXPECT_EQ(v.what, r.then) << r.what;
    EXPECT_EQ(v.result_type, r.type) << r.what;
    if (v.what != step::go_on) { EXPECT_EQ(v.otherwise, r.otherwise) << r.what; }
  }
}

TEST(TlsRules, MailComesBackOnlyIfNoHostMayDoWithTime) {
  EXPECT_EQ(last_word({trouble::require_tls, trouble::unreachable}), trouble::unreachable);
  EXPECT_EQ(last_word({trouble::require_tls, trouble::require_tls}), trouble::require_tls);
  EXPECT_EQ(last_word({trouble::certificate}), trouble::certificate);
  EXPECT_EQ(policy_type(tls_policy::dane), "tlsa");
  EXPECT_EQ(policy_type(tls_policy::sts), "sts");
  EXPECT_EQ(policy_type(tls_policy::route), "no-policy-found");
}

} // namespace
} // namespace rookery::delivery
