#include "actors/queue/queue_actor.hpp"

#include "base/metrics.hpp"
#include "storage/queue/spool_machine.hpp"

namespace rookery::actors {
namespace {

struct queue_state {
  static inline const char* name = "queue_actor";
};

caf::behavior queue_actor(caf::stateful_actor<queue_state>* self, node* n, const std::string& queue) {
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  const auto label = "queue=\"" + queue + "\"";
  auto& came = base::counter_named("rookery_queue_in_total", label, "Messages that came into a queue");
  auto& left = base::counter_named("rookery_queue_out_total", label, "Messages that left a queue");
  auto& now = base::gauge_named("rookery_queue_messages", label, "Messages in a queue");
  for (const auto& c : n->spool->view()->counts())
    if (c.queue == queue) now.add(static_cast<std::int64_t>(c.messages));
  return {[&came, &left, &now](const queue_moves& m) {
    came.add(m.came);
    left.add(m.left);
    now.add(static_cast<std::int64_t>(m.came) - static_cast<std::int64_t>(m.left));
  }};
}

} // namespace

caf::actor spawn_queue(caf::local_actor& parent, node& n, std::string name) {
  return parent.spawn<caf::hidden>(queue_actor, &n, std::move(name));
}

} // namespace rookery::actors
