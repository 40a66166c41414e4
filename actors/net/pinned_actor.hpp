/// An event-based actor that runs in one reactor's thread only.
///
/// Uses what CAF's own brokers use: messages are enqueued with the reactor as the
/// execution unit, and `subtype()` says io_actor so that a scheduler never takes it.
/// Spawn it in the reactor's thread, never detached.
#pragma once

#include "actors/net/reactor.hpp"

#include <caf/all.hpp>

namespace rookery::net {

class pinned_actor : public caf::event_based_actor {
  using super = caf::event_based_actor;

public:
  pinned_actor(caf::actor_config& cfg, reactor& home) : super(cfg), reactor_(home) {}

  using super::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    super::enqueue(std::move(what), &reactor_);
  }
  void launch(caf::execution_unit*, bool lazy, bool hide) override { super::launch(&reactor_, lazy, hide); }
  subtype_t subtype() const override { return caf::resumable::io_actor; }

  resume_result resume(caf::execution_unit* unit, std::size_t throughput) override {
    const auto what = super::resume(unit, throughput);
    if (what == done) return done;
    // What ends here (`quit` in after_turn) must be gone now: no further message may come.
    return enter([this] { after_turn(); }) ? what : done;
  }

  reactor& home() noexcept { return reactor_; }

protected:
  /// What is to be done once after some messages were handled.
  virtual void after_turn() {}

  /// Calls into the actor from an event of its reactor, as if a message had come:
  /// inside, `request(…).then`, `send`, `quit` work. False when the actor has ended.
  template <class F>
  bool enter(F&& call) {
    const caf::strong_actor_ptr guard{ctrl()};
    if (!activate(&reactor_)) return false;
    try {
      call();
    } catch (const std::exception& fault) {
      on_fault(fault);
    }
    bhvr_stack_.cleanup();
    return !finalize();
  }
  /// A fault of our own code inside `enter`.
  virtual void on_fault(const std::exception&) { quit(caf::sec::runtime_error); }

private:
  reactor& reactor_;
};

} // namespace rookery::net
