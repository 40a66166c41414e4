#include "actors/net/reactor.hpp"

#include "base/log.hpp"

#include <caf/all.hpp>

#include <cerrno>
#include <system_error>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace rookery::net {
namespace {

thread_local reactor* this_threads_reactor = nullptr;
thread_local gathered_wakes* this_threads_wakes = nullptr;

/// Events taken from the kernel, and messages given to one actor, in a turn.
constexpr int events_a_turn = 256;
constexpr std::size_t messages_an_actor = 64;

} // namespace

reactor* reactor::current() noexcept { return this_threads_reactor; }

reactor::reactor(caf::actor_system& system, unsigned number)
    : caf::execution_unit(&system), number_(number), read_area_(new char[read_octets]) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  event_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (epoll_ < 0 || event_ < 0) throw std::system_error(errno, std::generic_category(), "epoll");
  ::epoll_event e{};
  e.events = EPOLLIN | EPOLLET; // each write is an edge: it is never read
  e.data.ptr = nullptr;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &e);
  now_ = base::system_clock().now();
  sources_.next_ = sources_.previous_ = &sources_;
}

reactor::~reactor() {
  stop();
  ::close(event_);
  ::close(epoll_);
}

void reactor::start() {
  thread_ = std::thread([this] { run(); });
}

void reactor::stop() {
  stopping_.store(true);
  wake();
  if (thread_.joinable()) thread_.join();
}

void reactor::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(event_, &one, sizeof one);
}

void reactor::exec_later(caf::resumable* job) {
  // An ordinary actor that was woken from this thread belongs to the scheduler.
  if (job->subtype() != caf::resumable::io_actor) {
    system().scheduler().enqueue(job);
    return;
  }
  if (this_threads_reactor == this) {
    local_.push_back(job);
    return;
  }
  if (this_threads_wakes != nullptr) {
    this_threads_wakes->jobs_.emplace_back(this, job);
    return;
  }
  bool first;
  {
    const std::lock_guard hold(lock_);
    inbox_.push_back(job);
    first = !signaled_;
    signaled_ = true;
  }
  if (first) wake();
}

void reactor::post(std::function<void()> task) {
  bool first;
  {
    const std::lock_guard hold(lock_);
    posted_.push_back(std::move(task));
    first = !signaled_;
    signaled_ = true;
  }
  if (first) wake();
}

void reactor::add(int fd, std::uint32_t events, event_source* source) {
  ::epoll_event e{};
  e.events = events;
  e.data.ptr = source;
  if (fd >= 0 && ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &e) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  source->next_ = sources_.next_;
  source->previous_ = &sources_;
  sources_.next_->previous_ = source;
  sources_.next_ = source;
}

void reactor::change(int fd, std::uint32_t events, event_source* source) {
  ::epoll_event e{};
  e.events = events;
  e.data.ptr = source;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &e);
}

void reactor::remove(int fd, event_source* source) {
  if (fd >= 0) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  if (source->next_ == nullptr) return;
  source->next_->previous_ = source->previous_;
  source->previous_->next_ = source->next_;
  source->next_ = source->previous_ = nullptr;
}

void reactor::drain_sources() {
  post([this] {
    draining_ = true;
    // A source may leave the ring while it drains: take them first.
    std::vector<event_source*> all;
    for (auto* s = sources_.next_; s != &sources_; s = s->next_) all.push_back(s);
    for (auto* s : all) s->on_drain();
  });
}

void reactor::drain() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard hold(lock_);
    local_.insert(local_.end(), inbox_.begin(), inbox_.end());
    inbox_.clear();
    tasks.swap(posted_);
  }
  for (auto& t : tasks) t();
  std::vector<caf::resumable*> jobs;
  jobs.swap(local_);
  for (auto* job : jobs) {
    if (job->resume(this, messages_an_actor) == caf::resumable::resume_later) local_.push_back(job);
    else caf::intrusive_ptr_release(job);
  }
}

/// From here on a producer writes to the event descriptor; false if there is work already.
bool reactor::may_sleep() {
  const std::lock_guard hold(lock_);
  signaled_ = !inbox_.empty() || !posted_.empty();
  return !signaled_;
}

void reactor::awake() {
  const std::lock_guard hold(lock_);
  signaled_ = true;
}

void reactor::run() {
  this_threads_reactor = this;
  std::vector<::epoll_event> events(events_a_turn);
  while (!stopping_.load(std::memory_order_relaxed)) {
    int wait = -1;
    if (!local_.empty() || !later_.empty()) wait = 0;
    else if (const auto next = timers_.next_wait(now_)) wait = static_cast<int>(next->count());
    const bool sleeps = wait != 0 && may_sleep();
    const int n = ::epoll_wait(epoll_, events.data(), events_a_turn, sleeps ? wait : 0);
    if (sleeps) awake();
    now_ = base::system_clock().now();
    std::vector<std::function<void()>> later;
    later.swap(later_);
    for (int i = 0; i < n; ++i) {
      const auto& e = events[static_cast<std::size_t>(i)];
      if (e.data.ptr != nullptr) // else it was woken
        static_cast<event_source*>(e.data.ptr)->on_events(e.events);
    }
    for (auto& task : later) task();
    drain();
    timers_.advance(now_);
  }
  drain();
  this_threads_reactor = nullptr;
}

gathered_wakes::gathered_wakes() noexcept : outer_(std::exchange(this_threads_wakes, this)) {}

gathered_wakes::~gathered_wakes() {
  this_threads_wakes = outer_;
  hand_over();
}

void gathered_wakes::hand_over() {
  while (!jobs_.empty()) {
    auto* const to = jobs_.front().first;
    bool first;
    {
      const std::lock_guard hold(to->lock_);
      std::erase_if(jobs_, [to](const auto& j) {
        if (j.first == to) to->inbox_.push_back(j.second);
        return j.first == to;
      });
      first = !std::exchange(to->signaled_, true);
    }
    if (first) to->wake();
  }
}

} // namespace rookery::net
