/// The place of an immutable picture: one writer publishes, everybody reads.
#pragma once

#include <memory>
#include <mutex>

namespace rookery::actors {

template <class T>
class published {
public:
  explicit published(std::shared_ptr<const T> first = nullptr) : now_(std::move(first)) {}
  std::shared_ptr<const T> get() const {
    const std::lock_guard hold(lock_);
    return now_;
  }
  void put(std::shared_ptr<const T> next) {
    const std::lock_guard hold(lock_);
    now_.swap(next);
  }

private:
  mutable std::mutex lock_;
  std::shared_ptr<const T> now_;
};

} // namespace rookery::actors
