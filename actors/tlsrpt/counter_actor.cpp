#include "actors/tlsrpt/counter_actor.hpp"

#include "actors/queue/spool_commit.hpp"
#include "actors/tlsrpt/notes.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"
#include "policy/reporting/tls_tally.hpp"
#include "storage/queue/spool_machine.hpp"

#include <map>

namespace rookery::actors {
namespace {

constexpr std::size_t counts_a_commit_max = 500;
/// The log takes nothing now: again after this time.
constexpr std::chrono::seconds commit_again{1};
/// Texts of policies that wait; further ones come with the next change or the next day.
constexpr std::size_t lines_waiting_max = 1000;

struct try_again {};

} // namespace
} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::try_again)

namespace rookery::actors {
namespace {

struct counter_state {
  node* of = nullptr;
  reporting::tls_tally tally;
  std::map<std::string, std::string> lines;                       ///< that wait, by key
  std::vector<std::pair<std::string, std::uint64_t>> under_way;
  std::map<std::string, std::string> lines_under_way;
  bool committing = false;
  static inline const char* name = "tls_counter_actor";
};
using self_ptr = caf::stateful_actor<counter_state>*;

base::wall_time until_of(std::string_view key) {
  const auto begin = mailauth::rpt_day_begin(key.substr(0, 10)).value_or(base::wall_time{});
  return begin + std::chrono::hours(24) + tls_counters_kept;
}

/// What other runs of this node have counted today and yesterday.
void recall(self_ptr self) {
  auto& st = self->state;
  const auto view = st.of->spool->view();
  const auto now = st.of->clock->wall();
  for (const auto& day : {mailauth::rpt_day(now - std::chrono::hours(24)), mailauth::rpt_day(now)}) {
    for (const auto& n : view->notes(tls_counted_space, mailauth::rpt_key_prefix(day), reporting::subjects_a_day_max))
      if (const auto subject = mailauth::read_rpt_key(n.key)) st.tally.known(*subject);
    for (const auto& n : view->notes(tls_lines_space, mailauth::rpt_key_prefix(day), reporting::subjects_a_day_max)) {
      const auto parts = base::split(n.key, '\t');
      const auto policy = parts.size() == 3 ? mailauth::rpt_policy_named(parts[2]) : std::nullopt;
      if (policy) st.tally.known_lines(day, parts[1], *policy, n.value);
    }
  }
}

/// What could not be written waits again.
void put_back(counter_state& st) {
  st.tally.put_back(std::exchange(st.under_way, {}));
  st.lines.merge(st.lines_under_way);
  st.lines_under_way.clear();
}

void write_down(self_ptr self) {
  auto& st = self->state;
  if (st.committing || (st.tally.empty() && st.lines.empty())) return;
  st.under_way = st.tally.take(counts_a_commit_max);
  std::vector<storage::queue::any_command> commands;
  for (const auto& [key, n] : st.under_way) commands.push_back(storage::queue::count_note{tls_counted_space, key, n, until_of(key)});
  for (const auto& [key, text] : st.lines) commands.push_back(storage::queue::put_note{tls_lines_space, key, text, until_of(key)});
  st.lines_under_way = std::exchange(st.lines, {});
  st.committing = true;
  if (commit_group_of(*self, *st.of, spool_group(st.of->clock->wall(), std::move(commands)), 0, ack::durable)) return;
  put_back(st);
  self->delayed_send(self, commit_again, try_again{});
}

void seen(self_ptr self, const tls_session_seen& s) {
  static auto& good = base::counter_named("rookery_tls_sessions_total", "result=\"success\"", "Connections to other servers by how TLS went");
  static auto& bad = base::counter_named("rookery_tls_sessions_total", "result=\"failure\"", "Connections to other servers by how TLS went");
  static auto& dropped = base::counter_named("rookery_tls_sessions_uncounted_total", "", "Connections that found no room among the counters of the day");
  auto& st = self->state;
  (s.result.empty() ? good : bad).add();
  const auto day = mailauth::rpt_day(st.of->clock->wall());
  mailauth::rpt_subject subject{day, s.domain, s.policy, s.result, {}, {}, {}};
  if (!s.result.empty()) {
    subject.host = s.host;
    subject.sent_from = s.sent_from;
    subject.sent_to = s.sent_to;
  }
  if (!st.tally.add(std::move(subject))) return dropped.add();
  if (s.lines && st.lines.size() < lines_waiting_max) {
    auto text = encode(*s.lines);
    if (st.tally.new_lines(day, s.domain, s.policy, text)) st.lines[tls_day_key(day, s.domain, s.policy)] = std::move(text);
  }
  write_down(self);
}

caf::behavior tls_counter_actor(self_ptr self, node* of) {
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  self->state.of = of;
  recall(self);
  return {[self](const tls_session_seen& s) { seen(self, s); },
          [self](const commit_done_ptr& done) {
            auto& st = self->state;
            if (done->error) {
              base::log_event(base::severity::warning, "tlsrpt.not_counted").text("error", done->error->log.value);
              put_back(st);
            }
            st.under_way.clear();
            st.lines_under_way.clear();
            if (done->error) return self->delayed_send(self, commit_again, try_again{});
            st.committing = false;
            write_down(self);
          },
          [self](try_again) {
            self->state.committing = false;
            write_down(self);
          }};
}

} // namespace

caf::actor spawn_tls_counter(caf::actor_system& system, node& of) {
  return system.spawn<caf::detached + caf::hidden>(tls_counter_actor, &of);
}

} // namespace rookery::actors
