#include "actors/net/connector.hpp"

#include "base/crypto/crypto.hpp"
#include "base/text.hpp"

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rookery::net {
namespace {

struct socket_address {
  ::sockaddr_storage octets{};
  ::socklen_t size = 0;
  const ::sockaddr* get() const { return reinterpret_cast<const ::sockaddr*>(&octets); }
};

std::optional<socket_address> parse(const std::string& text, std::uint16_t port) {
  socket_address out;
  auto& four = reinterpret_cast<::sockaddr_in&>(out.octets);
  if (::inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    out.size = sizeof four;
    return out;
  }
  auto& six = reinterpret_cast<::sockaddr_in6&>(out.octets);
  if (::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    out.size = sizeof six;
    return out;
  }
  return std::nullopt;
}

std::string reason_of(int number) {
  switch (number) {
  case ECONNREFUSED: return "connection refused";
  case ETIMEDOUT: return "timed out";
  case EHOSTUNREACH: return "no route to the host";
  case ENETUNREACH: return "network is unreachable";
  case EADDRNOTAVAIL: return "the source address is not ours";
  case EMFILE:
  case ENFILE: return "out of file descriptors";
  default: return std::strerror(number);
  }
}

/// A socket whose TCP handshake is under way. Owns itself; lives in its reactor's thread.
class dialing final : public event_source, public timer_wheel::entry {
public:
  dialing(caf::actor_system& system, reactor& home, dial what, std::shared_ptr<const listener> service,
          std::function<void(std::string_view)> failed)
      : system_(system), home_(home), what_(std::move(what)), service_(std::move(service)), failed_(std::move(failed)) {}
  ~dialing() override {
    if (fd_ >= 0) ::close(fd_);
  }

  void begin() {
    const auto to = parse(what_.address, what_.port);
    if (!to) return fail("not a numeric address");
    fd_ = ::socket(to->octets.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return fail(reason_of(errno));
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!what_.source.empty()) {
      const auto from = parse(what_.source, 0);
      if (!from || from->octets.ss_family != to->octets.ss_family) return fail("the source address is of another family");
      ::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
      if (::bind(fd_, from->get(), from->size) != 0) return fail(reason_of(errno));
    }
    const int begun = ::connect(fd_, to->get(), to->size);
    if (begun != 0 && errno != EINPROGRESS) return fail(reason_of(errno));
    home_.add(fd_, EPOLLOUT, this);
    registered_ = true;
    home_.timers().schedule(*this, home_.now() + what_.time, home_.now());
  }

private:
  void on_events(std::uint32_t) override {
    int error = 0;
    ::socklen_t size = sizeof error;
    if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return fail(reason_of(error));
    connection_facts facts;
    facts.session_id = what_.session_id.empty() ? base::to_hex(base::random_octets(8)) : what_.session_id;
    facts.peer_address = what_.address;
    facts.peer_port = what_.port;
    facts.peer_is_loopback = what_.address.starts_with("127.") || what_.address == "::1";
    facts.nonce = base::random_token(24);
    leave();
    const int fd = std::exchange(fd_, -1);
    connection::start(system_, home_, fd, service_, std::move(facts));
  }
  void on_timer(base::instant) override { fail("timed out"); }
  void on_drain() override { fail("the server stops"); }

  void fail(std::string_view why) {
    const auto tell = std::move(failed_);
    leave();
    tell(why);
  }
  /// Out of the epoll set; deleted a turn later, when no event of this turn can name it any more.
  void leave() {
    home_.timers().cancel(*this);
    if (std::exchange(registered_, false)) home_.remove(fd_, this);
    home_.next_turn([this] { delete this; });
  }

  caf::actor_system& system_;
  reactor& home_;
  dial what_;
  std::shared_ptr<const listener> service_;
  std::function<void(std::string_view)> failed_;
  int fd_ = -1;
  bool registered_ = false;
};

} // namespace

void connect(caf::actor_system& system, reactor& home, dial what, std::shared_ptr<const listener> service,
             std::function<void(std::string_view)> failed) {
  auto* one = new dialing(system, home, std::move(what), std::move(service), std::move(failed));
  home.post([one] { one->begin(); });
}

} // namespace rookery::net
