#include "cluster/stream/stream_listener.hpp"

#include "base/log.hpp"
#include "cluster/stream/stream_inside.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <list>
#include <map>
#include <thread>

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rookery::cluster {
namespace {

constexpr int backlog = 1024;
constexpr std::chrono::milliseconds no_descriptors_pause{100};

int listening(std::uint16_t port, bool v6) {
  const int fd = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int one = 1, none = 0;
  (void)::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  ::sockaddr_in6 six{};
  ::sockaddr_in four{};
  int bound = 0;
  if (v6) {
    (void)::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &none, sizeof none);
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    bound = ::bind(fd, reinterpret_cast<const ::sockaddr*>(&six), sizeof six);
  } else {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    bound = ::bind(fd, reinterpret_cast<const ::sockaddr*>(&four), sizeof four);
  }
  if (bound == 0 && ::listen(fd, backlog) == 0) return fd;
  ::close(fd);
  return -1;
}

} // namespace

struct stream_listener::inside {
  struct waiting {
    std::shared_ptr<node_stream::inside> who;
    steady::time_point since;
  };

  std::shared_ptr<const stream_identity> identity;
  int fd = -1, wake = -1;
  std::uint16_t port = 0;
  std::thread accepting;
  mutable std::mutex lock;                       ///< of what follows
  std::condition_variable changed;
  std::map<std::string, handler> handlers;
  std::list<waiting> strangers;                  ///< oldest first
  std::list<std::weak_ptr<node_stream::inside>> streams;
  std::size_t threads = 0;
  bool ending = false;
  std::atomic<std::uint64_t> refused{0};

  void accept_all();
  void make_room(std::unique_lock<std::mutex>&);
  void greet(std::shared_ptr<node_stream::inside>, std::list<waiting>::iterator);
  void no(node_stream&, const std::string& address, const std::string& sentence);
};

stream_listener::stream_listener() : in_(std::make_unique<inside>()) {}

base::result<std::unique_ptr<stream_listener>> stream_listener::open(std::shared_ptr<const stream_identity> identity, std::uint16_t port) {
  std::unique_ptr<stream_listener> made(new stream_listener);
  auto& in = *made->in_;
  in.identity = std::move(identity);
  in.fd = listening(port, true);
  if (in.fd < 0) in.fd = listening(port, false);
  if (in.fd < 0) return base::fail(base::error_kind::io, "port " + std::to_string(port) + " (streams between the nodes): " + std::strerror(errno));
  ::sockaddr_storage own{};
  ::socklen_t size = sizeof own;
  (void)::getsockname(in.fd, reinterpret_cast<::sockaddr*>(&own), &size);
  in.port = ntohs(own.ss_family == AF_INET6 ? reinterpret_cast<const ::sockaddr_in6&>(own).sin6_port : reinterpret_cast<const ::sockaddr_in&>(own).sin_port);
  in.wake = ::eventfd(0, EFD_CLOEXEC);
  in.accepting = std::thread([&in] { in.accept_all(); });
  return made;
}

stream_listener::~stream_listener() {
  auto& in = *in_;
  std::list<std::weak_ptr<node_stream::inside>> streams;
  {
    const std::lock_guard hold(in.lock);
    in.ending = true;
    streams = in.streams;
  }
  in.changed.notify_all();
  for (const auto& s : streams)
    if (const auto alive = s.lock()) alive->close();
  if (in.accepting.joinable()) {
    (void)::eventfd_write(in.wake, 1);
    in.accepting.join();
  }
  std::unique_lock hold(in.lock);
  in.changed.wait(hold, [&] { return in.threads == 0; });
  if (in.fd >= 0) ::close(in.fd);
  if (in.wake >= 0) ::close(in.wake);
}

std::uint16_t stream_listener::port() const noexcept { return in_->port; }
std::uint64_t stream_listener::refused() const { return in_->refused; }

std::size_t stream_listener::handshakes() const {
  const std::lock_guard hold(in_->lock);
  return in_->strangers.size();
}

void stream_listener::handle(const std::string& kind, handler h) {
  const std::lock_guard hold(in_->lock);
  if (h) in_->handlers[kind] = std::move(h);
  else in_->handlers.erase(kind);
}

