/// Texts that administrators, users and other servers write: what is read is printed and read again as the
/// same; a rewritten sender comes back.
#include "base/text.hpp"
#include "policy/archiving/message_kind.hpp"
#include "policy/delivery/dnssec_rule.hpp"
#include "policy/delivery/outcome.hpp"
#include "policy/delivery/retry_plan.hpp"
#include "policy/delivery/schedule.hpp"
#include "policy/delivery/target_order.hpp"
#include "policy/forwarding/forward_rule.hpp"
#include "policy/forwarding/macro_text.hpp"
#include "policy/queueing/header_priority.hpp"
#include "policy/recall/recall.hpp"
#include "policy/recall/sent_record.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto now = base::from_milliseconds(1'700'000'000'000);
  const auto ours = [](std::string_view domain) { return domain == "us.example"; };
  switch (data[0] % 8) {
  case 0: {
    const auto s = delivery::schedule::parse(text);
    if (!s) {
      must(s.error().offset <= text.size() && !s.error().what.empty());
      break;
    }
    const auto again = delivery::schedule::parse(s->to_text());
    must(again && again->open(now) == s->open(now) && again->next_change(now) == s->next_change(now));
    if (const auto next = s->next_change(now)) must(*next > now && s->open(*next) != s->open(now));
    break;
  }
  case 1: {
    const auto plan = delivery::retry_plan::parse(text);
    if (plan) must(delivery::retry_plan::parse(plan->to_text()).value() == *plan && plan->pause(3, base::message_id{7}).count() >= 0);
    if (const auto zone = delivery::time_zone::parse(text)) {
      const auto local = std::chrono::floor<std::chrono::seconds>(now) + zone->offset(now);
      must(zone->from_local(local) <= now + std::chrono::hours(26));
    }
    break;
  }
  case 2: {
    const auto cut = text.find('\n');
    const auto rules = delivery::dnssec_rules::parse(text.substr(0, cut));
    if (rules) (void)rules->of_field("Subject", text);
    (void)delivery::matches(text.substr(0, 40), text.substr(0, 4000));
    break;
  }
  case 3: {
    const forwarding::srs_settings srs{{"key"}, "us.example"};
    (void)forwarding::srs_reverse(srs, text, now);
    const auto sender = forwarding::srs_forward(srs, text, ours, now);
    if (!sender || sender->empty() || *sender == text || sender->front() == '"') break;
    const auto back = forwarding::srs_reverse(srs, std::string_view(*sender).substr(0, sender->rfind('@')), now);
    must(back.ok() && sender->size() <= forwarding::srs_local_octets_max + 11);
    break;
  }
  case 4: {
    const auto r = recall::read_request(text, {std::string(text.substr(0, 300))});
    must((r.what == recall::request::kind::message) == !r.message_id.empty() && r.message_id.size() <= recall::message_id_octets_max);
    const auto report = recall::write_report(r, recall::permission::unknown, {}, {});
    must(report.subject.find_first_of("\r\n") == std::string::npos);
    break;
  }
  case 5: {
    forwarding::forward_rule rule;
    rule.enabled = true;
    const auto cut = std::min(text.find('\n'), text.size());
    rule.targets = {std::string(text.substr(0, cut))};
    forwarding::forward_limits limits;
    limits.foreign_domains = false;
    const auto d = forwarding::forward(rule, limits, {"ann@us.example", "ann@us.example", text.substr(cut), 0, false}, ours, now);
    for (const auto& t : d.targets) must(t.ends_with("@us.example"));
    (void)forwarding::target_fault(rule.targets[0], limits, ours);
    break;
  }
  case 7: {
    const auto key = recall::sent_key(base::message_id{7});
    const auto cut = std::min(text.find('\n'), text.size());
    if (const auto later = recall::read_later(text.substr(0, cut), text.substr(cut)))
      must(later->what != recall::later_note::kind::body || later->body.size() == 32);
    if (const auto r = recall::decode_sent(key, text)) {
      const auto again = recall::decode_sent(key, recall::encode(*r));
      must(again && again->account == r->account && again->message_id == r->message_id && again->body == r->body &&
           again->recipients.size() <= r->recipients.size());
    }
    break;
  }
  default: {
    const auto cut = std::min(text.find('\n'), text.size());
    archiving::kind_reader kind;
    kind.field(text.substr(0, cut), text.substr(cut));
    must(kind.kind(false, true) == archiving::message_kind::system);
    (void)kind.kind(false, false);
    queueing::priority_reader priority;
    priority.field(text.substr(0, cut), text.substr(cut));
    priority.field("MT-Priority", text);
    must(priority.number(true) >= -9 && priority.number(true) <= 9 && priority.number(false) == std::min<int>(priority.number(true), 0));
    smtp::reply said;
    said.code = static_cast<std::uint16_t>(400 + data[0] % 200);
    said.enhanced = text.substr(0, cut);
    said.text = text.substr(cut);
    const auto v = delivery::of_outcome({smtp::recipient_outcome::kind::refused, said, smtp::stage::recipient});
    must(delivery::valid_status(v.status) && v.answer.size() <= delivery::answer_octets_max);
    (void)delivery::usable_address(text, false);
    (void)delivery::order_hosts("a.example", {{1, std::string(text)}}, ours, 1);
  }
  }
  return 0;
}
