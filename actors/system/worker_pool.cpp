#include "actors/system/worker_pool.hpp"

#include "actors/net/messages.hpp"
#include "base/log.hpp"

#include <sys/resource.h>

namespace rookery::actors {
namespace {

struct work_item {
  std::shared_ptr<std::function<void()>> task;
  caf::actor answer_to;                        ///< may be null
  std::shared_ptr<std::function<void()>> then;
};

} // namespace
} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::work_item)

namespace rookery::actors {
namespace {

caf::behavior worker(caf::event_based_actor* self, std::shared_ptr<std::atomic<std::size_t>> waiting, int nice) {
  self->set_default_handler(caf::drop);
  if (nice != 0) (void)::setpriority(PRIO_PROCESS, 0, nice); // of this thread: the actor is detached
  return {[self, waiting](const work_item& w) {
    try {
      (*w.task)();
    } catch (const std::exception& fault) {
      base::log_event(base::severity::error, "worker.fault").text("fault", fault.what());
    }
    waiting->fetch_sub(1, std::memory_order_relaxed);
    if (w.answer_to) self->send(w.answer_to, net::connection_task{w.then});
  }};
}

} // namespace

worker_pool::worker_pool(caf::actor_system& system, std::size_t workers, std::size_t waiting_max, int nice)
    : waiting_(std::make_shared<std::atomic<std::size_t>>(0)), waiting_max_(waiting_max) {
  for (std::size_t i = 0; i < workers; ++i) workers_.push_back(system.spawn<caf::detached + caf::hidden>(worker, waiting_, nice));
}

bool worker_pool::run(net::connection& from, std::function<void()> task, std::function<void()> then) {
  if (waiting_->load(std::memory_order_relaxed) >= waiting_max_) return false;
  waiting_->fetch_add(1, std::memory_order_relaxed);
  from.send(next(), work_item{std::make_shared<std::function<void()>>(std::move(task)), caf::actor_cast<caf::actor>(&from),
                              std::make_shared<std::function<void()>>(std::move(then))});
  return true;
}

bool worker_pool::run(std::function<void()> task) {
  if (waiting_->load(std::memory_order_relaxed) >= waiting_max_) return false;
  waiting_->fetch_add(1, std::memory_order_relaxed);
  caf::anon_send(next(), work_item{std::make_shared<std::function<void()>>(std::move(task)), nullptr, nullptr});
  return true;
}

} // namespace rookery::actors
