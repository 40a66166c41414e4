#include "actors/tlsrpt/notes.hpp"

#include "base/text.hpp"
#include "policy/routing/address_form.hpp"

#include <algorithm>
#include <cstdio>

namespace rookery::actors {
namespace {

constexpr std::size_t lines_max = 64;
constexpr std::size_t line_octets_max = 400;
constexpr std::size_t text_octets_max = 200;
constexpr std::size_t page_rows = 1000;
constexpr std::size_t domains_shown_max = 10;

json::array bounded(const std::vector<std::string>& all, std::size_t max = lines_max) {
  json::array out;
  for (const auto& one : all) {
    if (out.size() == max) break;
    out.emplace_back(base::printable(one, line_octets_max));
  }
  return out;
}

void each_note(const storage::queue::spool_view& view, const char* space, const std::string& prefix,
               const std::function<void(const storage::queue::note&)>& f) {
  std::string after;
  for (;;) {
    const auto page = view.notes(space, prefix, page_rows, after);
    for (const auto& n : page) f(n);
    if (page.size() < page_rows) return;
    after = page.back().key;
  }
}

std::string id_of(base::message_id id) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(id.value));
  return text;
}

/// The report with so many policies and failures, its texts cut and made printable.
mailauth::tls_report cut(const mailauth::tls_report& from, std::size_t policies, std::size_t details) {
  const auto text = [](const std::string& t) { return base::printable(t, text_octets_max); };
  const auto texts = [&](const std::vector<std::string>& all) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < all.size() && i < details; ++i) out.push_back(text(all[i]));
    return out;
  };
  mailauth::tls_report out{text(from.organization), text(from.contact), text(from.id), text(from.begin), text(from.end), {}};
  for (std::size_t i = 0; i < from.policies.size() && i < policies; ++i) {
    const auto& p = from.policies[i];
    auto& q = out.policies.emplace_back();
    q.type = text(p.type);
    q.lines = texts(p.lines);
    q.domain = text(p.domain);
    q.hosts = texts(p.hosts);
    q.successes = p.successes;
    q.failures = p.failures;
    for (std::size_t j = 0; j < p.details.size() && j < details; ++j) {
      const auto& d = p.details[j];
      q.details.push_back({text(d.result), text(d.sending_ip), text(d.receiving_host), text(d.receiving_helo), text(d.receiving_ip),
                           text(d.information), text(d.reason), d.sessions});
    }
  }
  return out;
}

} // namespace

std::string encode(const mailauth::policy_lines& p) {
  json::value out{json::object{}};
  out.set("policy", mailauth::name(p.policy));
  out.set("lines", bounded(p.lines));
  out.set("hosts", bounded(p.hosts));
  return json::to_text(out);
}

std::optional<mailauth::policy_lines> decode_policy_lines(std::string_view octets) {
  const auto in = json::parse(octets);
  if (!in) return std::nullopt;
  const auto policy = mailauth::rpt_policy_named(in->get_string("policy").value_or(""));
  auto lines = in->get_strings("lines"), hosts = in->get_strings("hosts");
  if (!policy || !lines || !hosts) return std::nullopt;
  return mailauth::policy_lines{*policy, std::move(*lines), std::move(*hosts)};
}

std::string tls_day_key(std::string_view day, std::string_view domain, std::optional<mailauth::rpt_policy> policy) {
  auto out = mailauth::rpt_key_prefix(day, domain);
  if (policy) out += mailauth::name(*policy);
  return out;
}

std::vector<std::string> tls_domains_of(const storage::queue::spool_view& view, std::string_view day) {
  std::vector<std::string> out;
  each_note(view, tls_counted_space, mailauth::rpt_key_prefix(day), [&](const storage::queue::note& n) {
    const auto subject = mailauth::read_rpt_key(n.key);
    if (subject && (out.empty() || out.back() != subject->domain)) out.push_back(subject->domain);
  });
  return out;
}

