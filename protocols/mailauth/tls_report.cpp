#include "protocols/mailauth/tls_report.hpp"

#include "base/text.hpp"
#include "protocols/json/value.hpp"

#include <algorithm>

namespace rookery::mailauth {
namespace {

json::value strings_of(const std::vector<std::string>& all) {
  json::array out;
  for (const auto& one : all) out.emplace_back(one);
  return out;
}

void set_if(json::value& to, std::string_view key, const std::string& text) {
  if (!text.empty()) to.set(key, text);
}

json::value failure_of(const tls_failure& f) {
  json::value out;
  out.set("result-type", f.result);
  set_if(out, "sending-mta-ip", f.sending_ip);
  set_if(out, "receiving-mx-hostname", f.receiving_host);
  set_if(out, "receiving-mx-helo", f.receiving_helo);
  set_if(out, "receiving-ip", f.receiving_ip);
  out.set("failed-session-count", f.sessions);
  set_if(out, "additional-information", f.information);
  set_if(out, "failure-reason-code", f.reason);
  return out;
}

json::value policy_of(const tls_policy_report& p) {
  json::value policy, summary, out;
  policy.set("policy-type", p.type);
  if (!p.lines.empty()) policy.set("policy-string", strings_of(p.lines));
  policy.set("policy-domain", p.domain);
  if (!p.hosts.empty()) policy.set("mx-host", strings_of(p.hosts));
  summary.set("total-successful-session-count", p.successes);
  summary.set("total-failure-session-count", p.failures);
  out.set("policy", std::move(policy));
  out.set("summary", std::move(summary));
  json::array details;
  for (const auto& f : p.details) details.push_back(failure_of(f));
  if (!details.empty()) out.set("failure-details", std::move(details));
  return out;
}

std::string text_at(const json::value& from, std::string_view path) {
  return std::string(from.get_string(path).value_or(std::string_view()));
}

/// An array of strings; some write a single string instead.
std::vector<std::string> strings_at(const json::value& from, std::string_view path) {
  if (auto all = from.get_strings(path)) return std::move(*all);
  if (const auto one = from.get_string(path)) return {std::string(*one)};
  return {};
}

base::failure<base::error> bad(const char* what) { return base::fail(base::error_kind::invalid, what); }

tls_failure read_failure(const json::value& from) {
  tls_failure f;
  f.result = text_at(from, "result-type");
  f.sending_ip = text_at(from, "sending-mta-ip");
  f.receiving_host = text_at(from, "receiving-mx-hostname");
  f.receiving_helo = text_at(from, "receiving-mx-helo");
  f.receiving_ip = text_at(from, "receiving-ip");
  f.information = text_at(from, "additional-information");
  f.reason = text_at(from, "failure-reason-code");
  f.sessions = from.get_unsigned("failed-session-count").value_or(0);
  return f;
}

} // namespace

std::string print_tls_report(const tls_report& report) {
  json::value out, range;
  range.set("start-datetime", report.begin);
  range.set("end-datetime", report.end);
  out.set("organization-name", report.organization);
  out.set("date-range", std::move(range));
  out.set("contact-info", report.contact);
  out.set("report-id", report.id);
  json::array policies;
  for (const auto& p : report.policies) policies.push_back(policy_of(p));
  out.set("policies", std::move(policies));
  return json::to_text(out);
}

base::result<tls_report> read_tls_report(std::string_view text) {
  const auto read = json::parse(text, {.octets = report_octets_max, .depth = 10, .values = 200'000});
  if (!read) return base::fail(read.error());
  tls_report out;
  out.organization = text_at(*read, "organization-name");
  out.contact = text_at(*read, "contact-info");
  out.id = text_at(*read, "report-id");
  out.begin = text_at(*read, "/date-range/start-datetime");
  out.end = text_at(*read, "/date-range/end-datetime");
  const auto* policies = read->get_array("policies");
  if (policies == nullptr) return bad("a report without policies");
  if (policies->size() > report_policies_max) return base::fail(base::error_kind::over_limit, "too many policies");
  std::size_t details_left = report_details_max;
  for (const auto& from : *policies) {
    if (from.get_object("policy") == nullptr) return bad("a policy that is none");
    auto& p = out.policies.emplace_back();
    p.type = text_at(from, "/policy/policy-type");
    p.lines = strings_at(from, "/policy/policy-string");
    p.domain = base::to_lower(text_at(from, "/policy/policy-domain"));
    p.hosts = strings_at(from, "/policy/mx-host");
    p.successes = from.get_unsigned("/summary/total-successful-session-count").value_or(0);
    p.failures = from.get_unsigned("/summary/total-failure-session-count").value_or(0);
    const auto* details = from.get_array("failure-details");
    for (std::size_t i = 0; details != nullptr && i < details->size(); ++i) {
      if (details_left-- == 0) return base::fail(base::error_kind::over_limit, "too many failures");
      p.details.push_back(read_failure((*details)[i]));
    }
  }
  return out;
}

tls_report make_tls_report(std::string_view day, std::string_view domain, const std::vector<std::pair<rpt_subject, std::uint64_t>>& counted,
                           const std::vector<policy_lines>& lines, std::string organization, std::string contact, std::string id) {
  tls_report out;
  out.organization = std::move(organization);
  out.contact = std::move(contact);
  out.id = std::move(id);
  out.begin = std::string(day) + "T00:00:00Z"; // RFC 8460 §4.1: a day of UTC
  out.end = std::string(day) + "T23:59:59Z";
  for (const auto policy : {rpt_policy::tlsa, rpt_policy::sts, rpt_policy::none}) {
    tls_policy_report p;
    p.type = name(policy);
    p.domain = domain;
    bool any = false;
    for (const auto& [subject, sessions] : counted) {
      if (subject.day != day || subject.domain != domain || subject.policy != policy) continue;
      any = true;
      if (subject.result.empty()) {
        p.successes += sessions;
        continue;
      }
      p.failures += sessions;
      tls_failure f;
      f.result = subject.result;
      f.sending_ip = subject.sent_from;
      f.receiving_host = subject.host;
      f.receiving_ip = subject.sent_to;
      f.sessions = sessions;
      if (p.details.size() < report_details_max) p.details.push_back(std::move(f));
    }
    if (!any) continue;
    for (const auto& known : lines)
      if (known.policy == policy) {
        p.lines = known.lines;
        p.hosts = known.hosts;
      }
    out.policies.push_back(std::move(p));
  }
  return out;
}

} // namespace rookery::mailauth
