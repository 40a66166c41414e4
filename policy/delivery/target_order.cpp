#include "policy/delivery/target_order.hpp"

#include "base/text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace rookery::delivery {
namespace {

/// SplitMix64: small, the same everywhere.
struct mixer {
  std::uint64_t state;
  std::uint64_t next() noexcept {
    auto z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  template <class Iterator>
  void shuffle(Iterator begin, Iterator end) noexcept {
    for (auto n = end - begin; n > 1; --n)
      std::iter_swap(begin + (n - 1), begin + static_cast<std::ptrdiff_t>(next() % static_cast<std::uint64_t>(n)));
  }
};

bool is_name(std::string_view host) noexcept {
  if (host.empty() || host.size() > 253) return false;
  std::size_t label = 0;
  bool letter = false; // 192.0.2.1 as an MX is no name
  for (const char c : host) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
      continue;
    }
    if (!base::is_alnum(c) && c != '-' && c != '_') return false;
    letter = letter || !base::is_digit(c);
    if (++label > 63) return false;
  }
  return label > 0 && letter;
}
std::string host_form(std::string_view host) {
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  return base::to_lower(host);
}

} // namespace

host_order order_hosts(std::string_view domain, const std::vector<mx_record>& records,
                       const std::function<bool(std::string_view)>& is_ours, std::uint64_t seed) {
  host_order order;
  if (records.empty()) {
    order.hosts.push_back({host_form(domain), 0, true});
  } else {
    const auto null = [](const mx_record& r) { return r.host.empty() || r.host == "."; };
    if (std::all_of(records.begin(), records.end(), null)) return {{}, host_problem::null_mx};
    for (const auto& r : records) {
      auto name = host_form(r.host);
      if (!is_name(name)) continue;
      const auto same = std::find_if(order.hosts.begin(), order.hosts.end(), [&](const auto& h) { return h.name == name; });
      if (same == order.hosts.end()) order.hosts.push_back({std::move(name), r.preference, false});
      else same->preference = std::min(same->preference, r.preference);
    }
  }
  if (order.hosts.empty()) return {{}, host_problem::no_host};
  std::sort(order.hosts.begin(), order.hosts.end(), [](const mail_host& a, const mail_host& b) {
    return a.preference != b.preference ? a.preference < b.preference : a.name < b.name;
  });
  const auto ours = std::find_if(order.hosts.begin(), order.hosts.end(), [&](const auto& h) { return is_ours(h.name); });
  if (ours != order.hosts.end()) {
    const auto preference = ours->preference;
    std::erase_if(order.hosts, [&](const mail_host& h) { return h.preference >= preference; });
    if (order.hosts.empty()) return {{}, host_problem::loop};
  }
  mixer mix{seed};
  for (auto from = order.hosts.begin(); from != order.hosts.end();) {
    const auto to = std::find_if(from, order.hosts.end(), [&](const mail_host& h) { return h.preference != from->preference; });
    mix.shuffle(from, to);
    from = to;
  }
  if (order.hosts.size() > mail_hosts_max) order.hosts.resize(mail_hosts_max);
  return order;
}

bool usable_address(std::string_view address, bool loopback) noexcept {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.empty() || address.size() >= text.size()) return false;
  std::copy(address.begin(), address.end(), text.begin());
  std::array<unsigned char, 16> octets{};
  if (inet_pton(AF_INET, text.data(), octets.data()) == 1) {
    if (octets[0] == 127) return loopback;
    return octets[0] != 0 && octets[0] < 224;
  }
  if (inet_pton(AF_INET6, text.data(), octets.data()) != 1) return false;
  const auto zeros = static_cast<std::size_t>(
      std::find_if(octets.begin(), octets.end(), [](unsigned char c) { return c != 0; }) - octets.begin());
  if (zeros == 16 || octets[0] == 0xff) return false;
  if (zeros == 15 && octets[15] == 1) return loopback;
  if (zeros == 10 && octets[10] == 0xff && octets[11] == 0xff) { // an IPv4 address in disguise
    if (octets[12] == 127) return loopback;
    return octets[12] != 0 && octets[12] < 224;
  }
  return true;
}

std::vector<std::string> order_addresses(const host_addresses& from, const address_rules& rules,
                                         const std::function<bool(std::string_view)>& is_ours, std::uint64_t seed) {
  mixer mix{seed};
  const auto fit = [&](std::vector<std::string> some) {
    std::sort(some.begin(), some.end());
    some.erase(std::unique(some.begin(), some.end()), some.end());
    std::erase_if(some, [&](const std::string& a) { return !usable_address(a, rules.loopback) || is_ours(a); });
    mix.shuffle(some.begin(), some.end());
    return some;
  };
  using enum address_families;
  auto four = rules.families == ipv6_only ? std::vector<std::string>{} : fit(from.ipv4);
  auto six = rules.families == ipv4_only ? std::vector<std::string>{} : fit(from.ipv6);
  auto &first = rules.families == ipv4_first ? four : six, &second = rules.families == ipv4_first ? six : four;
  std::vector<std::string> order;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) order.push_back(std::move(first[i]));
    if (i < second.size()) order.push_back(std::move(second[i]));
  }
  if (order.size() > rules.addresses_max) order.resize(rules.addresses_max);
  return order;
}

} // namespace rookery::delivery
