/// One epoll thread that is also a CAF execution unit: connections' actors are
/// pinned to it, so that the octets of a connection are parsed by a direct call in
/// the thread that read them, while everything between actors stays messaging.
///
/// A reactor's turn: epoll, then events, then jobs (messages of pinned actors) and
/// posted closures, then timers; each bounded. Nothing in a turn blocks.
#pragma once

#include "actors/net/timer_wheel.hpp"
#include "base/clock.hpp"

#include <caf/execution_unit.hpp>
#include <caf/fwd.hpp>
#include <caf/resumable.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace rookery::net {

/// Something with a file descriptor in a reactor's epoll set.
class event_source {
public:
  virtual ~event_source() = default;
  virtual void on_events(std::uint32_t events) = 0;
  /// The server drains: finish what runs, take nothing new.
  virtual void on_drain() {}

private:
  friend class reactor;
  event_source* next_ = nullptr;
  event_source* previous_ = nullptr;
};

class reactor final : public caf::execution_unit {
public:
  /// Octets that one read may take; shared by all connections of the reactor.
  static constexpr std::size_t read_octets = 64 * 1024;

  reactor(caf::actor_system& system, unsigned number);
  ~reactor() override;
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  void start();
  /// Ends the loop after the current turn and joins the thread. From another thread.
  void stop();
  unsigned number() const noexcept { return number_; }

  // From any thread:
  void exec_later(caf::resumable* job) override;
  void post(std::function<void()> task);
  /// Calls `on_drain` of every source, in the reactor's thread.
  void drain_sources();
  /// Whether that has happened; what comes later is to end by itself. In the reactor's thread.
  bool draining() const noexcept { return draining_; }

  // From the reactor's own thread:
  static reactor* current() noexcept;
  void add(int fd, std::uint32_t events, event_source* source);
  void change(int fd, std::uint32_t events, event_source* source);
  void remove(int fd, event_source* source);
  /// Runs `task` in the next turn: used to let go of a source that may still be in
  /// the current batch of events.
  void next_turn(std::function<void()> task) { later_.push_back(std::move(task)); }
  char* read_area() noexcept { return read_area_.get(); }
  timer_wheel& timers() noexcept { return timers_; }
  base::instant now() const noexcept { return now_; }

private:
  friend class gathered_wakes;
  void run();
  void drain();
  void wake();
  bool may_sleep();
  void awake();

  unsigned number_;
  struct source_list final : event_source {
    void on_events(std::uint32_t) override {}
  };
  int epoll_ = -1;
  int event_ = -1;
  source_list sources_; ///< ring of all sources in the epoll set
  bool draining_ = false;
  std::unique_ptr<char[]> read_area_;
  timer_wheel timers_;
  base::instant now_{};
  std::atomic<bool> stopping_{false};
  std::mutex lock_;
  bool signaled_ = true; ///< nobody has to wake it: it runs, or was woken
  std::vector<caf::resumable*> inbox_;
  std::vector<std::function<void()>> posted_;
  std::vector<caf::resumable*> local_;
  std::vector<std::function<void()>> later_;
  std::thread thread_;
};

/// While it lives, messages that this thread sends to pinned actors wait, and each reactor is woken
/// once for all of them. For threads that answer many at a time; nothing may block meanwhile.
class gathered_wakes {
public:
  gathered_wakes() noexcept;
  ~gathered_wakes();
  gathered_wakes(const gathered_wakes&) = delete;
  gathered_wakes& operator=(const gathered_wakes&) = delete;
  /// Hands over what waits so far.
  void hand_over();

private:
  friend class reactor;
  std::vector<std::pair<reactor*, caf::resumable*>> jobs_;
  gathered_wakes* outer_;
};

} // namespace rookery::net
