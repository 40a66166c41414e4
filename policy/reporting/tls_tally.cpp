#include "policy/reporting/tls_tally.hpp"

#include "base/crypto/crypto.hpp"

namespace rookery::reporting {
namespace {

bool detailed(const mailauth::rpt_subject& s) { return !s.host.empty() || !s.sent_from.empty() || !s.sent_to.empty(); }

std::string digest(std::string_view text) { return std::string(base::view(base::sha256(text)).substr(0, 8)); }

} // namespace

tls_tally::one_day& tls_tally::day(std::string_view name) {
  auto at = days_.find(name);
  if (at != days_.end()) return at->second;
  at = days_.emplace(name, one_day()).first;
  // A clock that goes back finds its day empty: the notes still have it.
  while (days_.size() > tally_days_max) days_.erase(days_.begin() == at ? std::next(at) : days_.begin());
  return at->second;
}

void tls_tally::remember(one_day& of, const mailauth::rpt_subject& s, std::string key) {
  auto& domain = of.domains[s.domain];
  if (detailed(s)) ++domain.details;
  of.keys.insert(std::move(key));
}

void tls_tally::known(const mailauth::rpt_subject& s) {
  auto& of = day(s.day);
  auto key = mailauth::rpt_key(s);
  if (of.keys.count(key) == 0) remember(of, s, std::move(key));
}

void tls_tally::known_lines(std::string_view name, std::string_view domain, mailauth::rpt_policy policy, std::string_view text) {
  const auto at = day(name).domains.find(domain);
  if (at != day(name).domains.end()) at->second.lines[policy] = digest(text);
}

bool tls_tally::add(mailauth::rpt_subject s) {
  auto& of = day(s.day);
  auto key = mailauth::rpt_key(s);
  if (of.keys.count(key) == 0) {
    const auto domain = of.domains.find(s.domain);
    if (detailed(s) && domain != of.domains.end() && domain->second.details >= details_a_domain_max) {
      s.host.clear();
      s.sent_from.clear();
      s.sent_to.clear();
      key = mailauth::rpt_key(s);
    }
    if (of.keys.count(key) == 0) {
      if (of.keys.size() >= subjects_a_day_max) return false;
      remember(of, s, key);
    }
  }
  ++waiting_[std::move(key)];
  return true;
}

bool tls_tally::new_lines(std::string_view name, std::string_view domain, mailauth::rpt_policy policy, std::string_view text) {
  auto& domains = day(name).domains;
  const auto at = domains.find(domain);
  if (at == domains.end()) return false;
  auto& last = at->second.lines[policy];
  auto now = digest(text);
  if (last == now) return false;
  last = std::move(now);
  return true;
}

std::vector<std::pair<std::string, std::uint64_t>> tls_tally::take(std::size_t max) {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  while (!waiting_.empty() && out.size() < max) {
    auto node = waiting_.extract(waiting_.begin());
    out.emplace_back(std::move(node.key()), node.mapped());
  }
  return out;
}

void tls_tally::put_back(std::vector<std::pair<std::string, std::uint64_t>> counts) {
  for (auto& [key, n] : counts) waiting_[std::move(key)] += n;
}

} // namespace rookery::reporting
