#include "policy/forwarding/forward_rule.hpp"

#include "policy/forwarding/macro_text.hpp"
#include "policy/routing/address_form.hpp"

#include <algorithm>
#include <array>

namespace rookery::forwarding {
namespace {

constexpr std::array<std::string_view, 6> macro_names = {"local", "domain", "detail", "account", "sender_local", "sender_domain"};

bool allowed(std::string_view domain, const forward_limits& limits, const std::function<bool(std::string_view)>& is_ours) {
  return limits.foreign_domains || is_ours(domain) ||
         std::find(limits.foreign_allowed.begin(), limits.foreign_allowed.end(), domain) != limits.foreign_allowed.end();
}

/// A value that may stand in an address: what would end it or begin another is left out.
std::string tame(std::string_view value) {
  std::string out;
  for (const char c : value)
    if (static_cast<unsigned char>(c) > ' ' && c != '@' && c != ',' && c != '<' && c != '>' && c != '"' && c != '\\' && c != ';' && c != 0x7f)
      out.push_back(c);
  return out;
}

} // namespace

std::span<const std::string_view> target_macros() noexcept { return macro_names; }

forward_decision forward(const forward_rule& rule, const forward_limits& limits, const forward_facts& facts,
                         const std::function<bool(std::string_view)>& is_ours, base::wall_time now) {
  forward_decision d;
  if (!rule.enabled || rule.targets.empty() || !rule.when.open(now)) return d;
  if (facts.delivered_to_account || facts.hops >= forward_hops_max) return d; // a loop ends in the mailbox
  const auto to = routing::sides(facts.recipient), from = routing::sides(facts.sender);
  const auto name = routing::split_detail(to.local);
  const std::string local = tame(name.user), detail = tame(name.detail), domain = tame(to.domain),
                    sender_local = tame(facts.sender.empty() ? std::string_view() : from.local), sender_domain = tame(from.domain);
  const std::array<macro_value, 6> values = {{{"local", local}, {"domain", domain}, {"detail", detail}, {"account", facts.account},
                                              {"sender_local", sender_local}, {"sender_domain", sender_domain}}};
  for (std::size_t i = 0; i < std::min(rule.targets.size(), forward_targets_max); ++i) {
    const auto& target = rule.targets[i];
    const auto text = expand(target, values, routing::address_octets_max);
    auto address = text ? routing::canonical_address(*text) : std::nullopt;
    if (!address) {
      d.faulty.push_back({target, "it gives no address"});
      continue;
    }
    if (*address == facts.account || *address == facts.recipient) {
      d.faulty.push_back({*address, "it is the account itself"});
      continue;
    }
    if (!allowed(routing::sides(*address).domain, limits, is_ours)) {
      d.forbidden.push_back({*address, "forwarding to other domains is not allowed"});
      continue;
    }
    if (std::find(d.targets.begin(), d.targets.end(), *address) == d.targets.end()) d.targets.push_back(std::move(*address));
  }
  d.used = !d.targets.empty() || !d.forbidden.empty();
  d.keep_copy = rule.keep_copy || !d.used;
  if (d.targets.empty()) return d;
  // The next server asks whether we may send for this domain: we may for our own.
  d.sender = srs_forward(limits.srs, facts.sender, is_ours, now).value_or(std::string(facts.account));
  return d;
}

std::string target_fault(std::string_view target, const forward_limits& limits, const std::function<bool(std::string_view)>& is_ours) {
  if (const auto known = check_macros(target, macro_names); !known) return std::string(known.error().what);
  const std::array<macro_value, 6> sample = {
      {{"local", "a"}, {"domain", "a.example"}, {"detail", "a"}, {"account", "a@a.example"}, {"sender_local", "a"}, {"sender_domain", "a.example"}}};
  const auto text = expand(target, sample, routing::address_octets_max);
  const auto address = text ? routing::canonical_address(*text) : std::nullopt;
  if (!address) return "no address";
  const auto at = target.rfind('@');
  const bool fixed = at != std::string_view::npos && target.find('{', at) == std::string_view::npos;
  if (fixed && !allowed(routing::sides(*address).domain, limits, is_ours)) return "forwarding to other domains is not allowed";
  return {};
}

} // namespace rookery::forwarding