mailauth::tls_report tls_report_of(const storage::queue::spool_view& view, std::string_view day, std::string_view domain,
                                   std::string organization, std::string contact, std::string id) {
  std::vector<std::pair<mailauth::rpt_subject, std::uint64_t>> counted;
  each_note(view, tls_counted_space, mailauth::rpt_key_prefix(day, domain), [&](const storage::queue::note& n) {
    auto subject = mailauth::read_rpt_key(n.key);
    if (subject) counted.emplace_back(std::move(*subject), base::parse_u64(n.value).value_or(0));
  });
  std::vector<mailauth::policy_lines> lines;
  each_note(view, tls_lines_space, mailauth::rpt_key_prefix(day, domain), [&](const storage::queue::note& n) {
    if (auto read = decode_policy_lines(n.value)) lines.push_back(std::move(*read));
  });
  return mailauth::make_tls_report(day, domain, counted, lines, std::move(organization), std::move(contact), std::move(id));
}

bool takes_tls_reports(const config::settings& values, const routing::directory_view& directory, std::string_view address) {
  const auto& named = values.tlsrpt_address;
  if (named.empty()) return false;
  const auto canonical = routing::canonical_address(address);
  if (!canonical) return false;
  const auto [local, domain] = routing::sides(*canonical);
  if (directory.domain(domain) == nullptr) return false;
  if (named.find('@') == std::string::npos) return base::iequals(named, local);
  return routing::canonical_address(named) == *canonical;
}

kept_tls_report kept_of(std::string_view message, std::string_view sender, base::wall_time now) {
  kept_tls_report out;
  json::value shown{json::object{}};
  shown.set("received", base::to_milliseconds(now));
  shown.set("from", base::printable(sender, text_octets_max));
  const auto report = message.size() > tls_report_mail_octets_max
                          ? base::result<mailauth::tls_report>(base::fail(base::error_kind::over_limit, "the mail is too large"))
                          : mailauth::read_report_mail(message);
  if (!report) {
    shown.set("fault", report.error().client.value);
    out.shown = json::to_text(shown);
    return out;
  }
  std::uint64_t successes = 0, failures = 0;
  json::array domains;
  for (const auto& p : report->policies) {
    successes += p.successes;
    failures += p.failures;
    const auto name = base::printable(p.domain, text_octets_max);
    const bool there = std::any_of(domains.begin(), domains.end(), [&](const json::value& d) { return *d.as_string() == name; });
    if (!there && domains.size() < domains_shown_max) domains.emplace_back(name);
  }
  const auto head = cut(*report, 0, 0);
  shown.set("organization", head.organization);
  shown.set("contact", head.contact);
  shown.set("report_id", head.id);
  shown.set("begin", head.begin);
  shown.set("end", head.end);
  shown.set("domains", std::move(domains));
  shown.set("successes", successes);
  shown.set("failures", failures);
  out.shown = json::to_text(shown);
  for (std::size_t policies = 64, details = 64;; policies /= 2, details /= 2) {
    out.whole = mailauth::print_tls_report(cut(*report, policies, details));
    if (out.whole.size() <= tls_received_octets_max || policies == 0) return out;
  }
}

std::vector<storage::queue::any_command> keep_tls_report(const storage::queue::spool_view& view, std::string_view message, std::string_view sender,
                                                         base::message_id id, base::wall_time now) {
  const auto key = id_of(id);
  const auto until = now + tls_received_kept;
  std::vector<storage::queue::any_command> out;
  // Ids grow, so that the first keys are the oldest.
  const auto there = view.notes(tls_received_space, {}, tls_received_max + page_rows);
  for (std::size_t i = 0; i + tls_received_max <= there.size(); ++i)
    for (const auto* space : {tls_received_space, tls_received_whole_space}) out.push_back(storage::queue::drop_note{space, there[i].key});
  auto kept = kept_of(message, sender, now);
  if (!kept.whole.empty()) out.push_back(storage::queue::put_note{tls_received_whole_space, key, std::move(kept.whole), until});
  out.push_back(storage::queue::put_note{tls_received_space, key, std::move(kept.shown), until});
  return out;
}

} // namespace rookery::actors
