#include "actors/queue/record_actor.hpp"

#include "actors/queue/delivery_settings.hpp"
#include "actors/queue/report_writer.hpp"
#include "actors/queue/spool_commit.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"
#include "policy/delivery/notifications.hpp"
#include "policy/delivery/retry_plan.hpp"
#include "policy/recall/sent_record.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace rookery::actors {
namespace {

using delivery::fate;
using storage::queue::attempt_ended;
using storage::queue::recipient_state;

/// The log takes nothing for a moment: again after this time. What the peer has answered must not be lost.
constexpr std::chrono::milliseconds commit_again{200};
/// What came to nothing through nobody's fault, as a home that moves; it is told when the home is reached again, too.
constexpr std::chrono::milliseconds again_after{250};

struct under_way {
  std::vector<attempt_result_ptr> results;
  storage::commit_group group;
  bool together = false;           ///< came as attempt_results
};

struct record_state {
  std::shared_ptr<record_parts> parts;
  caf::actor dispatch;
  std::unordered_map<std::uint64_t, under_way> waiting; ///< for the log, by token
  std::uint64_t token = 0;
  std::vector<caf::typed_response_promise<bool>> settling;
  static inline const char* name = "record_actor";
};
using self_ptr = caf::stateful_actor<record_state>*;

/// One attempt's outcomes as records, and the news that reports may be owed for.
struct judged {
  attempt_ended command;
  std::vector<delivery::recipient_news> news;
  bool any_waits = false;
};

class judge {
public:
  judge(node& n, const attempt_result& r)
      : node_(n), result_(r), message_(*r.message), settings_(retry_settings_of(*n.settings->get())), now_(n.clock->wall()) {}

  judged run() {
    out_.command.id = message_.id;
    for (const auto& one : result_.recipients) {
      if (one.recipient >= message_.recipients.size()) continue;
      if (result_.deadline) deadline(one);
      else attempt(one);
    }
    if (out_.any_waits && !result_.deadline && moves_to_retry(message_.queue)) out_.command.queue_after = "retry";
    return std::move(out_);
  }

private:
  void attempt(const recipient_result& one) {
    const auto& r = message_.recipients[one.recipient];
    auto& o = out_.command.outcomes.emplace_back();
    o.recipient = one.recipient;
    o.answer = one.as.answer;
    o.remote_host = result_.remote_host;
    switch (one.as.what) {
    case fate::done:
      o.state = recipient_state::delivered;
      tell(one.recipient, result_.here ? one.here
                          : result_.peer_does_dsn ? delivery::happened::passed_on : delivery::happened::relayed);
      break;
    case fate::failed:
      o.state = recipient_state::failed;
      tell(one.recipient, delivery::happened::failed);
      break;
    case fate::at_once:
    case fate::deferred:
      o.state = recipient_state::waiting;
      o.next_attempt = one.as.what == fate::at_once ? now_ + again_after : delivery::next_attempt(facts(r), r.attempts + 1, now_, settings_);
      out_.any_waits = true;
      break;
    }
  }

  /// No attempt: the time has come to tell of a delay, or to give up.
  void deadline(const recipient_result& one) {
    const auto& r = message_.recipients[one.recipient];
    const auto owed = delivery::owed_now(facts(r), now_, settings_);
    if (owed == delivery::owed::nothing) return;
    auto& o = out_.command.outcomes.emplace_back();
    o.recipient = one.recipient;
    o.answer = !r.last_answer.empty() ? r.last_answer : one.as.answer;
    o.remote_host = r.remote_host;
    if (owed == delivery::owed::delay_notice) {
      o.state = recipient_state::waiting;
      o.next_attempt = r.next_attempt;
      o.delay_told = true;
      out_.any_waits = true;
      return tell(one.recipient, delivery::happened::delayed);
    }
    o.state = recipient_state::expired;
    tell(one.recipient, delivery::happened::failed);
  }

  void tell(std::uint32_t recipient, delivery::happened what) {
    out_.news.push_back({recipient, message_.recipients[recipient].notify, what, is_postmaster(message_.recipients[recipient].address)});
  }

