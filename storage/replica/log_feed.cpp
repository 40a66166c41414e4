#include "storage/replica/log_feed.hpp"

#include <algorithm>
#include <utility>

namespace rookery::storage {

log_feed::log_feed(file_system& files, std::string directory, log_position from, log_position durable, const log_feed_settings& settings)
  : settings_(settings), next_(from), durable_(durable), segments_(files, std::move(directory)) {}

void log_feed::drop_front() {
  queue_octets_ -= queue_.front()->octets;
  queue_.pop_front();
  present_due_ = true;
}

void log_feed::offer(const log_batch_ptr& batch) {
  if (!batch) return;
  {
    const std::lock_guard hold(lock_);
    queue_.push_back(batch);
    queue_octets_ += batch->octets;
    if (!batch->whole)
      while (!queue_.empty()) drop_front();
    while (!queue_.empty() && queue_octets_ > settings_.queue_octets_max) drop_front();
    // Batches of nothing but notes count too.
    while (queue_.size() > settings_.queue_octets_max / 64) drop_front();
  }
  wake_.notify_one();
}

void log_feed::durable(log_position position) {
  {
    const std::lock_guard hold(lock_);
    durable_ = std::max(durable_, position);
  }
  wake_.notify_one();
}

bool log_feed::has_something() const {
  if (!frames_.empty() || present_due_) return true;
  if (!queue_.empty() && queue_.front()->begin == next_) return true;
  return next_ < durable_;
}

bool log_feed::wait(std::chrono::milliseconds at_most) {
  std::unique_lock hold(lock_);
  wake_.wait_for(hold, at_most, [&] { return stopped_ || has_something(); });
  return !stopped_ && has_something();
}

void log_feed::stop() {
  {
    const std::lock_guard hold(lock_);
    stopped_ = true;
  }
  wake_.notify_all();
}

base::result<std::string> log_feed::take() {
  if (!frames_.empty()) {
    auto frame = std::move(frames_.front());
    frames_.pop_front();
    return frame;
  }
  std::string out;
  std::unique_lock hold(lock_);
  // What the replica has from the disk by now.
  while (!queue_.empty() && queue_.front()->begin < next_) drop_front();
  const bool contiguous = !queue_.empty() && queue_.front()->begin == next_;
  if (!contiguous) {
    auto until = durable_;
    if (!queue_.empty()) until = std::min(until, queue_.front()->begin);
    if (next_ < until) {
      live_ = false;
      present_due_ = true;
      const auto from = next_;
      hold.unlock();
      const auto reached = segments_.read(from, until, settings_.frame_octets, out);
      if (!reached) return base::fail(reached.error());
      hold.lock();
      next_ = *reached;
      return out;
    }
  }
  if (std::exchange(present_due_, false)) {
    const auto at = next_;
    hold.unlock();
    if (auto said = segments_.say_present(at, out); !said) return base::fail(said.error());
    hold.lock();
  }
  live_ = live_ || contiguous;
  while (!queue_.empty() && queue_.front()->begin == next_ && frames_.empty() && out.size() < settings_.frame_octets) {
    const auto batch = std::move(queue_.front());
    queue_.pop_front();
    queue_octets_ -= batch->octets;
    next_ = batch->end;
    hold.unlock();
    for_each_piece(*batch, [&](const piece_view& p) {
      auto& to = frames_.empty() ? out : frames_.back();
      if (to.size() < settings_.frame_octets) return write_piece(p, to);
      frames_.emplace_back();
      write_piece(p, frames_.back());
    });
    hold.lock();
  }
  return out;
}

log_position log_feed::position() const {
  const std::lock_guard hold(lock_);
  return next_;
}

bool log_feed::live() const {
  const std::lock_guard hold(lock_);
  return live_;
}

} // namespace rookery::storage
