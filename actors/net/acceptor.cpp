#include "actors/net/acceptor.hpp"

#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace rookery::net {
namespace {

constexpr int accepts_a_turn = 16;
constexpr int backlog = 4096;
std::atomic<unsigned> next_reactor{0};

bool is_loopback(const ::sockaddr_storage& a) {
  if (a.ss_family == AF_INET)
    return (ntohl(reinterpret_cast<const ::sockaddr_in&>(a).sin_addr.s_addr) >> 24) == 127;
  if (a.ss_family != AF_INET6) return a.ss_family == AF_UNIX;
  const auto& six = reinterpret_cast<const ::sockaddr_in6&>(a).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}

void name_peer(const ::sockaddr_storage& a, connection_facts& facts) {
  char text[INET6_ADDRSTRLEN] = "";
  if (a.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const ::sockaddr_in&>(a);
    ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
    facts.peer_port = ntohs(four.sin_port);
  } else if (a.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const ::sockaddr_in6&>(a);
    if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) ::inet_ntop(AF_INET, &six.sin6_addr.s6_addr[12], text, sizeof text);
    else ::inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
    facts.peer_port = ntohs(six.sin6_port);
  } else {
    std::strcpy(text, "local");
  }
  facts.peer_address = text;
  facts.peer_is_loopback = is_loopback(a);
}

base::failure<base::error> refused(const std::string& what, const std::string& address, std::uint16_t port) {
  return base::fail(base::error_kind::io, "cannot listen",
                    what + " " + address + " port " + std::to_string(port) + ": " + std::strerror(errno));
}

} // namespace

