#include "policy/reporting/report_state.hpp"

#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/json/value.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace rookery::reporting {
namespace {

constexpr auto names = std::to_array<std::string_view>({"waiting", "under way", "sent", "failed", "unknown"});
constexpr std::array<std::chrono::minutes, 4> pauses{std::chrono::minutes(5), std::chrono::minutes(20), std::chrono::minutes(60), std::chrono::minutes(240)};

constexpr std::size_t targets_max = 100; // a record has fewer
/// Milliseconds that can be reckoned with: up to the year 9999.
bool a_time(std::int64_t ms) { return ms >= 0 && ms < 253'402'300'800'000; }

std::string digest(std::string_view a, std::string_view b, std::string_view c) {
  std::string all(a);
  for (const auto part : {b, c}) (all += '\n') += part;
  return std::string(base::view(base::sha256(all)));
}

} // namespace

std::string_view name(sending s) noexcept { return names[static_cast<std::size_t>(s)]; }

bool report_state::over() const noexcept {
  return std::all_of(targets.begin(), targets.end(), [](const report_target& t) { return t.over(); });
}

void begin(report_target& t) {
  t.state = sending::under_way;
  ++t.attempts;
}

void end(report_target& t, std::string_view why, base::wall_time made, base::wall_time now) {
  t.why = base::printable(why, why_octets_max);
  t.next = {};
  if (why.empty()) {
    t.state = sending::sent;
    return;
  }
  const auto pause = pauses[std::min<std::size_t>(std::max(t.attempts, 1u) - 1, pauses.size() - 1)];
  if (now + pause > made + posting_time) {
    t.state = sending::failed;
    return;
  }
  t.state = sending::waiting;
  t.next = now + pause;
}

bool after_crash(report_state& s) {
  bool any = false;
  for (auto& t : s.targets) {
    if (t.state != sending::under_way) continue;
    t.state = sending::unknown;
    t.why = "the server ended while it was posted";
    any = true;
  }
  return any;
}

base::wall_time leaves_at(base::wall_time end_of_day, std::string_view domain, std::string_view sender, std::chrono::seconds spread) {
  if (spread.count() <= 0) return end_of_day;
  std::uint64_t n = 0;
  for (const char c : digest({}, domain, sender).substr(0, 8)) n = n << 8 | static_cast<unsigned char>(c);
  return end_of_day + std::chrono::seconds(static_cast<std::int64_t>(n % static_cast<std::uint64_t>(spread.count())));
}

std::string report_id(std::string_view day, std::string_view domain, std::string_view sender) {
  return std::string(day) + "." + base::to_hex(digest(day, domain, sender)).substr(0, 24) + "@" + std::string(sender);
}

std::string encode(const report_state& s) {
  json::value out{json::object{}};
  out.set("id", s.id);
  out.set("made", base::to_milliseconds(s.made));
  json::array targets;
  for (const auto& t : s.targets) {
    json::value one{json::object{}};
    one.set("to", t.to);
    one.set("state", name(t.state));
    one.set("attempts", t.attempts);
    if (t.next != base::wall_time{}) one.set("next", base::to_milliseconds(t.next));
    if (!t.why.empty()) one.set("why", t.why);
    targets.push_back(std::move(one));
  }
  out.set("targets", std::move(targets));
  return json::to_text(out);
}

std::optional<report_state> decode_report_state(std::string_view octets) {
  const auto in = json::parse(octets);
  if (!in) return std::nullopt;
  const auto* targets = in->get_array("targets");
  const auto made = in->get_integer("made");
  if (targets == nullptr || !made || !a_time(*made) || targets->size() > targets_max) return std::nullopt;
  report_state out;
  out.id = in->get_string("id").value_or("");
  out.made = base::from_milliseconds(*made);
  for (const auto& from : *targets) {
    auto& t = out.targets.emplace_back();
    t.to = from.get_string("to").value_or("");
    const auto state = std::find(names.begin(), names.end(), from.get_string("state").value_or(""));
    if (t.to.empty() || state == names.end()) return std::nullopt;
    t.state = static_cast<sending>(std::distance(names.begin(), state));
    t.attempts = static_cast<std::uint32_t>(std::min<std::uint64_t>(from.get_unsigned("attempts").value_or(0), 1'000'000));
    const auto next = from.get_integer("next").value_or(0);
    if (!a_time(next)) return std::nullopt;
    t.next = base::from_milliseconds(next);
    t.why = from.get_string("why").value_or("");
  }
  return out;
}

} // namespace rookery::reporting
