#include "actors/net/timer_wheel.hpp"

#include <algorithm>

namespace rookery::net {

timer_wheel::timer_wheel() {
  for (auto& h : slots_) h.next_ = h.previous_ = &h;
}

void timer_wheel::unlink(entry& e) noexcept {
  e.next_->previous_ = e.previous_;
  e.previous_->next_ = e.next_;
  e.next_ = e.previous_ = nullptr;
}

void timer_wheel::place(entry& e, base::instant now) {
  if (count_ == 0) hand_time_ = now; // an empty wheel does not turn: begin where we are
  const auto wait = std::max(e.when_ - hand_time_, base::duration{0});
  const auto ticks = std::min<std::size_t>(slots - 1, static_cast<std::size_t>((wait + tick - base::duration{1}) / tick));
  auto& h = slots_[(hand_ + ticks) % slots];
  e.placed_ = hand_time_ + static_cast<int>(ticks) * tick;
  e.previous_ = h.previous_;
  e.next_ = &h;
  h.previous_->next_ = &e;
  h.previous_ = &e;
  ++count_;
}

void timer_wheel::schedule(entry& e, base::instant when, base::instant now) {
  e.when_ = when;
  if (e.scheduled()) {
    if (e.placed_ <= when) return; // it comes early, sees the new time and is placed again
    unlink(e);
    --count_;
  }
  place(e, now);
}

void timer_wheel::cancel(entry& e) noexcept {
  if (!e.scheduled()) return;
  unlink(e);
  --count_;
}

void timer_wheel::advance(base::instant now) {
  while (count_ > 0 && hand_time_ <= now) {
    auto& h = slots_[hand_];
    // Entries placed while this slot fires go to later slots: the hand has moved on.
    head due;
    if (h.next_ != &h) {
      due.next_ = h.next_;
      due.previous_ = h.previous_;
      due.next_->previous_ = &due;
      due.previous_->next_ = &due;
      h.next_ = h.previous_ = &h;
    } else {
      due.next_ = due.previous_ = &due;
    }
    hand_ = (hand_ + 1) % slots;
    hand_time_ += tick;
    while (due.next_ != &due) {
      auto& e = *due.next_;
      unlink(e);
      --count_;
      if (e.when_ > now) place(e, now);
      else e.on_timer(now);
    }
  }
}

std::optional<std::chrono::milliseconds> timer_wheel::next_wait(base::instant now) const {
  if (count_ == 0) return {};
  // Look ahead a second at most: an idle server then wakes about once a second.
  auto at = hand_time_;
  for (std::size_t i = 0; i < 20; ++i, at += tick) {
    const auto& h = slots_[(hand_ + i) % slots];
    if (h.next_ != &h) break;
  }
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(at - now), std::chrono::milliseconds{0});
}

} // namespace rookery::net
