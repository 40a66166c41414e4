#include "actors/shard/log_actor.hpp"

#include "actors/net/reactor.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"

#include <chrono>

namespace rookery::actors {

namespace {

using commit_now_atom = caf::atom_constant<caf::atom("commit")>;

struct log_actor_state {
  struct waiting_request {
    commit_request_ptr request;
    std::vector<storage::committed_command> committed;
  };
  std::shared_ptr<log_actor_parts> parts;
  std::vector<waiting_request> waiting;
  bool announced = false; ///< a commit message is in our own mailbox
  bool failed = false;
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

void fail_all(self_ptr self, const base::error& why) {
  auto& st = self->state;
  st.failed = true;
  st.parts->gate->close();
  base::log_event(base::severity::error, "log.failed").text("error", why.log.value);
  for (auto& w : st.waiting) {
    st.parts->gate->leave(w.request->octets);
    answer(self, *w.request, stopped());
  }
  st.waiting.clear();
  if (st.parts->on_failure) st.parts->on_failure();
}

void commit(self_ptr self) {
  static auto& syncs = base::counter_named("rookery_log_syncs_total", "", "Batches written and synced");
  static auto& groups = base::counter_named("rookery_log_groups_total", "", "Commit groups made durable");
  static auto& sync_time = base::histogram_named("rookery_log_sync_seconds", "", "Time of one write and sync");
  auto& st = self->state;
  st.announced = false;
  if (st.failed || st.waiting.empty()) return;
  const auto begin = std::chrono::steady_clock::now();
  const auto done = st.parts->writer->commit();
  sync_time.observe(std::chrono::steady_clock::now() - begin);
  if (!done) return fail_all(self, done.error());
  syncs.add();
  groups.add(st.waiting.size());
  net::gathered_wakes answers;
  std::vector<apply_batch_ptr> batches(st.parts->machines.size());
  for (auto& w : st.waiting) {
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
  st.waiting.clear();
  answers.hand_over();
  for (std::size_t s = 0; s < batches.size(); ++s)
    if (batches[s]) apply_or_send(*st.parts->shared[s], st.parts->machines[s], std::move(batches[s]));
  answers.hand_over();
  st.parts->writer->look_ahead(); // nobody waits for this
}

void take(self_ptr self, commit_request_ptr request) {
  auto& st = self->state;
  if (st.failed) {
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

caf::behavior log_actor(self_ptr self, std::shared_ptr<log_actor_parts> parts) {
  self->state.parts = std::move(parts);
  self->set_default_handler(caf::drop);
  return {[self](commit_request_ptr& request) { take(self, std::move(request)); },
          [self](commit_now_atom) { commit(self); },
          [self](const list_segments&) -> log_segments {
            commit(self);
            return {std::make_shared<const std::vector<storage::segment_info>>(self->state.parts->writer->segments()),
                    self->state.parts->writer->end()};
          },
          [self](const note_needed_from& n) -> std::uint64_t {
            commit(self);
            if (self->state.failed) return 0;
            auto& writer = *self->state.parts->writer;
            writer.set_needed_from(n.position);
            if (const auto done = writer.commit(); !done) {
              fail_all(self, done.error());
              return 0;
            }
            return writer.end().packed();
          },
          [self](const remove_segment& r) -> bool {
            const auto done = self->state.parts->writer->remove_segment(r.segment);
            if (!done)
              base::log_event(base::severity::warning, "log.segment_stays")
                  .number("segment", r.segment).text("error", done.error().log.value);
            self->state.parts->writer->look_at_space();
            return done.ok();
          },
          [self](const set_reserve& r) { self->state.parts->writer->set_reserve(r.octets); },
          [self](const seal_segment&) -> bool {
            commit(self);
            return self->state.parts->writer->seal().ok();
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