bool connection_counts::enter(const connection_facts& facts) {
  const std::lock_guard hold(lock_);
  if (total_.load(std::memory_order_relaxed) >= limits_.total) return false;
  auto& n = by_address_[facts.peer_address];
  if (n >= (facts.peer_is_loopback ? limits_.loopback : limits_.an_address)) return false;
  ++n;
  total_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void connection_counts::leave(const connection_facts& facts) {
  total_.fetch_sub(1, std::memory_order_relaxed);
  const std::lock_guard hold(lock_);
  const auto at = by_address_.find(facts.peer_address);
  if (at != by_address_.end() && --at->second == 0) by_address_.erase(at);
}

acceptor::acceptor(caf::actor_system& system, std::vector<std::unique_ptr<reactor>>& reactors,
                   std::shared_ptr<const listener> l, std::shared_ptr<connection_counts> counts, std::string refusal)
    : system_(system), reactors_(reactors), home_(*reactors[next_reactor++ % reactors.size()]), listener_(std::move(l)),
      counts_(std::move(counts)), refusal_(std::move(refusal)), spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

acceptor::~acceptor() {
  if (fd_ >= 0) ::close(fd_);
  if (spare_ >= 0) ::close(spare_);
  if (unix_ && !unix_path_.empty()) ::unlink(unix_path_.c_str());
}

base::result<void> acceptor::open(const std::string& address, std::uint16_t port) {
  ::sockaddr_storage a{};
  ::socklen_t size = 0;
  if (address.starts_with("unix:")) {
    unix_ = true;
    unix_path_ = address.substr(5);
    auto& u = reinterpret_cast<::sockaddr_un&>(a);
    u.sun_family = AF_UNIX;
    if (unix_path_.size() >= sizeof u.sun_path)
      return base::fail(base::error_kind::invalid, "cannot listen", "path too long for a socket: " + unix_path_);
    std::strcpy(u.sun_path, unix_path_.c_str());
    size = sizeof u;
    ::unlink(unix_path_.c_str());
  } else if (auto& four = reinterpret_cast<::sockaddr_in&>(a); ::inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    size = sizeof four;
  } else if (auto& six = reinterpret_cast<::sockaddr_in6&>(a);
             ::inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    size = sizeof six;
  } else {
    return base::fail(base::error_kind::invalid, "cannot listen", "no numeric address: " + address);
  }
  fd_ = ::socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return refused("socket", address, port);
  const int on = 1;
  ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (a.ss_family == AF_INET6) ::setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  const auto before = unix_ ? ::umask(0177) : 0;
  const int bound = ::bind(fd_, reinterpret_cast<::sockaddr*>(&a), size);
  if (unix_) ::umask(before);
  if (bound != 0 || ::listen(fd_, backlog) != 0) return refused("listen on", address, port);
  listening_ = true;
  ::sockaddr_storage got{};
  ::socklen_t n = sizeof got;
  ::getsockname(fd_, reinterpret_cast<::sockaddr*>(&got), &n);
  port_ = got.ss_family == AF_INET    ? ntohs(reinterpret_cast<::sockaddr_in&>(got).sin_port)
          : got.ss_family == AF_INET6 ? ntohs(reinterpret_cast<::sockaddr_in6&>(got).sin6_port)
                                      : std::uint16_t{0};
  return {};
}

void acceptor::begin() {
  home_.post([this] {
    if (fd_ < 0 || waiting_) return;
    if (!listening_ && ::listen(fd_, backlog) != 0)
      return base::log_event(base::severity::error, "acceptor.not_listening").text("service", listener_->service).text("error", std::strerror(errno)), void();
    listening_ = waiting_ = true;
    home_.add(fd_, EPOLLIN, this);
  });
}

void acceptor::pause() {
  home_.post([this] {
    if (fd_ < 0) return;
    if (std::exchange(waiting_, false)) home_.remove(fd_, this);
    // A listening socket that is shut down refuses, and may listen again.
    if (std::exchange(listening_, false)) ::shutdown(fd_, SHUT_RD);
  });
}

void acceptor::end() {
  home_.post([this] {
    if (fd_ < 0) return;
    if (std::exchange(waiting_, false)) home_.remove(fd_, this);
    ::close(fd_);
    fd_ = -1;
    if (unix_) ::unlink(unix_path_.c_str()); // nobody shall wait at it
    unix_path_.clear();
  });
}

void acceptor::on_events(std::uint32_t) {
  for (int i = 0; i < accepts_a_turn && fd_ >= 0; ++i) {
    ::sockaddr_storage peer{};
    ::socklen_t size = sizeof peer;
    const int fd = ::accept4(fd_, reinterpret_cast<::sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if ((errno == EMFILE || errno == ENFILE) && spare_ >= 0) {
        // Out of descriptors: take one from the queue and drop it, or we would spin here.
        ::close(spare_);
        const int dropped = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
        if (dropped >= 0) ::close(dropped);
        spare_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        base::log_event(base::severity::warning, "acceptor.no_descriptors").text("service", listener_->service);
      }
      return;
    }
    connection_facts facts;
    if (unix_) {
      facts.peer_address = "local";
      facts.peer_is_loopback = true;
    } else {
      name_peer(peer, facts);
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    accepted(fd, std::move(facts));
  }
}

void acceptor::accepted(int fd, connection_facts facts) {
  static auto& refused = base::counter_named("rookery_connections_refused_total", "", "Connections above a limit");
  if (!counts_->enter(facts)) {
    refused.add();
    base::log_event(base::severity::notice, "connection.refused")
        .text("service", listener_->service).text("peer", facts.peer_address);
    if (!listener_->implicit_tls) (void)::send(fd, refusal_.data(), refusal_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::close(fd);
    return;
  }
  const auto random = base::random_octets(8 + 24);
  facts.session_id = base::to_hex(std::string_view(random).substr(0, 8));
  static constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t i = 0; i < 24; ++i) facts.nonce.push_back(letters[static_cast<unsigned char>(random[8 + i]) & 63]);
  auto& target = *reactors_[next_reactor++ % reactors_.size()];
  target.post([&system = system_, &target, fd, l = listener_, f = std::move(facts)]() mutable {
    connection::start(system, target, fd, std::move(l), std::move(f));
  });
}

} // namespace rookery::net
