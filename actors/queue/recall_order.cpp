#include "actors/queue/recall_order.hpp"

#include "actors/queue/home_recall.hpp"
#include "actors/queue/recall_pass.hpp"
#include "actors/relay/homes.hpp"

#include <utility>

namespace rookery::actors {
namespace {

order_answer answer_of(const recall::request& asked, recall::permission allowed, const std::optional<recall::sent_record>& sent,
                       const std::vector<recall::recipient_report>& reports) {
  auto text = recall::write_report(asked, allowed, sent, reports, sent ? sent->unremembered : 0);
  return {std::move(text.subject), std::move(text.body), {}};
}

/// Nothing was done, or it is not known.
order_answer not_reached() {
  return {"Recall", "A server that may remember your message could not be reached. Nothing more is done; write again later.\r\n", {}};
}

/// What the other volumes of the cluster remember.
struct others_memory {
  std::optional<recall::sent_record> sent; ///< the latest
  std::uint64_t volume = 0;
  bool complete = true;                    ///< all have answered
};

others_memory ask_others(node& n, const recall::request& asked, const system_order& order) {
  others_memory out;
  const auto homes = homes_of(n);
  const auto own = volume_of_node(n);
  for (const auto& place : homes->places()) {
    if (place.volume == own) continue;
    auto known = ask_sent(n, place.volume, {order.account->id, asked.message_id, order.message->received});
    if (!known) out.complete = false;
    else if (*known && (*known)->account == order.account->id && (!out.sent || out.sent->time < (*known)->time)) {
      out.sent = std::move(**known);
      out.volume = place.volume;
    }
  }
  return out;
}

} // namespace

std::optional<order_answer> recall_order(const order_tools& tools, const system_order& order) {
  using kind = recall::request::kind;
  auto& n = tools.of;
  const auto rules = recall_rules_of(n);
  const auto asked = recall::read_request(order.subject, order.attached);
  const recall_run run{order.message->id, {}, order.account->id, order.message->received};
  if (auto begun = recall_begun(n, run)) {
    auto reports = run_recall(tools, run, *begun);
    if (!reports) return std::nullopt;
    auto out = answer_of(asked, recall::permission::allowed, begun, *reports);
    out.with.push_back(recall_over(run.order));
    return out;
  }
  // Not what was sent behind the order: it may be run late.
  auto sent = find_sent(*n.spool->view(), asked, run.account, [&](const auto& r) { return r.id < run.order; });
  std::uint64_t volume = 0;
  const bool own = sent && sent->account == run.account;
  if (rules.enabled && asked.what != kind::malformed && (!own || asked.what == kind::last) && !homes_of(n)->alone()) {
    auto others = ask_others(n, asked, order);
    if (!others.complete && (asked.what == kind::last || !others.sent)) {
      if (waits_for_homes(n, run.received)) return std::nullopt;
      return not_reached(); // the message before the last is not what is meant
    }
    if (others.sent && (!own || sent->time < others.sent->time)) {
      sent = std::move(others.sent);
      volume = others.volume;
    }
  }
  const auto allowed = recall::may_recall(rules, run.account, sent, run.received);
  if (asked.what == kind::malformed || allowed != recall::permission::allowed) return answer_of(asked, allowed, sent, {});
  auto reports = volume == 0 ? run_recall(tools, run, *sent) : ask_run(n, volume, {run.order, sent->id, run.account, run.received});
  if (!reports) return volume != 0 && !waits_for_homes(n, run.received) ? std::optional(not_reached()) : std::nullopt;
  auto out = answer_of(asked, recall::permission::allowed, sent, *reports);
  if (volume == 0) out.with.push_back(recall_over(run.order));
  return out;
}

} // namespace rookery::actors
