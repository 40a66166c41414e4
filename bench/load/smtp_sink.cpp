/// The other side of a relay: takes mail as fast as one thread can, keeps nothing, counts.
///
///   smtp_sink --port 10999 [--count N]
///
/// With --count it prints how long it took from the first connection until the Nth message, and ends.
#include "bench/load/peer.hpp"
#include "bench/load/server_cost.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_map>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace rookery::load;

namespace {

struct client {
  std::string in, out;
  bool data = false;
  std::size_t chunk = 0; ///< octets of a BDAT that are still to come
  bool last = false;
};

long taken = 0;

/// Takes what is whole; the answers go to `out`.
void step(client& c) {
  for (;;) {
    if (c.chunk > 0) {
      const auto n = std::min(c.chunk, c.in.size());
      c.in.erase(0, n);
      c.chunk -= n;
      if (c.chunk > 0) return;
      if (c.last) ++taken;
      c.out += "250 2.0.0 Ok\r\n";
      continue;
    }
    if (c.data) {
      const auto end = c.in.find("\r\n.\r\n");
      if (end == std::string::npos) {
        if (c.in.size() > 4) c.in.erase(0, c.in.size() - 4);
        return;
      }
      c.in.erase(0, end + 5);
      c.data = false;
      ++taken;
      c.out += "250 2.0.0 Ok\r\n";
      continue;
    }
    const auto end = c.in.find("\r\n");
    if (end == std::string::npos) return;
    const auto line = c.in.substr(0, end);
    c.in.erase(0, end + 2);
    const auto verb = line.substr(0, 4);
    if (verb == "EHLO") c.out += "250-sink.test\r\n250-PIPELINING\r\n250-SIZE 100000000\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 CHUNKING\r\n";
    else if (verb == "DATA") {
      c.data = true;
      c.out += "354 Go on\r\n";
    } else if (verb == "BDAT") {
      c.chunk = static_cast<std::size_t>(std::strtoul(line.c_str() + 5, nullptr, 10));
      c.last = line.find("LAST") != std::string::npos;
      if (c.chunk == 0) {
        if (c.last) ++taken;
        c.out += "250 2.0.0 Ok\r\n";
      }
    } else if (verb == "QUIT") c.out += "221 2.0.0 Bye\r\n";
    else c.out += "250 2.1.0 Ok\r\n";
  }
}

/// Answers are short, and the peers read them: this does not wait.
void say(int to, const std::string& what) {
  if (!what.empty() && ::send(to, what.data(), what.size(), MSG_NOSIGNAL) < 0) std::perror("smtp_sink");
}

} // namespace

int main(int argc, char** argv) {
  const options o(argc, argv);
  const long count = o.number("count", 0);
  const int door = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(o.number("port", 10999)));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(door, reinterpret_cast<const ::sockaddr*>(&at), sizeof at) != 0 || ::listen(door, 1024) != 0) {
    std::perror("smtp_sink");
    return 1;
  }
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  ::epoll_event e{};
  e.events = EPOLLIN;
  e.data.fd = door;
  ::epoll_ctl(poll, EPOLL_CTL_ADD, door, &e);
  std::unordered_map<int, client> clients;
  stopwatch::time_point begun{};
  std::string area(256 * 1024, '\0');
  while (count == 0 || taken < count) {
    ::epoll_event ready[256];
    const int n = ::epoll_wait(poll, ready, 256, -1);
    for (int i = 0; i < n; ++i) {
      const int fd = ready[i].data.fd;
      if (fd == door) {
        const int peer = ::accept4(door, nullptr, nullptr, SOCK_CLOEXEC);
        if (peer < 0) continue;
        if (begun == stopwatch::time_point{}) begun = stopwatch::now();
        ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        e.data.fd = peer;
        ::epoll_ctl(poll, EPOLL_CTL_ADD, peer, &e);
        clients[peer];
        say(peer, "220 sink.test ESMTP\r\n");
      } else {
        const auto got = ::recv(fd, area.data(), area.size(), 0);
        if (got <= 0) {
          ::close(fd);
          clients.erase(fd);
          continue;
        }
        auto& c = clients[fd];
        c.in.append(area, 0, static_cast<std::size_t>(got));
        step(c);
        say(fd, c.out);
        c.out.clear();
      }
    }
  }
  const auto seconds = seconds_since(begun);
  std::printf("%ld messages in %.2f s: %.0f/s\n", taken, seconds, static_cast<double>(taken) / seconds);
  return 0;
}