  bool is_postmaster(const std::string& address) const {
    const auto at = address.rfind('@');
    return base::iequals(std::string_view(address).substr(0, at), "postmaster") &&
           (at == std::string::npos || node_.directory->get()->domain(base::to_lower(address.substr(at + 1))) != nullptr);
  }

  delivery::waiting_facts facts(const storage::queue::recipient& r) const { return waiting_facts_of(message_, r); }
  static bool moves_to_retry(const std::string& queue) {
    return queue == "remote" || queue == "inbound" || queue == "local" || queue == "deferred";
  }

  node& node_;
  const attempt_result& result_;
  const storage::queue::envelope& message_;
  delivery::retry_settings settings_;
  base::wall_time now_;
  judged out_;
};

const char* word(recipient_state s) {
  static constexpr const char* words[] = {"deferred", "delivered", "failed", "expired"};
  return words[static_cast<std::size_t>(s)];
}

void log_attempt(const attempt_result& r, const judged& j) {
  static base::counter* outcomes[] = {
      &base::counter_named("rookery_delivery_recipients_total", "outcome=\"deferred\"", "Recipients of attempts to deliver"),
      &base::counter_named("rookery_delivery_recipients_total", "outcome=\"delivered\"", "Recipients of attempts to deliver"),
      &base::counter_named("rookery_delivery_recipients_total", "outcome=\"failed\"", "Recipients of attempts to deliver"),
      &base::counter_named("rookery_delivery_recipients_total", "outcome=\"expired\"", "Recipients of attempts to deliver")};
  for (const auto& o : j.command.outcomes) {
    outcomes[static_cast<std::size_t>(o.state)]->add();
    // A home that moves is told of once, by who brings mail there.
    const bool moves = r.here && r.how == queueing::end_reason::broken && o.state == recipient_state::waiting;
    base::log_event event(moves ? base::severity::debug : base::severity::info, "delivery.attempt");
    event.text("message", message_name(r.message->id)).text("recipient", r.message->recipients[o.recipient].address);
    event.text("outcome", o.delay_told ? "delayed" : word(o.state)).text("answer", o.answer);
    if (!r.remote_host.empty()) event.text("host", r.remote_host);
    if (!r.session.empty()) event.text("session", r.session).text("tls", r.tls);
    if (!r.dns.empty()) event.text("dns", r.dns);
    if (o.state == recipient_state::waiting) event.number("next", base::to_milliseconds(o.next_attempt));
  }
}

/// So that a sender who recalls the message hears what became of it when the envelope is gone.
void note_failures(node& n, const storage::queue::envelope& message, const attempt_ended& command, storage::commit_group& into) {
  const auto remembered = n.settings->get()->recall_messages * recall::later_factor;
  if (message.account.value == 0 || remembered == 0) return;
  std::vector<storage::queue::any_command> notes;
  for (const auto& o : command.outcomes)
    if (o.state == recipient_state::failed || o.state == recipient_state::expired)
      notes.emplace_back(storage::queue::put_note{std::string(recall::later_space), recall::later_failed_key(message.id, o.recipient), {}, {}, remembered});
  for (auto& c : spool_group(n.clock->wall(), std::move(notes)).commands) into.commands.push_back(std::move(c));
}

void tell(self_ptr self, const under_way& u, queueing::end_reason how) {
  auto& dispatch = self->state.dispatch;
  if (!u.together) return self->send(dispatch, transaction_over{u.results.front()->transaction, how});
  transactions_over over;
  for (const auto& r : u.results) over.transactions.push_back(r->transaction);
  over.how = how;
  self->send(dispatch, std::move(over));
}

void send_group(self_ptr self, std::uint64_t token);

/// Adds one attempt's outcomes and reports to the group; false: there is nothing to write down.
bool add(node& n, const attempt_result& r, storage::commit_group& group) {
  auto j = judge(n, r).run();
  log_attempt(r, j);
  if (j.command.outcomes.empty()) return false;
  note_failures(n, *r.message, j.command, group);
  add_reports(n, *r.message, j.news, j.command.outcomes, r.recipients, group);
  for (auto& c : spool_group(n.clock->wall(), {std::move(j.command)}).commands) group.commands.push_back(std::move(c));
  return true;
}

void write_down(self_ptr self, std::vector<attempt_result_ptr> results, bool together) {
  auto& st = self->state;
  under_way u{{}, {}, together};
  if (!together) u.group = std::move(results.front()->with);
  bool any = false;
  for (const auto& r : results) any = add(*st.parts->of, *r, u.group) || any;
  u.results = std::move(results);
  if (!any) return tell(self, u, u.results.front()->how);
  const auto token = ++st.token;
  st.waiting.emplace(token, std::move(u));
  send_group(self, token);
}

void send_group(self_ptr self, std::uint64_t token) {
  auto& st = self->state;
  const auto at = st.waiting.find(token);
  if (at == st.waiting.end()) return;
  // A copy: commands and shared octets; it is wanted again when the log is full.
  if (!commit_group_of(*self, *st.parts->of, at->second.group, token, ack::applied, at->second.results.front()->keep))
    self->delayed_send(self, commit_again, token);
}

/// Between the answer of a server that took mail and our record of it, a crash sends that mail again. What it did not
/// take comes to no harm.
void observe_window(const attempt_result& r) {
  static auto& window = recorded_histogram();
  if (r.answered == base::instant{}) return;
  if (std::any_of(r.recipients.begin(), r.recipients.end(), [](const auto& one) { return one.as.what == fate::done; }))
    window.observe(base::system_clock().now() - r.answered);
}

void written(self_ptr self, const commit_done& done) {
  auto& st = self->state;
  const auto at = st.waiting.find(done.token);
  if (at == st.waiting.end()) return;
  const auto u = std::move(at->second);
  st.waiting.erase(at);
  auto how = u.results.front()->how;
  if (done.error) {
    // Nothing is recorded: those recipients are tried again, and one that took it gets it twice.
    for (const auto& r : u.results)
      base::log_event(base::severity::error, "delivery.not_recorded")
          .text("message", message_name(r->message->id)).text("error", done.error->log.value);
    how = queueing::end_reason::broken;
  } else {
    for (const auto& r : u.results) observe_window(*r);
  }
  tell(self, u, how);
  if (st.waiting.empty())
    for (auto& p : std::exchange(st.settling, {})) p.deliver(true);
}

caf::behavior record_actor(self_ptr self, std::shared_ptr<record_parts> parts) {
  self->state.parts = std::move(parts);
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  return {[self](attempt_result_ptr& r) { write_down(self, {std::move(r)}, false); },
          [self](attempt_results& r) {
            if (!r.all.empty()) write_down(self, std::move(r.all), true);
          },
          [self](const attempt_started& a) {
            auto& n = *self->state.parts->of;
            (void)commit_group_of(*self, n, spool_group(n.clock->wall(), {storage::queue::attempt_begun{a.id, a.recipients}}), 0, ack::durable);
          },
          [self](const commit_done_ptr& d) { written(self, *d); },
          [self](std::uint64_t token) { send_group(self, token); },
          [self](settle_records) -> caf::result<bool> {
            auto& st = self->state;
            if (st.waiting.empty()) return true;
            return st.settling.emplace_back(self->make_response_promise<bool>());
          },
          [self](const tell_dispatch& t) { self->state.dispatch = t.dispatch; }};
}

} // namespace

base::histogram& recorded_histogram() {
  return base::histogram_named("rookery_delivery_recorded_seconds", "",
                               "From the moment when a server's answer that it took mail was read until that was durable: a crash between them sends it twice");
}

caf::actor spawn_record(caf::actor_system& system, std::shared_ptr<record_parts> parts) {
  return system.spawn<caf::detached + caf::hidden>(record_actor, std::move(parts));
}

} // namespace rookery::actors
