#include "protocols/mailauth/mta_sts.hpp"

#include "base/codec.hpp"
#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/mailauth/field_list.hpp"

#include <algorithm>

namespace rookery::mailauth {
namespace {

constexpr std::string_view record_version = "v=STSv1";
constexpr std::uint8_t entry_version = 1;

bool id_text(std::string_view id) {
  return !id.empty() && id.size() <= 32 && std::all_of(id.begin(), id.end(), base::is_alnum);
}

bool host_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  for (const auto label : base::split(name, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return base::is_alnum(c) || c == '-' || c == '_'; })) return false;
  }
  return true;
}

base::failure<base::error> bad(const char* what) { return base::fail(base::error_kind::invalid, what); }

} // namespace

std::string sts_record_name(std::string_view domain) { return "_mta-sts." + std::string(domain); }
std::string sts_policy_url(std::string_view domain) {
  return "https://mta-sts." + std::string(domain) + "/.well-known/mta-sts.txt";
}

std::optional<std::string> read_sts_records(const std::vector<std::string>& texts) {
  const auto* text = only_one(texts, record_version);
  if (text == nullptr) return std::nullopt;
  const auto fields = read_fields(*text, record_version);
  if (!fields) return std::nullopt;
  const auto id = find_field(*fields, "id");
  if (!id || !id_text(*id)) return std::nullopt;
  return std::string(*id);
}

std::string print_sts_record(std::string_view id) { return std::string(record_version) + "; id=" + std::string(id) + ";"; }

std::string_view name(sts_mode mode) noexcept {
  return mode == sts_mode::enforce ? "enforce" : mode == sts_mode::testing ? "testing" : "none";
}

std::optional<sts_mode> sts_mode_named(std::string_view text) noexcept {
  for (const auto mode : {sts_mode::none, sts_mode::testing, sts_mode::enforce})
    if (name(mode) == text) return mode;
  return std::nullopt;
}

bool sts_host_pattern(std::string_view pattern) noexcept {
  if (pattern.starts_with("*.")) pattern.remove_prefix(2);
  return host_name(pattern);
}

bool sts_media_type(std::string_view content_type) noexcept {
  return base::iequals(base::trim(content_type.substr(0, content_type.find(';'))), "text/plain");
}

base::result<sts_policy> read_sts_policy(std::string_view text) {
  if (text.size() > sts_policy_octets_max) return base::fail(base::error_kind::over_limit, "the policy is too large");
  sts_policy out;
  bool version = false, mode = false, age = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = base::trim(line);
    if (line.empty()) continue; // many files end with one
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return bad("a line without a key");
    const auto key = base::trim(line.substr(0, colon)), value = base::trim(line.substr(colon + 1));
    // RFC 8461 §3.2: of what may not be repeated the first counts; unknown keys are for others.
    if (key == "version") {
      if (!version && value != "STSv1") return bad("not version STSv1");
      version = true;
    } else if (key == "mode") {
      const auto named = sts_mode_named(value);
      if (!mode && !named) return bad("an unknown mode");
      if (!mode) out.mode = *named;
      mode = true;
    } else if (key == "max_age") {
      const auto seconds = value.size() <= 10 ? base::parse_u64(value) : std::nullopt;
      if (!age && !seconds) return bad("max_age is no number of seconds");
      if (!age) out.max_age_seconds = static_cast<std::uint32_t>(std::min<std::uint64_t>(*seconds, sts_age_seconds_max));
      age = true;
    } else if (key == "mx") {
      if (!sts_host_pattern(value)) return bad("an mx that is no host name");
      if (out.hosts.size() == sts_hosts_max) return base::fail(base::error_kind::over_limit, "too many mx lines");
      out.hosts.push_back(base::to_lower(value));
    }
  }
  if (!version) return bad("no version");
  if (!mode) return bad("no mode");
  if (!age) return bad("no max_age");
  if (out.mode != sts_mode::none && out.hosts.empty()) return bad("no mx");
  return out;
}

