#include "actors/queue/home_mail.hpp"

#include "base/codec.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

constexpr std::uint8_t version = 1;

} // namespace

std::optional<std::string> print(const home_mail& m) {
  std::string out;
  base::encoder to(out);
  to.u8(version);
  to.varint(m.numbers.size());
  for (const auto n : m.numbers) to.varint(n);
  storage::queue::encode(m.message, to);
  if (out.size() > cluster::stream_body_octets_max) return {};
  return out;
}

std::optional<home_mail> read_home_mail(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != version) return {};
  const auto count = in.varint();
  if (!in.ok() || count == 0 || count > home_recipients_max) return {};
  home_mail out;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto n = in.varint();
    if (n >= storage::queue::recipients_max) return {};
    out.numbers.push_back(static_cast<std::uint32_t>(n));
  }
  auto envelope = storage::queue::decode_envelope(in);
  if (!in.ok() || !envelope || envelope->recipients.size() != out.numbers.size()) return {};
  out.message = std::move(*envelope);
  return out;
}

std::string print(const std::vector<recipient_result>& all) {
  std::string out;
  base::encoder to(out);
  to.u8(version);
  to.varint(all.size());
  for (const auto& r : all) {
    to.varint(r.recipient);
    to.u8(static_cast<std::uint8_t>(r.as.what));
    to.bytes(r.as.status);
    to.bytes(r.as.diagnostic);
    to.bytes(r.as.answer);
    to.u8(static_cast<std::uint8_t>(r.here));
  }
  return out;
}

std::optional<std::vector<recipient_result>> read_home_results(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != version) return {};
  const auto count = in.varint();
  if (!in.ok() || count > home_recipients_max) return {};
  std::vector<recipient_result> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    recipient_result r;
    r.recipient = static_cast<std::uint32_t>(in.varint());
    const auto what = in.u8();
    r.as.status = in.bytes();
    r.as.diagnostic = in.bytes();
    r.as.answer = in.bytes();
    const auto here = in.u8();
    if (!in.ok() || what > static_cast<std::uint8_t>(delivery::fate::failed) || here > static_cast<std::uint8_t>(delivery::happened::failed) ||
        !delivery::valid_status(r.as.status))
      return {};
    r.as.what = static_cast<delivery::fate>(what);
    r.here = static_cast<delivery::happened>(here);
    out.push_back(std::move(r));
  }
  if (!in.done()) return {};
  return out;
}

std::vector<recipient_result> results_of(const std::vector<std::uint32_t>& brought, std::vector<recipient_result> answered) {
  std::vector<recipient_result> out;
  for (const auto n : brought) {
    const auto at = std::find_if(answered.begin(), answered.end(), [n](const auto& r) { return r.recipient == n; });
    if (at != answered.end()) out.push_back(std::move(*at));
    else out.push_back({n, delivery::of_trouble(delivery::trouble::local, "its home said nothing of it")});
  }
  return out;
}

} // namespace rookery::actors