/// Waits until there is room for one more who has not shown a certificate; the oldest goes when it has had its time.
void stream_listener::inside::make_room(std::unique_lock<std::mutex>& hold) {
  while (!ending && strangers.size() >= handshakes_max) {
    const auto spared = strangers.front().since + handshake_spare;
    if (steady::now() >= spared) strangers.front().who->close();
    changed.wait_until(hold, std::max(spared, steady::now() + std::chrono::milliseconds(5)));
  }
}

void stream_listener::inside::accept_all() {
  for (;;) {
    ::pollfd both[2] = {{fd, POLLIN, 0}, {wake, POLLIN, 0}};
    if (::poll(both, 2, -1) < 0 && errno != EINTR) return;
    std::unique_lock hold(lock);
    make_room(hold);
    if (ending) return;
    hold.unlock();
    if ((both[0].revents & POLLIN) == 0) continue;
    ::sockaddr_storage from{};
    ::socklen_t size = sizeof from;
    const int one = ::accept4(fd, reinterpret_cast<::sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (one < 0) {
      // Out of descriptors: others will end.
      if (errno == EMFILE || errno == ENFILE) std::this_thread::sleep_for(no_descriptors_pause);
      continue;
    }
    char host[NI_MAXHOST] = {};
    (void)::getnameinfo(reinterpret_cast<const ::sockaddr*>(&from), size, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
    std::string address(host);
    if (address.starts_with("::ffff:")) address.erase(0, 7);
    auto s = std::make_shared<node_stream::inside>(*identity, one, std::move(address));
    hold.lock();
    if (ending) return;
    streams.remove_if([](const auto& w) { return w.expired(); });
    streams.push_back(s);
    const auto place = strangers.insert(strangers.end(), {s, steady::now()});
    ++threads;
    hold.unlock();
    try {
      std::thread([this, s, place] {
        greet(s, place);
        const std::lock_guard last(lock);
        --threads;
        changed.notify_all();
      }).detach();
    } catch (const std::system_error&) { // no more threads: the stream is not taken
      hold.lock();
      strangers.erase(place);
      --threads;
    }
  }
}

void stream_listener::inside::no(node_stream& s, const std::string& address, const std::string& sentence) {
  ++refused;
  base::log_event(base::severity::warning, "cluster.stream_refused").text("peer", address).text("text", sentence);
  s.refuse(sentence);
}

void stream_listener::inside::greet(std::shared_ptr<node_stream::inside> in, std::list<waiting>::iterator place) {
  const auto until = steady::now() + handshake_time;
  const auto address = in->address;
  auto shaken = in->shake(node_stream::inside::side::server, until);
  auto s = std::make_unique<node_stream>(in);
  const auto known = [&] {
    const std::lock_guard hold(lock);
    strangers.erase(place);
    changed.notify_all();
  };
  if (!shaken) {
    known();
    ++refused;
    base::log_event(base::severity::info, "cluster.stream_refused").text("peer", address).text("text", shaken.error().log.value);
    return;
  }
  // Who has shown a certificate of the authority is a node, or was one.
  known();
  const auto who = identity->member_with(in->fingerprint());
  if (!who) return no(*s, address, "this node's certificate is not one of the cluster's present nodes: rookery cluster leave --force, then join again");
  in->peer = who->id;
  auto first = in->receive(until);
  if (!first || !*first) return;
  auto opening = (*first)->type == opening_type ? read_opening((*first)->body) : std::nullopt;
  if (!opening) return no(*s, address, "the first word of the stream cannot be read");
  if (opening->version != stream_version)
    return no(*s, address, "the nodes speak different versions of streams (" + std::to_string(opening->version) + " and " + std::to_string(stream_version) + "): bring both to one version");
  if (opening->cluster != identity->cluster()) return no(*s, address, "this is another cluster");
  if (opening->from != who->id) return no(*s, address, "node " + std::to_string(opening->from) + " has another certificate");
  if (opening->to != identity->self()) return no(*s, address, "this is node " + std::to_string(identity->self()) + ", not node " + std::to_string(opening->to));
  handler h;
  {
    const std::lock_guard hold(lock);
    const auto at = handlers.find(opening->kind);
    if (at != handlers.end()) h = at->second;
  }
  if (!h) return no(*s, address, "this node takes no streams of this kind now");
  in = nullptr;
  h(std::move(s), std::move(*opening));
}

} // namespace rookery::cluster
