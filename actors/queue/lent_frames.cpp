#include "actors/queue/lent_frames.hpp"

#include "base/codec.hpp"

#include <algorithm>
#include <limits>

namespace rookery::actors {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::uint64_t longest_wait_ms = 3'600'000;

/// Flags as one octet, the first the lowest.
template <class... Flags>
std::uint8_t packed(Flags... flags) {
  std::uint8_t out = 0, bit = 1;
  ((out = static_cast<std::uint8_t>(out | (flags ? bit : 0)), bit = static_cast<std::uint8_t>(bit << 1)), ...);
  return out;
}
constexpr bool has(std::uint8_t flags, unsigned bit) noexcept { return (flags >> bit & 1) != 0; }

void put(base::encoder& to, const delivery::verdict& v) {
  to.u8(static_cast<std::uint8_t>(v.what));
  to.bytes(v.status);
  to.bytes(v.diagnostic);
  to.bytes(v.answer);
}
bool take(base::decoder& in, delivery::verdict& v) {
  const auto what = in.u8();
  v.status = in.bytes();
  v.diagnostic = in.bytes();
  v.answer = in.bytes();
  v.what = static_cast<delivery::fate>(what);
  return in.ok() && what <= static_cast<std::uint8_t>(delivery::fate::failed) && (v.status.empty() || delivery::valid_status(v.status));
}

} // namespace

std::string print_way(const delivery::way& w) {
  std::string out;
  base::encoder to(out);
  to.u8(version);
  to.u8(static_cast<std::uint8_t>(w.what));
  to.u8(static_cast<std::uint8_t>(w.tls));
  to.u8(packed(w.require_tls, w.tls_optional, w.dnssec_required, w.dnssec_requested, w.hop.mx, w.hop.lmtp, w.hop.tls_at_once, w.route != nullptr));
  to.u8(static_cast<std::uint8_t>(w.hop.tls));
  to.u16(w.hop.port);
  for (const auto* text : {&w.key, &w.domain, &w.hop.host, &w.hop.login, &w.hop.sealed_password, &w.return_path, &w.gateway}) to.bytes(*text);
  to.bytes(w.route ? std::string_view(w.route->domain) : std::string_view());
  return out;
}

std::optional<delivery::way> read_way(std::string_view octets, const delivery::delivery_view& view) {
  using kind = delivery::way::kind;
  base::decoder in(octets);
  if (in.u8() != version) return {};
  delivery::way w;
  const auto what = in.u8(), tls = in.u8(), flags = in.u8(), hop_tls = in.u8();
  w.hop.port = in.u16();
  for (auto* text : {&w.key, &w.domain, &w.hop.host, &w.hop.login, &w.hop.sealed_password, &w.return_path, &w.gateway}) *text = in.bytes();
  const std::string route(in.bytes());
  constexpr auto tls_last = static_cast<std::uint8_t>(delivery::tls_use::verified);
  if (!in.done() || tls > tls_last || hop_tls > tls_last || w.key.empty()) return {};
  if (what != static_cast<std::uint8_t>(kind::mx) && what != static_cast<std::uint8_t>(kind::host)) return {};
  w.what = static_cast<kind>(what);
  w.tls = static_cast<delivery::tls_use>(tls);
  w.hop.tls = static_cast<delivery::tls_use>(hop_tls);
  w.require_tls = has(flags, 0);
  w.tls_optional = has(flags, 1);
  w.dnssec_required = has(flags, 2);
  w.dnssec_requested = has(flags, 3);
  w.hop.mx = has(flags, 4);
  w.hop.lmtp = has(flags, 5);
  w.hop.tls_at_once = has(flags, 6);
  if (has(flags, 7)) {
    const auto known = view.routes().find(route);
    if (known == view.routes().end()) return {};
    w.route = known->second;
  }
  return w;
}

std::string print(const take_work& t) {
  std::string out;
  base::encoder to(out);
  to.u8(version);
  to.varint(t.recipients_max);
  return out;
}

std::optional<take_work> read_take_work(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != version) return {};
  const auto most = in.varint();
  if (!in.done() || most > std::numeric_limits<std::uint32_t>::max()) return {};
  take_work out;
  out.recipients_max = static_cast<std::uint32_t>(most);
  return out;
}

std::string print_no_work(const given_work& g, base::wall_time now) {
  std::string out;
  base::encoder to(out);
  to.u8(version);
  to.u8(static_cast<std::uint8_t>(g.what));
  to.varint(static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(g.until - now).count())));
  return out;
}

std::optional<given_work> read_no_work(std::string_view octets, base::wall_time now) {
  base::decoder in(octets);
  if (in.u8() != version) return {};
  const auto what = in.u8();
  const auto wait = std::min(in.varint(), longest_wait_ms);
  if (!in.done() || what == static_cast<std::uint8_t>(queueing::take_result::work) || what > static_cast<std::uint8_t>(queueing::take_result::stop)) return {};
  given_work out;
  out.what = static_cast<queueing::take_result>(what);
  out.until = now + std::chrono::milliseconds(wait);
  return out;
}

std::string print_results(const attempt_result& r) {
  std::string out;
  base::encoder to(out);
  to.u8(version);
  to.u8(static_cast<std::uint8_t>(r.how));
  to.u8(packed(r.peer_does_dsn));
  for (const auto* text : {&r.remote_host, &r.session, &r.tls, &r.dns}) to.bytes(*text);
  to.varint(r.recipients.size());
  for (const auto& one : r.recipients) {
    to.varint(one.recipient);
    put(to, one.as);
  }
  return out;
}

std::optional<attempt_result> read_results(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != version) return {};
  attempt_result out;
  const auto how = in.u8(), flags = in.u8();
  for (auto* text : {&out.remote_host, &out.session, &out.tls, &out.dns}) *text = in.bytes();
  const auto count = in.varint();
  if (!in.ok() || how > static_cast<std::uint8_t>(queueing::end_reason::broken) || count > home_recipients_max) return {};
  out.how = static_cast<queueing::end_reason>(how);
  out.peer_does_dsn = has(flags, 0);
  for (std::uint64_t i = 0; i < count; ++i) {
    recipient_result r;
    const auto number = in.varint();
    if (!take(in, r.as) || number >= storage::queue::recipients_max) return {};
    r.recipient = static_cast<std::uint32_t>(number);
    out.recipients.push_back(std::move(r));
  }
  if (!in.done()) return {};
  return out;
}

std::string print_over(const connection_over& o) {
  std::string out;
  base::encoder to(out);
  to.u8(version);
  to.u8(static_cast<std::uint8_t>(o.how));
  to.u8(packed(o.unreached, o.passed != 0, o.why.next_host));
  put(to, o.why.as);
  to.bytes(o.why.host);
  return out;
}

std::optional<connection_over> read_over(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != version) return {};
  connection_over out;
  const auto how = in.u8(), flags = in.u8();
  if (!take(in, out.why.as)) return {};
  out.why.host = in.bytes();
  if (!in.done() || how > static_cast<std::uint8_t>(queueing::close_reason::failed)) return {};
  out.how = static_cast<queueing::close_reason>(how);
  out.unreached = has(flags, 0);
  out.passed = has(flags, 1) ? 1 : 0;
  out.why.next_host = has(flags, 2);
  return out;
}

} // namespace rookery::actors
