#include "actors/queue/queue_actor.hpp"

#include "actors/queue/spool_commit.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"

namespace rookery::actors {
namespace {

/// Messages that one commit changes.
constexpr std::size_t page_messages = 500;
constexpr std::chrono::minutes job_time{60};

const char* word(queue_action a) {
  static constexpr const char* words[] = {"count", "hold", "release", "remove", "retry", "move"};
  return words[static_cast<std::size_t>(a)];
}

storage::queue::any_command command_for(const queue_job& job, base::message_id id) {
  switch (job.what) {
  case queue_action::hold: return storage::queue::hold{id, job.argument};
  case queue_action::remove: return storage::queue::removed{id};
  case queue_action::move: return storage::queue::moved_to_queue{id, job.argument};
  case queue_action::retry: return storage::queue::retry_now{{id}};
  default: return storage::queue::release{id};
  }
}

/// Walks through the queue, a page a commit.
caf::result<queue_job_done> run_job(caf::scoped_actor& self, node& n, const queue_job& job) {
  queue_job_done out;
  const auto view = n.spool->view();
  base::message_id from{0};
  do {
    const auto page = view->list(job.filter, from, page_messages);
    out.matched += page.messages.size();
    if (job.what != queue_action::count && !page.messages.empty()) {
      std::vector<storage::queue::any_command> commands;
      for (const auto& m : page.messages) commands.push_back(command_for(job, m.id));
      const auto done = commit_spool_and_wait(self, n, std::move(commands));
      if (!done) return caf::sec::runtime_error;
      out.changed += *done;
    }
    from = page.next;
  } while (from && !n.draining);
  return out;
}

struct queue_state {
  node* of = nullptr;
  std::string queue;
  bool busy = false;
  static inline const char* name = "queue_actor";
};

caf::behavior job_actor(caf::event_based_actor* self, node* n) {
  return {[self, n](const queue_job& job) -> caf::result<queue_job_done> {
    self->quit();
    caf::scoped_actor waiting{self->system()};
    return run_job(waiting, *n, job);
  }};
}

caf::behavior queue_actor(caf::stateful_actor<queue_state>* self, node* n, std::string name) {
  auto& st = self->state;
  st.of = n;
  st.queue = std::move(name);
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  const auto label = "queue=\"" + st.queue + "\"";
  auto& came = base::counter_named("rookery_queue_in_total", label, "Messages that came into a queue");
  auto& left = base::counter_named("rookery_queue_out_total", label, "Messages that left a queue");
  auto& now = base::gauge_named("rookery_queue_messages", label, "Messages in a queue");
  for (const auto& c : n->spool->view()->counts())
    if (c.queue == st.queue) now.add(static_cast<std::int64_t>(c.messages));
  return {[&came, &left, &now](const queue_moves& m) {
            came.add(m.came);
            left.add(m.left);
            now.add(static_cast<std::int64_t>(m.came) - static_cast<std::int64_t>(m.left));
          },
          [self](queue_job& job) -> caf::result<queue_job_done> {
            auto& state = self->state;
            if (state.busy) return caf::sec::request_receiver_down;
            state.busy = true;
            job.filter.queue = state.queue;
            auto promise = self->make_response_promise<queue_job_done>();
            const auto worker = self->spawn<caf::detached + caf::hidden>(job_actor, state.of);
            self->request(worker, job_time, job)
                .then(
                    [self, promise, what = job.what](const queue_job_done& d) mutable {
                      self->state.busy = false;
                      if (what != queue_action::count)
                        base::log_event(base::severity::notice, "queue.job")
                            .text("queue", self->state.queue).text("what", word(what)).number("changed", static_cast<std::int64_t>(d.changed));
                      promise.deliver(d);
                    },
                    [self, promise](caf::error& e) mutable {
                      self->state.busy = false;
                      promise.deliver(std::move(e));
                    });
            return promise;
          }};
}

} // namespace

caf::actor spawn_queue(caf::local_actor& parent, node& n, std::string name) {
  return parent.spawn<caf::hidden>(queue_actor, &n, std::move(name));
}

} // namespace rookery::actors
