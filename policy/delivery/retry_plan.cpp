#include "policy/delivery/retry_plan.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::delivery {
namespace {

using std::chrono::seconds;
constexpr std::uint64_t span_max = 365ull * 86400;
constexpr std::size_t plan_octets_max = 1000;

std::uint64_t unit_seconds(char unit) noexcept {
  switch (base::ascii_lower(unit)) {
  case 's': return 1;
  case 'm': return 60;
  case 'h': return 3600;
  case 'd': return 86400;
  case 'w': return 7 * 86400;
  default: return 0;
  }
}
base::wall_time delay_at(const waiting_facts& f, const retry_settings& s) noexcept {
  if (f.null_sender || !f.wants_delay || f.delay_told) return base::wall_time::max();
  auto at = base::wall_time::max();
  if (s.delay_notice.count() > 0) at = f.begin + s.delay_notice;
  if (f.deliver_by != base::wall_time{} && !f.deliver_by_return) at = std::min(at, f.deliver_by);
  return at;
}

} // namespace

std::optional<seconds> parse_span(std::string_view text) {
  std::uint64_t sum = 0;
  text = base::trim(text);
  if (text.empty()) return {};
  while (!text.empty()) {
    std::size_t digits = 0;
    while (digits < text.size() && base::is_digit(text[digits])) ++digits;
    const auto number = base::parse_u64(text.substr(0, digits));
    if (!number || *number > span_max || digits == text.size()) return {};
    const auto unit = unit_seconds(text[digits]);
    if (unit == 0 || *number > span_max / unit) return {};
    sum += *number * unit;
    text.remove_prefix(digits + 1);
  }
  if (sum == 0 || sum > span_max) return {};
  return seconds(sum);
}

std::string span_text(seconds span) {
  std::string out;
  auto left = static_cast<std::uint64_t>(std::max<seconds::rep>(0, span.count()));
  for (const auto& [unit, size] : {std::pair{'d', 86400ull}, {'h', 3600ull}, {'m', 60ull}, {'s', 1ull}}) {
    if (left < size) continue;
    base::append_number(out, left / size);
    out.push_back(unit);
    left %= size;
  }
  return out.empty() ? "0s" : out;
}

retry_plan::retry_plan() {
  using namespace std::chrono_literals;
  pauses_ = {5min, 10min, 20min, 40min, 1h, 2h, 4h};
}

base::result<retry_plan, std::string_view> retry_plan::parse(std::string_view text) {
  using std::string_view;
  if (text.size() > plan_octets_max) return base::fail(string_view("too long"));
  retry_plan plan;
  plan.pauses_.clear();
  while (!(text = base::trim(text)).empty()) {
    const auto end = std::min(text.find_first_of(" \t\r\n,"), text.size());
    const auto span = parse_span(text.substr(0, end));
    if (!span) return base::fail(string_view("a pause is a number with s, m, h or d"));
    if (plan.pauses_.size() == retry_steps_max) return base::fail(string_view("too many pauses"));
    plan.pauses_.push_back(*span);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (plan.pauses_.empty()) return base::fail(string_view("no pause is named"));
  return plan;
}

seconds retry_plan::pause(std::uint32_t attempts, base::message_id id) const noexcept {
  const auto step = pauses_[std::min<std::size_t>(std::max(attempts, 1u), pauses_.size()) - 1];
  auto h = (id.value + attempts) * 0x9e3779b97f4a7c15u;
  h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
  const auto spread = step.count() / 5;
  return step - seconds(spread / 2) + seconds(static_cast<seconds::rep>((h >> 33) % static_cast<std::uint64_t>(spread + 1)));
}

std::string retry_plan::to_text() const {
  std::string out;
  for (const auto p : pauses_) {
    if (!out.empty()) out.push_back(' ');
    out += span_text(p);
  }
  return out;
}

base::wall_time expires(const waiting_facts& f, const retry_settings& s) noexcept {
  const auto at = f.begin + (f.null_sender ? std::min(s.expire_reports, s.expire) : s.expire);
  return f.deliver_by != base::wall_time{} && f.deliver_by_return ? std::min(at, f.deliver_by) : at;
}

base::wall_time next_attempt(const waiting_facts& f, std::uint32_t attempts, base::wall_time now, const retry_settings& s) noexcept {
  const auto next = now + s.plan.pause(attempts, f.id), end = expires(f, s);
  // The last attempt comes some seconds before the end, but not at once after another one.
  const auto last = end - seconds(60);
  return next > last && now + seconds(60) <= last ? last : next;
}

owed owed_now(const waiting_facts& f, base::wall_time now, const retry_settings& s) noexcept {
  if (now >= expires(f, s))
    return f.deliver_by != base::wall_time{} && f.deliver_by_return && now >= f.deliver_by ? owed::deliver_by_over : owed::expired;
  return now >= delay_at(f, s) ? owed::delay_notice : owed::nothing;
}

base::wall_time next_deadline(const waiting_facts& f, const retry_settings& s) noexcept {
  return std::min(expires(f, s), delay_at(f, s));
}

} // namespace rookery::delivery
