#include "policy/gateway/dequeue.hpp"

#include "policy/routing/address_form.hpp"

#include <algorithm>

namespace rookery::gateway {
namespace {

using delivery::gateway_record;

bool names(etrn_target what, std::string_view name, const gateway_record& g) {
  switch (what) {
  case etrn_target::domain: return g.domain == name;
  case etrn_target::with_subdomains:
    return g.domain == name || (g.domain.ends_with(name) && g.domain[g.domain.size() - name.size() - 1] == '.');
  case etrn_target::queue: return g.queue == name;
  }
  return false;
}

} // namespace

etrn_rule etrn_rule_named(std::string_view word) noexcept {
  return word == "anyone" ? etrn_rule::anyone : word == "dequeuers" ? etrn_rule::dequeuers : etrn_rule::off;
}

etrn_choice choose_for_etrn(const delivery::delivery_view& view, etrn_rule rule, etrn_target what, std::string_view name,
                            std::string_view account) {
  etrn_choice out;
  const auto canonical = what == etrn_target::queue ? std::string(name) : routing::canonical_domain(name).value_or(std::string());
  if (canonical.empty()) return out;
  bool all_his = true;
  for (const auto& [domain, g] : view.gateways()) {
    if (!names(what, canonical, *g)) continue;
    out.known = true;
    const bool his = !account.empty() && g->may_dequeue(account);
    if (rule == etrn_rule::off || (rule == etrn_rule::dequeuers && !his)) continue;
    all_his = all_his && his;
    out.domains.push_back(domain);
  }
  out.trusted = !out.domains.empty() && all_his;
  return out;
}

atrn_choice choose_for_atrn(const delivery::delivery_view& view, std::span<const std::string> asked, std::string_view account) {
  atrn_choice out;
  if (account.empty()) return out;
  if (asked.empty()) {
    for (const auto& [domain, g] : view.gateways())
      if (g->may_dequeue(account)) out.domains.push_back(domain);
    return out;
  }
  for (const auto& one : asked) {
    const auto domain = routing::canonical_domain(one);
    const auto g = domain ? view.gateway(*domain) : nullptr;
    if (g == nullptr || !g->may_dequeue(account)) return {};
    out.domains.push_back(*domain);
  }
  std::sort(out.domains.begin(), out.domains.end());
  out.domains.erase(std::unique(out.domains.begin(), out.domains.end()), out.domains.end());
  return out;
}

} // namespace rookery::gateway
