#include "protocols/mailauth/tls_rpt.hpp"

#include "base/text.hpp"
#include "protocols/mailauth/field_list.hpp"

#include <algorithm>
#include <array>

namespace rookery::mailauth {
namespace {

constexpr std::string_view record_version = "v=TLSRPTv1";
constexpr char separator = '\t';

/// RFC 3986 §2.1; nothing for a '%' without two hex digits and for what would become a control octet.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto octet = i + 3 <= text.size() ? base::from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (!octet || octet->front() < ' ' || octet->front() == '\x7f') return std::nullopt;
    out += *octet;
    i += 2;
  }
  return out;
}

std::optional<rpt_target> read_target(std::string_view uri) {
  uri = base::trim(uri);
  if (base::istarts_with(uri, "mailto:")) {
    // RFC 6068 §2: header fields behind '?' are not for a program to follow.
    auto address = percent_decoded(uri.substr(7, uri.find('?') == std::string_view::npos ? std::string_view::npos : uri.find('?') - 7));
    if (!address || address->size() > 254) return std::nullopt;
    const auto at = address->rfind('@');
    if (at == std::string::npos || at == 0 || at + 1 == address->size()) return std::nullopt;
    if (address->find_first_of(" <>,;") != std::string::npos) return std::nullopt;
    return rpt_target{true, std::move(*address)};
  }
  if (base::istarts_with(uri, "https://") && uri.size() > 8 && uri.size() <= 1000 && uri.find_first_of(" \"<>") == std::string_view::npos)
    return rpt_target{false, std::string(uri)};
  return std::nullopt;
}

constexpr auto result_types = std::to_array<std::string_view>(
    {"starttls-not-supported", "certificate-host-mismatch", "certificate-expired", "certificate-not-trusted",
     "validation-failure", "tlsa-invalid", "dnssec-invalid", "dane-required", "sts-policy-fetch-error",
     "sts-policy-invalid", "sts-webpki-invalid"});

/// Octets that would part a key wrongly become '?'.
void append_part(std::string& out, std::string_view part, std::size_t octets_max) {
  for (const char c : part.substr(0, octets_max)) out += c < ' ' || c == '\x7f' ? '?' : c;
}

} // namespace

std::string tls_rpt_record_name(std::string_view domain) { return "_smtp._tls." + std::string(domain); }

std::vector<rpt_target> read_rpt_records(const std::vector<std::string>& texts) {
  std::vector<rpt_target> out;
  const auto* text = only_one(texts, record_version);
  if (text == nullptr) return out;
  const auto fields = read_fields(*text, record_version);
  const auto rua = fields ? find_field(*fields, "rua") : std::nullopt;
  if (!rua) return out;
  for (const auto uri : base::split(*rua, ',')) {
    auto target = read_target(uri);
    if (target && out.size() < rpt_targets_max && std::find(out.begin(), out.end(), *target) == out.end())
      out.push_back(std::move(*target));
  }
  return out;
}

std::string_view name(rpt_policy policy) noexcept {
  return policy == rpt_policy::tlsa ? "tlsa" : policy == rpt_policy::sts ? "sts" : "no-policy-found";
}

std::optional<rpt_policy> rpt_policy_named(std::string_view text) noexcept {
  for (const auto policy : {rpt_policy::tlsa, rpt_policy::sts, rpt_policy::none})
    if (name(policy) == text) return policy;
  return std::nullopt;
}

bool rpt_result_type(std::string_view text) noexcept {
  return std::find(result_types.begin(), result_types.end(), text) != result_types.end();
}

std::string rpt_key_prefix(std::string_view day, std::string_view domain) {
  std::string out(day);
  out += separator;
  if (domain.empty()) return out;
  append_part(out, domain, 253);
  return out + separator;
}

std::string rpt_key(const rpt_subject& s) {
  std::string out = rpt_key_prefix(s.day, s.domain);
  out += name(s.policy);
  for (const std::string_view part : {std::string_view(s.result), std::string_view(s.host), std::string_view(s.sent_from), std::string_view(s.sent_to)}) {
    out += separator;
    append_part(out, part, 200);
  }
  return out;
}

std::optional<rpt_subject> read_rpt_key(std::string_view key) {
  const auto parts = base::split(key, separator);
  if (parts.size() != 7 || key.size() > rpt_key_octets_max || !rpt_day_begin(parts[0]) || parts[1].empty()) return std::nullopt;
  const auto policy = rpt_policy_named(parts[2]);
  if (!policy) return std::nullopt;
  const auto text = [&](std::size_t i) { return std::string(parts[i]); };
  return rpt_subject{text(0), text(1), *policy, text(3), text(4), text(5), text(6)};
}

std::string rpt_day(base::wall_time t) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(t));
  std::string out;
  const auto put = [&out](unsigned n, unsigned divisor) {
    for (; divisor > 0; divisor /= 10) out += static_cast<char>('0' + n / divisor % 10);
  };
  put(static_cast<unsigned>(static_cast<int>(day.year())), 1000);
  out += '-';
  put(static_cast<unsigned>(day.month()), 10);
  out += '-';
  put(static_cast<unsigned>(day.day()), 10);
  return out;
}

std::optional<base::wall_time> rpt_day_begin(std::string_view day) {
  if (day.size() != 10 || day[4] != '-' || day[7] != '-') return std::nullopt;
  const auto y = base::parse_u32(day.substr(0, 4)), m = base::parse_u32(day.substr(5, 2)), d = base::parse_u32(day.substr(8, 2));
  if (!y || !m || !d) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*y)), std::chrono::month(*m), std::chrono::day(*d));
  if (!date.ok()) return std::nullopt;
  return base::wall_time(std::chrono::sys_days(date));
}

} // namespace rookery::mailauth
