// A wall clock that a test can turn: put in front of the C library (LD_PRELOAD) it adds the seconds, a 64-bit number, that the file named by
// ROOKERY_CLOCK_FILE begins with. faults_driver.py makes it. Other clocks stay.
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

const volatile std::int64_t* seconds = nullptr;

__attribute__((constructor)) void begin() {
  const char* name = std::getenv("ROOKERY_CLOCK_FILE");
  const int fd = name == nullptr ? -1 : ::open(name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void* at = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (at != MAP_FAILED) seconds = static_cast<const volatile std::int64_t*>(at);
}

std::int64_t turned() { return seconds == nullptr ? 0 : *seconds; }

} // namespace

extern "C" {

int clock_gettime(clockid_t id, timespec* t) noexcept {
  const auto r = static_cast<int>(::syscall(SYS_clock_gettime, id, t));
  if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) t->tv_sec += turned();
  return r;
}

int gettimeofday(timeval* t, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  t->tv_sec = now.tv_sec;
  t->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* to) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (to != nullptr) *to = now.tv_sec;
  return now.tv_sec;
}
}
