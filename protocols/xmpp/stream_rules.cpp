#include "protocols/xmpp/stream_rules.hpp"

#include "base/text.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/namespaces.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rookery::xmpp {
namespace {

constexpr std::array<std::string_view, 23> fault_names{
    "bad-format", "conflict", "connection-timeout", "host-gone", "host-unknown", "improper-addressing", "internal-server-error",
    "invalid-from", "invalid-namespace", "invalid-xml", "not-authorized", "not-well-formed", "policy-violation",
    "remote-connection-failed", "reset", "resource-constraint", "restricted-xml", "system-shutdown", "undefined-condition",
    "unsupported-encoding", "unsupported-feature", "unsupported-stanza-type", "unsupported-version"};

} // namespace

std::string_view name(stream_fault f) noexcept { return fault_names[static_cast<std::size_t>(f)]; }

stream_fault fault_of(xml::fault f) noexcept {
  switch (f) {
  case xml::fault::not_well_formed: return stream_fault::not_well_formed;
  case xml::fault::restricted: return stream_fault::restricted_xml;
  case xml::fault::encoding: return stream_fault::unsupported_encoding;
  case xml::fault::over_limit: break;
  }
  return stream_fault::policy_violation;
}

std::string stream_error(stream_fault f, std::string_view text) {
  std::string out = "<stream:error><";
  out.append(name(f)).append(" xmlns='").append(space::stream_errors).append("'/>");
  if (!text.empty())
    out.append("<text xmlns='").append(space::stream_errors).append("' xml:lang='en'>").append(xml::escaped(text)).append("</text>");
  return out + "</stream:error>";
}

bool version_fits(std::string_view version) noexcept {
  const auto dot = version.find('.');
  const auto major = base::parse_u32(version.substr(0, dot));
  return dot != std::string_view::npos && major && *major >= 1;
}

void stream_pace::refill(base::instant now) noexcept {
  if (rate_ == 0 || now <= refilled_) return;
  // A day refills whatever there is.
  const auto passed = std::min<base::duration>(now - refilled_, std::chrono::hours(1));
  const auto more = static_cast<std::int64_t>(static_cast<double>(passed.count()) * static_cast<double>(rate_) / 1e9);
  if (more == 0) return;
  allowance_ = std::min(burst_, allowance_ + more);
  refilled_ = now;
}

void stream_pace::spend(std::size_t octets, bool complete) noexcept {
  unpaid_ += octets;
  if (complete) allowance_ -= static_cast<std::int64_t>(std::exchange(unpaid_, 0));
}

std::optional<base::instant> stream_pace::until() const noexcept {
  if (!throttled()) return {};
  const auto missing = static_cast<std::uint64_t>(-allowance_) * 1'000'000'000u / rate_;
  return refilled_ + std::chrono::nanoseconds(missing + 1'000'000);
}

} // namespace rookery::xmpp
