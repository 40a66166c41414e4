#include "policy/forwarding/srs.hpp"

#include "base/crypto/crypto.hpp"
#include "base/text.hpp"
#include "protocols/smtp/address.hpp"

namespace rookery::forwarding {
namespace {

constexpr std::string_view base32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t mark_characters = 6; // 30 bits
constexpr unsigned days_turn = 1024;       // two characters of base 32

unsigned day_of(base::wall_time t) noexcept {
  return static_cast<unsigned>(std::chrono::floor<std::chrono::days>(t).time_since_epoch().count() % days_turn);
}
std::string day_text(unsigned day) { return {base32[day / 32], base32[day % 32]}; }
std::optional<unsigned> read_day(std::string_view text) noexcept {
  if (text.size() != 2) return {};
  const auto high = base32.find(base::ascii_lower(text[0])), low = base32.find(base::ascii_lower(text[1]));
  if (high == std::string_view::npos || low == std::string_view::npos) return {};
  return static_cast<unsigned>(high * 32 + low);
}

/// Over the parts with separators, in lower case: what travels may lose its case.
std::string mark_of(std::string_view key, std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const auto part : parts) text.append(base::to_lower(part)).push_back('\0');
  const auto digest = base::hmac_sha256(key, text);
  std::string mark;
  for (std::size_t bit = 0; mark.size() < mark_characters; bit += 5) {
    unsigned value = 0;
    for (std::size_t b = bit; b < bit + 5; ++b) value = value << 1 | (digest[b / 8] >> (7 - b % 8) & 1u);
    mark.push_back(base32[value]);
  }
  return mark;
}
bool marked(const srs_settings& s, std::string_view mark, std::initializer_list<std::string_view> parts) {
  bool ours = false;
  const auto folded = base::to_lower(mark);
  for (const auto& key : s.keys) ours = base::constant_time_equal(mark_of(key, parts), folded) || ours;
  return ours;
}

bool separator(char c) noexcept { return c == '=' || c == '+' || c == '-'; }
/// After "SRS0=" or "SRS1=": the rest; nothing for others.
std::optional<std::string_view> behind(std::string_view local, std::string_view tag) noexcept {
  if (local.size() < 6 || !base::istarts_with(local, tag) || !separator(local[4])) return {};
  return local.substr(5);
}
/// Cuts "text=" off the front.
std::optional<std::string_view> take(std::string_view& from) noexcept {
  const auto at = from.find('=');
  if (at == std::string_view::npos) return {};
  const auto text = from.substr(0, at);
  from.remove_prefix(at + 1);
  return text;
}

std::optional<std::string> address(std::string local, std::string_view domain) {
  if (local.empty() || local.size() > srs_local_octets_max || domain.empty()) return {};
  const smtp::mailbox m{std::move(local), base::to_lower(domain)};
  auto text = m.text();
  if (const auto read = smtp::read_mailbox(text); !read || *read != m) return {};
  return text;
}

} // namespace

std::optional<std::string> srs_forward(const srs_settings& s, std::string_view sender,
                                       const std::function<bool(std::string_view)>& is_ours, base::wall_time now) {
  if (sender.empty()) return std::string();
  const auto from = smtp::read_mailbox(sender);
  if (!from || from->literal()) return {};
  const auto domain = base::to_lower(from->domain);
  if (is_ours(domain)) return std::string(sender);
  if (s.keys.empty() || s.domain.empty()) return {};
  const std::string_view local = from->local_part;
  if (const auto rest = behind(local, "srs0"))
    return address("SRS1=" + mark_of(s.keys.front(), {"1", domain, *rest}) + "=" + domain + "=" + std::string(local.substr(4)), s.domain);
  if (auto rest = behind(local, "srs1")) {
    // The first server stays; the marks between are forgotten.
    const auto mark = take(*rest), first = take(*rest);
    if (mark && first && smtp::valid_domain(*first) && rest->size() > 1 && separator(rest->front()))
      return address("SRS1=" + mark_of(s.keys.front(), {"1", *first, rest->substr(1)}) + "=" + std::string(*first) + "=" + std::string(*rest),
                     s.domain);
  }
  const auto day = day_text(day_of(now));
  return address("SRS0=" + mark_of(s.keys.front(), {"0", day, domain, local}) + "=" + day + "=" + domain + "=" + std::string(local), s.domain);
}

base::result<std::string, srs_error> srs_reverse(const srs_settings& s, std::string_view local_part, base::wall_time now) {
  const auto fail = [](srs_error e) { return base::fail(e); };
  if (auto rest = behind(local_part, "srs1")) {
    const auto mark = take(*rest), first = take(*rest);
    if (!mark || !first || first->empty() || rest->size() < 2 || !separator(rest->front())) return fail(srs_error::malformed);
    if (!marked(s, *mark, {"1", *first, rest->substr(1)})) return fail(srs_error::forged);
    auto back = address("SRS0" + std::string(*rest), *first);
    if (!back) return fail(srs_error::malformed);
    return std::move(*back);
  }
  auto rest = behind(local_part, "srs0");
  if (!rest) return fail(srs_error::not_srs);
  const auto mark = take(*rest), day = take(*rest), domain = take(*rest);
  if (!mark || !day || !domain || rest->empty() || domain->empty()) return fail(srs_error::malformed);
  const auto made = read_day(*day);
  if (!made) return fail(srs_error::malformed);
  if (!marked(s, *mark, {"0", *day, *domain, *rest})) return fail(srs_error::forged);
  // Days turn over after 1,024; a day ahead is a clock that differs.
  const auto age = (day_of(now) + days_turn + 1 - *made) % days_turn;
  if (age > static_cast<unsigned>(srs_valid.count()) + 1) return fail(srs_error::expired);
  auto back = address(std::string(*rest), *domain);
  if (!back) return fail(srs_error::malformed);
  return std::move(*back);
}

} // namespace rookery::forwarding
