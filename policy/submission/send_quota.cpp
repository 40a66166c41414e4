#include "policy/submission/send_quota.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::submission {
namespace {

using std::chrono::days;
using std::chrono::seconds;

std::chrono::sys_days local_day(base::wall_time t, const delivery::time_zone& zone) {
  return std::chrono::floor<days>(std::chrono::floor<seconds>(t) + zone.offset(t));
}
void append_two(std::string& out, unsigned n) {
  if (n < 10) out.push_back('0');
  base::append_number(out, n);
}

} // namespace

const routing::refusal* send_refusal(const send_quota& q, std::uint64_t sent_today) noexcept {
  const auto limit = q.of_account.value_or(q.messages_a_day);
  return limit != 0 && sent_today >= limit ? &quota_reached : nullptr;
}

std::uint64_t send_cost(const send_quota& q, std::size_t recipients) noexcept {
  return q.counts_recipients ? std::max<std::size_t>(1, recipients) : 1;
}

std::string count_key(base::account_id account, base::wall_time now, const delivery::time_zone& zone) {
  const std::chrono::year_month_day date(local_day(now, zone));
  std::string key;
  base::append_number(key, account.value);
  key.push_back('/');
  base::append_number(key, static_cast<std::uint64_t>(static_cast<int>(date.year())));
  key.push_back('-');
  append_two(key, static_cast<unsigned>(date.month()));
  key.push_back('-');
  append_two(key, static_cast<unsigned>(date.day()));
  return key;
}

base::wall_time count_until(base::wall_time now, const delivery::time_zone& zone) {
  return zone.from_local(local_day(now, zone) + days(1));
}

} // namespace rookery::submission
