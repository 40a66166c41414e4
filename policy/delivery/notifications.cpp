#include "policy/delivery/notifications.hpp"

#include "protocols/smtp/parameters.hpp"

#include <algorithm>

namespace rookery::delivery {

namespace notify = smtp::notify;

std::string_view action(happened what) noexcept {
  switch (what) {
  case happened::delivered: return "delivered";
  case happened::relayed: return "relayed";
  case happened::expanded: return "expanded";
  case happened::delayed: return "delayed";
  case happened::failed: return "failed";
  case happened::passed_on: break;
  }
  return "";
}

bool notifies(std::uint8_t wish, happened what) noexcept {
  if ((wish & notify::never) != 0) return false;
  switch (what) {
  case happened::failed: return wish == 0 || (wish & notify::failure) != 0;
  case happened::delayed: return wish == 0 || (wish & notify::delay) != 0;
  case happened::delivered:
  case happened::relayed:
  case happened::expanded: return (wish & notify::success) != 0;
  case happened::passed_on: break;
  }
  return false;
}

std::uint8_t notify_behind_alias(std::uint8_t wish) noexcept {
  if (wish == 0) return 0; // not given is not never
  const auto rest = static_cast<std::uint8_t>(wish & ~notify::success);
  return rest == 0 ? notify::never : rest;
}

std::vector<report> reports_owed(const std::vector<recipient_news>& news, const report_facts& facts, const report_rules& rules) {
  report final_news, delays, double_bounce;
  double_bounce.to = addressee::postmaster;
  const bool to_sender = !facts.null_sender && !facts.sender_is_frozen;
  for (const auto& n : news) {
    if (!to_sender) {
      // Nobody is told of a failure to tell the postmaster.
      if (n.what == happened::failed && rules.double_bounces && !n.at_postmaster &&
          (facts.null_sender || notifies(n.notify, n.what)))
        double_bounce.recipients.push_back(n);
      continue;
    }
    auto what = n;
    bool wanted = notifies(n.notify, n.what);
    // RFC 2852 §4.1.5: each relay that traces says so; §4.1.4.2: and one that loses the time asked for.
    const bool by_time = facts.deliver_by_trace || (facts.deliver_by_notify && n.what == happened::relayed);
    if (by_time && (n.notify & notify::never) == 0 && (n.what == happened::relayed || n.what == happened::passed_on)) {
      wanted = true;
      what.what = happened::relayed;
    }
    if (n.what == happened::delayed && !rules.delay_notices) wanted = false;
    if (wanted) (n.what == happened::delayed ? delays : final_news).recipients.push_back(what);
  }
  std::vector<report> owed;
  for (auto* r : {&final_news, &delays, &double_bounce}) {
    if (r->recipients.empty()) continue;
    // RFC 3461 §6.3: the whole message comes back with a failure only.
    const bool failed = std::any_of(r->recipients.begin(), r->recipients.end(), [](const auto& n) { return n.what == happened::failed; });
    r->full = failed && (facts.full_asked || (rules.full_by_default && !facts.headers_asked));
    owed.push_back(std::move(*r));
  }
  return owed;
}

} // namespace rookery::delivery
