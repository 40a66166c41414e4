#include "actors/queue/session_count.hpp"

#include "base/text.hpp"

#include <utility>

namespace rookery::actors {

bool counts_sessions(const node& n, const delivery::way& way, bool named) {
  return n.tls_counter && !named && way.what == delivery::way::kind::mx && !way.domain.empty() && way.domain.front() != '[' && !way.tls_optional &&
         n.settings->get()->tlsrpt_reports != "off";
}

session_count::session_count(const node& n, std::string domain, delivery::tls_policy policy) : counter_(n.tls_counter) {
  what_.domain = std::move(domain);
  what_.policy = policy == delivery::tls_policy::sts    ? mailauth::rpt_policy::sts
                 : policy == delivery::tls_policy::dane ? mailauth::rpt_policy::tlsa
                                                        : mailauth::rpt_policy::none;
}

void session_count::follow(const mailauth::sts_policy& policy) {
  auto lines = std::make_shared<mailauth::policy_lines>();
  lines->policy = mailauth::rpt_policy::sts;
  const auto text = mailauth::print_sts_policy(policy);
  for (const auto line : base::split(text, '\n'))
    if (const auto trimmed = base::trim(line); !trimmed.empty()) lines->lines.emplace_back(trimmed);
  lines->hosts = policy.hosts;
  what_.lines = std::move(lines);
}

void session_count::follow(std::string_view tlsa_name, const std::string& host, const std::vector<dns::tlsa>& records) {
  auto lines = std::make_shared<mailauth::policy_lines>();
  lines->policy = mailauth::rpt_policy::tlsa;
  for (const auto& r : records)
    lines->lines.push_back(std::string(tlsa_name) + ". IN TLSA " + std::to_string(r.usage) + ' ' + std::to_string(r.selector) + ' ' +
                           std::to_string(r.matching) + ' ' + base::to_hex(r.data));
  lines->hosts.push_back(host);
  what_.lines = std::move(lines);
}

void session_count::between(std::string host, std::string from, std::string to) {
  what_.host = std::move(host);
  what_.sent_from = std::move(from);
  what_.sent_to = std::move(to);
}

void session_count::tell(std::optional<std::string_view> result) const {
  if (!counter_ || !result) return;
  auto what = what_;
  // Words of libraries that RFC 8460 §4.3 does not know are a failure like any other.
  what.result = result->empty() || mailauth::rpt_result_type(*result) ? *result : std::string_view("validation-failure");
  caf::anon_send(counter_, std::move(what));
}

} // namespace rookery::actors
