/// Which stanzas of a client have been dealt with: counted in their order, whoever is done with them and when.
///
/// A receipt goes with a stanza wherever it goes, and counts it when its last holder lets it go: behind the commit if
/// there was one. Any thread.
#pragma once

#include "base/fifo.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <memory>
#include <mutex>

namespace rookery::actors {

/// To whom counts: look at the counter.
struct stanzas_handled {};

class handled_counter {
public:
  /// A stanza has come; its number.
  std::uint32_t begin() {
    const std::lock_guard hold(lock_);
    open_.push_back(1);
    return handled_ + static_cast<std::uint32_t>(open_.size()) - 1;
  }
  /// All stanzas up to this many have been dealt with.
  std::uint32_t handled() const {
    const std::lock_guard hold(lock_);
    told_ = false;
    return handled_;
  }
  bool settled() const {
    const std::lock_guard hold(lock_);
    told_ = false;
    return open_.empty();
  }
  /// Who hears of progress from now on; at most one word is under way.
  void tell(const caf::actor& whom) {
    const std::lock_guard hold(lock_);
    listener_ = caf::actor_cast<caf::weak_actor_ptr>(whom);
    told_ = false;
  }

private:
  friend class stanza_receipt;
  void finish(std::uint32_t number);

  mutable std::mutex lock_;
  base::fifo<std::uint8_t> open_; ///< from handled_ on: 1 until it is dealt with
  std::uint32_t handled_ = 0;
  mutable bool told_ = false;
  caf::weak_actor_ptr listener_;
};

class stanza_receipt {
public:
  explicit stanza_receipt(std::shared_ptr<handled_counter> c) : counter_(std::move(c)), number_(counter_->begin()) {}
  ~stanza_receipt() { counter_->finish(number_); }
  stanza_receipt(const stanza_receipt&) = delete;

private:
  std::shared_ptr<handled_counter> counter_;
  std::uint32_t number_;
};
using receipt_ptr = std::shared_ptr<stanza_receipt>;

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::stanzas_handled)