std::string print_sts_policy(const sts_policy& policy) {
  std::string out = "version: STSv1\r\nmode: " + std::string(name(policy.mode)) + "\r\n";
  for (const auto& host : policy.hosts) out += "mx: " + host + "\r\n";
  out += "max_age: ";
  base::append_number(out, policy.max_age_seconds);
  return out + "\r\n";
}

bool covers(const sts_policy& policy, std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto dot = host.find('.');
  for (const std::string_view pattern : policy.hosts) {
    if (base::iequals(pattern, host)) return true;
    if (pattern.starts_with("*.") && dot != std::string_view::npos && dot > 0 && base::iequals(pattern.substr(1), host.substr(dot)))
      return true;
  }
  return false;
}

std::string sts_policy_id(const sts_policy& policy) {
  return base::to_hex(base::view(base::sha256(print_sts_policy(policy)))).substr(0, 32);
}

const sts_policy* sts_entry::valid(base::wall_time now) const noexcept {
  return policy && now < fetched + std::chrono::seconds(policy->max_age_seconds) ? &*policy : nullptr;
}

base::wall_time sts_entry::until() const noexcept {
  const auto forget_failure = failure.empty() ? base::wall_time{} : failed + sts_refresh;
  return policy ? std::max(forget_failure, fetched + std::chrono::seconds(policy->max_age_seconds)) : forget_failure;
}

bool wants_fetch(const sts_entry* known, const std::optional<std::string>& record_id, base::wall_time now) {
  if (!record_id) return false;
  if (known == nullptr) return true;
  if (!known->failure.empty() && known->failed_id == *record_id && now < known->failed + sts_retry) return false;
  if (known->valid(now) == nullptr || known->id != *record_id) return true;
  return now >= known->fetched + sts_refresh;
}

void note_fetched(sts_entry& entry, std::string_view id, sts_policy policy, base::wall_time now) {
  entry = {std::string(id), std::move(policy), now, {}, {}, {}};
}

void note_failed(sts_entry& entry, std::string_view id, std::string_view failure, base::wall_time now) {
  entry.failed_id = id;
  entry.failure = failure;
  entry.failed = now;
}

std::string encode(const sts_entry& entry) {
  std::string out;
  base::encoder e(out);
  e.u8(entry_version);
  e.bytes(entry.id);
  e.i64(base::to_milliseconds(entry.fetched));
  e.bytes(entry.failed_id);
  e.bytes(entry.failure);
  e.i64(base::to_milliseconds(entry.failed));
  e.u8(entry.policy ? 1 : 0);
  if (!entry.policy) return out;
  e.u8(static_cast<std::uint8_t>(entry.policy->mode));
  e.u32(entry.policy->max_age_seconds);
  e.varint(entry.policy->hosts.size());
  for (const auto& host : entry.policy->hosts) e.bytes(host);
  return out;
}

std::optional<sts_entry> decode_sts_entry(std::string_view octets) {
  base::decoder d(octets);
  sts_entry out;
  if (d.u8() != entry_version) return std::nullopt;
  out.id = d.bytes();
  out.fetched = base::from_milliseconds(d.i64());
  out.failed_id = d.bytes();
  out.failure = d.bytes();
  out.failed = base::from_milliseconds(d.i64());
  const auto present = d.u8();
  if (present == 1) {
    auto& policy = out.policy.emplace();
    const auto mode = d.u8();
    policy.mode = static_cast<sts_mode>(mode);
    policy.max_age_seconds = d.u32();
    const auto hosts = d.varint();
    if (mode > 2 || hosts > sts_hosts_max || policy.max_age_seconds > sts_age_seconds_max) return std::nullopt;
    for (std::uint64_t i = 0; i < hosts && d.ok(); ++i) policy.hosts.emplace_back(d.bytes());
  }
  if (present > 1 || !d.done()) return std::nullopt;
  return out;
}

} // namespace rookery::mailauth
