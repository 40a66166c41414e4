#include "actors/cluster/reachable.hpp"

#include <cerrno>
#include <memory>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rookery::actors {

bool reachable(const std::string& host, std::uint16_t port, std::chrono::milliseconds wait) {
  ::addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  ::addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return false;
  const std::unique_ptr<::addrinfo, void (*)(::addrinfo*)> all(found, ::freeaddrinfo);
  for (const auto* a = found; a != nullptr; a = a->ai_next) {
    const int fd = ::socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    bool there = ::connect(fd, a->ai_addr, a->ai_addrlen) == 0;
    if (!there && errno == EINPROGRESS) {
      ::pollfd one{fd, POLLOUT, 0};
      int fault = 0;
      ::socklen_t size = sizeof fault;
      there = ::poll(&one, 1, static_cast<int>(wait.count())) == 1 && ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &size) == 0 && fault == 0;
    }
    ::close(fd);
    if (there) return true;
  }
  return false;
}

} // namespace rookery::actors
