#include "actors/shard/log_actor.hpp"

#include "actors/net/reactor.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>

namespace rookery::actors {

namespace {

using commit_now_atom = caf::atom_constant<caf::atom("commit")>;
using look_at_held_atom = caf::atom_constant<caf::atom("lookheld")>;
using clock = std::chrono::steady_clock;

struct waiting_request {
  commit_request_ptr request;
  std::vector<storage::committed_command> committed;
};

/// Durable here, and waits for the replicas.
struct held_batch {
  storage::log_position end;
  clock::time_point since;
  std::vector<waiting_request> requests; ///< none: a note, or a new segment
};

struct log_actor_state {
  std::shared_ptr<log_actor_parts> parts;
  std::vector<waiting_request> waiting;
  bool announced = false; ///< a commit message is in our own mailbox
  bool failed = false;    ///< or stopped
  // With replicas.
  std::shared_ptr<replica_sink> sink;
  std::uint64_t epoch = 0;
  bool hold = false;
  bool looking = false; ///< at what is held, from time to time
  std::chrono::milliseconds held_after{500};
  std::deque<held_batch> held;
  storage::log_position replicated; ///< by all in sync
  storage::log_position committed;  ///< released
  storage::log_position noted;      ///< behind the last note of needed_from
  storage::log_position ended;      ///< where the log was closed
  std::vector<caf::response_promise> finishing; ///< wait until nothing is held
  static inline const char* name = "log_actor";
};

using self_ptr = caf::stateful_actor<log_actor_state>*;

/// A batch is written at this size even while more waits, so that no one waits for a gigabyte.
constexpr std::uint64_t batch_octets_max = 24u << 20;

void answer(self_ptr self, const commit_request& r, std::optional<base::error> error) {
  if (!r.reply_to) return;
  auto done = std::make_shared<commit_done>();
  done->token = r.token;
  done->error = std::move(error);
  self->send(caf::actor_cast<caf::actor>(r.reply_to), commit_done_ptr(std::move(done)));
}

base::error stopped() {
  return base::make_error(base::error_kind::try_later, "Storage is not available", "the node log has stopped");
}

/// Everything that waits is refused; what is written of it may or may not stay.
void refuse_all(self_ptr self) {
  auto& st = self->state;
  st.failed = true;
  st.parts->gate->close();
  const auto refuse = [&](std::vector<waiting_request>& requests) {
    for (auto& w : requests) {
      st.parts->gate->leave(w.request->octets);
      answer(self, *w.request, stopped());
    }
    requests.clear();
  };
  for (auto& batch : st.held) refuse(batch.requests);
  st.held.clear();
  refuse(st.waiting);
}

/// Nothing is written any more, and others may open the log.
void close_log(self_ptr self, bool in_order) {
  auto& st = self->state;
  st.failed = true;
  if (st.parts->writer) st.ended = st.parts->writer->end();
  st.parts->writer.reset();
  st.sink.reset();
  for (auto& f : st.finishing) f.deliver(lead_ended{st.ended, in_order});
  st.finishing.clear();
}

void fail_all(self_ptr self, const base::error& why) {
  base::log_event(base::severity::error, "log.failed").text("error", why.log.value);
  refuse_all(self);
  if (self->state.parts->on_failure) self->state.parts->on_failure();
}

/// Answers and has applied what everybody has who must.
void release(self_ptr self, std::vector<waiting_request>& requests, storage::log_position end) {
  auto& st = self->state;
  st.committed = end;
  net::gathered_wakes answers;
  std::vector<apply_batch_ptr> batches(st.parts->machines.size());
  for (auto& w : requests) {
    st.parts->gate->leave(w.request->octets);
    std::shared_ptr<pending_results> reply;
    if (w.request->when == ack::durable) answer(self, *w.request, {});
    else if (w.request->reply_to)
      reply = std::make_shared<pending_results>(w.request->reply_to, w.request->token, w.committed.size());
    for (std::size_t i = 0; i < w.committed.size(); ++i) {
      const auto shard = w.committed[i].shard.value;
      base::check(shard < batches.size(), "a command names a shard that exists");
      auto& batch = batches[shard];
      if (!batch) batch = std::make_shared<apply_batch>();
      batch->items.push_back({std::move(w.committed[i]), reply, i});
    }
  }
  requests.clear();
  answers.hand_over();
  for (std::size_t s = 0; s < batches.size(); ++s)
    if (batches[s]) apply_or_send(*st.parts->shared[s], st.parts->machines[s], std::move(batches[s]));
  answers.hand_over();
  if (st.sink) st.sink->committed(end);
}

void ship(self_ptr self) {
  auto& st = self->state;
  if (!st.sink) return;
  if (const auto batch = st.parts->writer->take_written()) st.sink->written(batch, st.parts->writer->next_lsn());
}

/// One write and one sync; the replicas get the octets in between. False when the log has failed.
bool make_durable(self_ptr self) {
  auto& st = self->state;
  auto& writer = *st.parts->writer;
  if (st.sink) {
    if (const auto done = writer.write(); !done) return fail_all(self, done.error()), false;
    ship(self);
  }
  if (const auto done = writer.commit(); !done) return fail_all(self, done.error()), false;
  return true;
}

void look_at_held_later(self_ptr self) {
  if (std::exchange(self->state.looking, true)) return;
  self->delayed_send(self, std::max(self->state.held_after / 2, std::chrono::milliseconds(1)), look_at_held_atom::value);
}

/// What was made durable leaves now, or when the replicas have it.
void release_or_hold(self_ptr self) {
  auto& st = self->state;
  const auto end = st.parts->writer->end();
  if (st.sink) {
    ship(self);
    st.sink->durable(end);
  }
  if (!st.hold || (st.held.empty() && end <= st.replicated)) return release(self, st.waiting, end);
  if (end > (st.held.empty() ? st.committed : st.held.back().end)) {
    st.held.push_back({end, clock::now(), std::move(st.waiting)});
    st.waiting.clear();
  }
  look_at_held_later(self);
}

void release_held(self_ptr self) {
  static auto& held_time = base::histogram_named("rookery_log_held_seconds", "", "Time from the sync here until the replicas have it");
  auto& st = self->state;
  while (!st.held.empty() && (!st.hold || st.held.front().end <= st.replicated)) {
    auto batch = std::move(st.held.front());
    st.held.pop_front();
    held_time.observe(clock::now() - batch.since);
    release(self, batch.requests, batch.end);
  }
  if (!st.finishing.empty() && st.held.empty()) close_log(self, true);
}

void look_at_held(self_ptr self) {
  auto& st = self->state;
  st.looking = false;
  if (st.held.empty() || !st.sink) return;
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - st.held.front().since);
  if (waited >= st.held_after) st.sink->held(waited, st.held.back().end);
  look_at_held_later(self);
}

void commit(self_ptr self) {
  static auto& syncs = base::counter_named("rookery_log_syncs_total", "", "Batches written and synced");
  static auto& groups = base::counter_named("rookery_log_groups_total", "", "Commit groups made durable");
  static auto& sync_time = base::histogram_named("rookery_log_sync_seconds", "", "Time of one write and sync");
  auto& st = self->state;
  st.announced = false;
  if (st.failed || st.waiting.empty()) return;
  const auto begin = clock::now();
  if (!make_durable(self)) return;
  sync_time.observe(clock::now() - begin);
  syncs.add();
  groups.add(st.waiting.size());
  release_or_hold(self);
  st.parts->writer->look_ahead(); // nobody waits for this
}

void take(self_ptr self, commit_request_ptr request) {
  auto& st = self->state;
  if (st.failed || !st.finishing.empty()) {
    st.parts->gate->leave(request->octets);
    return answer(self, *request, stopped());
  }
  if (st.parts->writer->waiting_octets() > batch_octets_max) commit(self);
  auto committed = st.parts->writer->append(request->group);
  if (!committed) {
    st.parts->gate->leave(request->octets);
    return answer(self, *request, committed.error());
  }
  st.waiting.push_back({std::move(request), std::move(*committed)});
  if (st.announced) return;
  if (self->mailbox().empty()) return commit(self);
  st.announced = true;
  self->send(self, commit_now_atom::value); // behind everything that waits already
}

storage::log_position begin(self_ptr self, const begin_lead& lead) {
  commit(self);
  auto& st = self->state;
  if (st.failed) return {};
  if (const auto done = st.parts->writer->seal(); !done) return fail_all(self, done.error()), storage::log_position{};
  if (st.sink) release_or_hold(self); // of the epoch before
  const auto end = st.parts->writer->start_tap();
  if (!end) return fail_all(self, end.error()), storage::log_position{};
  st.sink = lead.sink;
  st.epoch = lead.epoch;
  st.hold = lead.hold;
  st.held_after = lead.held_after;
  st.replicated = {};
  if (st.held.empty()) st.committed = *end;
  st.sink->durable(*end);
  return *end;
}

storage::log_position hold_from_now(self_ptr self, const hold_for_replicas& h) {
  auto& st = self->state;
  if (st.failed || !st.sink || h.epoch != st.epoch) return {};
  commit(self);
  if (st.failed) return {};
  st.hold = h.hold;
  if (h.hold) st.replicated = st.committed; // of the set as it was
  const auto end = st.parts->writer->end();
  release_held(self);
  if (h.done) h.done(end);
  return end;
}

std::uint64_t note(self_ptr self, const note_needed_from& n) {
  commit(self);
  auto& st = self->state;
  if (st.failed) return 0;
  st.parts->writer->set_needed_from(n.position);
  if (!make_durable(self)) return 0;
  st.noted = st.parts->writer->end();
  release_or_hold(self);
  return st.noted.packed();
}

bool remove(self_ptr self, std::uint32_t segment) {
  auto& st = self->state;
  if (st.failed) return false;
  // The note that nobody needs it must not be cut off by the next leader; nor may a replica want it.
  if (st.sink && (st.committed < st.noted || segment >= st.sink->keep_from().segment)) return false;
  const auto done = st.parts->writer->remove_segment(segment);
  if (!done)
    base::log_event(base::severity::warning, "log.segment_stays").number("segment", segment).text("error", done.error().log.value);
  ship(self);
  st.parts->writer->look_at_space();
  return done.ok();
}

caf::behavior log_actor(self_ptr self, std::shared_ptr<log_actor_parts> parts) {
  self->state.parts = std::move(parts);
  self->state.committed = self->state.parts->writer->end();
  self->set_default_handler(caf::drop);
  return {[self](commit_request_ptr& request) { take(self, std::move(request)); },
          [self](commit_now_atom) { commit(self); },
          [self](look_at_held_atom) { look_at_held(self); },
          [self](const list_segments&) -> log_segments {
            commit(self);
            auto& st = self->state;
            if (!st.parts->writer) return {std::make_shared<const std::vector<storage::segment_info>>(), {}};
            return {std::make_shared<const std::vector<storage::segment_info>>(st.parts->writer->segments()), st.committed};
          },
          [self](const note_needed_from& n) -> std::uint64_t { return note(self, n); },
          [self](const remove_segment& r) -> bool { return remove(self, r.segment); },
          [self](const set_reserve& r) {
            if (!self->state.failed) self->state.parts->writer->set_reserve(r.octets);
          },
          [self](const seal_segment&) -> bool {
            commit(self);
            if (self->state.failed || !self->state.parts->writer->seal()) return false;
            release_or_hold(self);
            return true;
          },
          [self](const begin_lead& lead) -> lead_begun { return {begin(self, lead)}; },
          [self](const replicated_to& r) {
            auto& st = self->state;
            if (st.failed || r.epoch != st.epoch || r.position <= st.replicated) return;
            st.replicated = r.position;
            release_held(self);
          },
          [self](const hold_for_replicas& h) -> storage::log_position { return hold_from_now(self, h); },
          [self](const stop_serving&) -> lead_ended {
            base::log_event(base::severity::notice, "log.stops_serving").number("epoch", static_cast<std::int64_t>(self->state.epoch));
            refuse_all(self);
            close_log(self, false);
            return {self->state.ended, false};
          },
          [self](const finish_serving&) -> caf::result<lead_ended> {
            auto& st = self->state;
            st.parts->gate->close();
            commit(self);
            if (st.failed) return lead_ended{st.ended, false};
            auto promise = self->make_response_promise();
            st.finishing.push_back(promise);
            if (st.held.empty()) close_log(self, true);
            return promise;
          }};
}

} // namespace

caf::actor spawn_log(caf::actor_system& system, std::shared_ptr<log_actor_parts> parts) {
  return system.spawn<caf::detached + caf::hidden>(log_actor, std::move(parts));
}

bool submit_commit(caf::local_actor& from, const caf::actor& log, commit_gate& gate, commit_request_ptr request) {
  request->octets = 64;
  for (const auto& c : request->group.commands) request->octets += c.payload.size();
  for (const auto& b : request->group.bodies) request->octets += b.length;
  if (!gate.enter(request->octets)) return false;
  if (!request->reply_to) request->reply_to = caf::actor_cast<caf::strong_actor_ptr>(from.ctrl());
  caf::anon_send(log, std::move(request));
  return true;
}

} // namespace rookery::actors
