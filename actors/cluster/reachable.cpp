#include "actors/cluster/reachable.hpp"

#include <cerrno>
#include <memory>
#include <system_error>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rookery::actors {
namespace {

/// 0, or why not.
int connect_to(const ::addrinfo& a, std::chrono::milliseconds wait) {
  const int fd = ::socket(a.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  int fault = ::connect(fd, a.ai_addr, a.ai_addrlen) == 0 ? 0 : errno;
  if (fault == EINPROGRESS) {
    ::pollfd one{fd, POLLOUT, 0};
    ::socklen_t size = sizeof fault;
    if (::poll(&one, 1, static_cast<int>(wait.count())) != 1) fault = ETIMEDOUT;
    else if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &size) != 0) fault = errno;
  }
  ::close(fd);
  return fault;
}

} // namespace

connection_probe probe_connection(const std::string& host, std::uint16_t port, std::chrono::milliseconds wait) {
  const auto begin = std::chrono::steady_clock::now();
  connection_probe out;
  ::addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  ::addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) {
    out.fault = "the name has no address: " + std::string(::gai_strerror(code));
  } else {
    const std::unique_ptr<::addrinfo, void (*)(::addrinfo*)> all(found, ::freeaddrinfo);
    for (const auto* a = found; a != nullptr; a = a->ai_next) {
      const int fault = connect_to(*a, wait);
      out.fault = fault == 0 ? std::string() : std::generic_category().message(fault);
      if (fault == 0) break;
    }
  }
  out.took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  return out;
}

bool reachable(const std::string& host, std::uint16_t port, std::chrono::milliseconds wait) { return probe_connection(host, port, wait).fault.empty(); }

} // namespace rookery::actors
