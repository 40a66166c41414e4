#include "actors/admin/volume_order.hpp"

#include "actors/admin/admin_api.hpp"
#include "actors/net/messages.hpp"
#include "actors/shard/log_actor.hpp"
#include "actors/system/held_session.hpp"
#include "actors/system/worker_pool.hpp"

#include <algorithm>
#include <future>

namespace rookery::admin {
namespace {

response not_served() { return refusal(base::make_error(base::error_kind::try_later, "the volume is not served there now")); }

using answer_promise = std::shared_ptr<std::promise<response>>;

/// Owns: one request. Understands: commit_done_ptr, connection_task. May ask: what live_node asks. If it dies, the request
/// is answered with its deadline.
class order_state {
public:
  static inline const char* name = "order_actor";

  caf::message_handler begin(caf::event_based_actor* self, const actors::volume_ptr& volume, actors::volume_id id, std::shared_ptr<const node_services> services) {
    live_link link;
    link.self = self;
    link.volume = id;
    link.keep = volume;
    link.commit = [self](const actors::node& n, storage::commit_group group, std::uint64_t token) {
      // The configuration is changed by the node that was asked.
      if (std::any_of(group.commands.begin(), group.commands.end(), [](const auto& c) { return c.shard == storage::config_shard; })) return false;
      auto request = std::make_shared<actors::commit_request>();
      request->group = std::move(group);
      request->when = actors::ack::applied;
      request->token = token;
      return actors::submit_commit(*self, n.log, *n.gate, std::move(request));
    };
    link.run = [me = caf::actor_cast<caf::actor>(self)](actors::worker_pool& pool, std::function<void()> task, std::function<void()> then) {
      const auto behind = std::make_shared<std::function<void()>>(std::move(then));
      return pool.run([me, task = std::move(task), behind] {
        const auto tell = [&] { caf::anon_send(me, net::connection_task{behind}); };
        try {
          task();
        } catch (...) {
          tell();
          throw;
        }
        tell();
      });
    };
    live_ = std::make_shared<live_node>(*volume, std::move(services), std::move(link));
    return {[this](const actors::commit_done_ptr& d) { live_->done(*d); }, [](const net::connection_task& t) { (*t.run)(); }};
  }
  ~order_state() {
    if (live_) live_->gone();
  }
  const std::shared_ptr<live_node>& live() const noexcept { return live_; }

private:
  std::shared_ptr<live_node> live_;
};

caf::behavior order_actor(caf::stateful_actor<order_state>* self, actors::volume_ptr volume, actors::volume_id id, std::shared_ptr<const node_services> services, std::shared_ptr<request> what,
                          answer_promise promise) {
  self->set_default_handler(caf::drop);
  auto messages = self->state.begin(self, volume, id, std::move(services));
  const auto start = std::make_shared<std::function<void()>>([self, what, promise] {
    handle(self->state.live(), std::move(*what), [self, promise](response r) {
      promise->set_value(std::move(r));
      self->quit();
    });
  });
  self->send(self, net::connection_task{start});
  return caf::behavior{messages};
}

} // namespace

response carry_out(actors::volume_ptr volume, actors::volume_id id, std::shared_ptr<const node_services> services, request what, std::chrono::milliseconds limit) {
  if (!volume) return not_served();
  const actors::volume_work here(*volume);
  if (!here || !actors::may_serve(*volume)) return not_served();
  const auto promise = std::make_shared<std::promise<response>>();
  auto future = promise->get_future();
  auto& system = *volume->system;
  const auto order = system.spawn<caf::hidden>(order_actor, volume, id, std::move(services), std::make_shared<request>(std::move(what)), promise);
  if (future.wait_for(limit) != std::future_status::ready) {
    caf::anon_send_exit(order, caf::exit_reason::user_shutdown);
    return refusal(base::make_error(base::error_kind::try_later, "the volume's node has not answered in time"));
  }
  auto said = future.get();
  // What another node leads by now may have changed there.
  return actors::may_serve(*volume) ? said : not_served();
}

} // namespace rookery::admin
