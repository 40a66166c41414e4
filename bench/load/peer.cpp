#include "bench/load/peer.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rookery::load {
namespace {

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

SSL_CTX* client_context() {
  static SSL_CTX* one = [] {
    auto* c = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    return c;
  }();
  return one;
}

} // namespace

peer::peer(const std::string& host, std::uint16_t port, bool tls, const std::string& source) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) die("socket");
  if (!source.empty()) {
    ::sockaddr_in from{};
    from.sin_family = AF_INET;
    ::inet_pton(AF_INET, source.c_str(), &from.sin_addr);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on, sizeof on);
    if (::bind(fd_, reinterpret_cast<::sockaddr*>(&from), sizeof from) != 0) die("bind");
  }
  ::sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, host.c_str(), &to.sin_addr);
  if (::connect(fd_, reinterpret_cast<::sockaddr*>(&to), sizeof to) != 0) die("connect");
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
  if (tls) start_tls();
}

peer::~peer() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  ::close(fd_);
}

void peer::start_tls() {
  ssl_ = SSL_new(client_context());
  SSL_set_fd(ssl_, fd_);
  SSL_set_connect_state(ssl_); // the handshake goes on with each `move`
}

void peer::send(std::string_view octets) {
  out_.append(octets);
  move();
}

bool peer::line(std::string& out) {
  const auto end = in.find("\r\n");
  if (end == std::string::npos) return false;
  out.assign(in, 0, end);
  in.erase(0, end + 2);
  return true;
}

void peer::wait() {
  ::pollfd p{descriptor(), static_cast<short>(POLLIN | (wants_write() ? POLLOUT : 0)), 0};
  const bool ready = ::poll(&p, 1, 60000) > 0;
  move();
  if (!ready || (closed_ && in.empty())) die("no answer");
}

void peer::say_and_wait(const std::string& what, const std::string& until) {
  send(what);
  for (std::string l; l.rfind(until, 0) != 0;)
    if (!line(l)) {
      wait();
      l.clear();
    }
}

void peer::move() {
  while (!out_.empty()) {
    const auto n = ssl_ != nullptr ? SSL_write(ssl_, out_.data(), static_cast<int>(std::min<std::size_t>(out_.size(), 65536)))
                                   : static_cast<int>(::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL));
    if (n <= 0) break;
    out_.erase(0, static_cast<std::size_t>(n));
  }
  static std::array<char, 262144> area;
  for (;;) {
    const auto n = ssl_ != nullptr ? SSL_read(ssl_, area.data(), static_cast<int>(area.size()))
                                   : static_cast<int>(::recv(fd_, area.data(), area.size(), MSG_DONTWAIT));
    if (n > 0) {
      in.append(area.data(), static_cast<std::size_t>(n));
      if (ssl_ == nullptr && static_cast<std::size_t>(n) < area.size()) return;
      continue;
    }
    if (ssl_ != nullptr) {
      const auto why = SSL_get_error(ssl_, n);
      if (why == SSL_ERROR_SSL) ERR_print_errors_fp(stderr);
      closed_ = closed_ || (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE);
    } else closed_ = closed_ || n == 0;
    return;
  }
}

void raise_file_limit() {
  ::rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

crowd::crowd() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
crowd::~crowd() { ::close(epoll_); }

void crowd::add(peer& p, std::size_t number) {
  ::epoll_event e{};
  e.events = EPOLLIN | EPOLLOUT | EPOLLET;
  e.data.u64 = number;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, p.descriptor(), &e) != 0) die("epoll_ctl");
}

void crowd::wait(int milliseconds, const std::vector<std::unique_ptr<peer>>& peers,
                 const std::function<void(std::size_t)>& ready) {
  std::array<::epoll_event, 256> events;
  const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), milliseconds);
  for (int i = 0; i < n; ++i) {
    const auto number = static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64);
    auto& p = *peers[number];
    std::size_t before; // edge-triggered: read until nothing more comes
    do {
      before = p.in.size();
      p.move();
    } while (p.in.size() > before);
    ready(number);
  }
}

std::string options::text(const std::string& name, const std::string& otherwise) const {
  for (std::size_t i = 0; i + 1 < all_.size(); ++i)
    if (all_[i] == "--" + name) return all_[i + 1];
  return otherwise;
}

long options::number(const std::string& name, long otherwise) const {
  const auto t = text(name, "");
  return t.empty() ? otherwise : std::strtol(t.c_str(), nullptr, 10);
}

bool options::flag(const std::string& name) const {
  return std::find(all_.begin(), all_.end(), "--" + name) != all_.end();
}

} // namespace rookery::load
