#include "base/clock.hpp"

namespace rookery::base {
namespace {

class machine_clock final : public clock {
public:
  instant now() const override { return std::chrono::steady_clock::now(); }
  wall_time wall() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

} // namespace

const clock& system_clock() {
  static const machine_clock one;
  return one;
}

} // namespace rookery::base
