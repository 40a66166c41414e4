/// Listening sockets: accept, count, and hand connections round-robin to the reactors.
#pragma once

#include "actors/net/connection.hpp"
#include "base/result.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace rookery::net {

/// How many connections may be open. Checked at accept; a refused one gets the
/// service's one-line refusal and is closed.
struct connection_limits {
  std::uint32_t total = 40000;            ///< of the whole node: below the file limit
  std::uint32_t an_address = 100;         ///< from one client address
  std::uint32_t loopback = 40000;         ///< from 127.0.0.0/8 and ::1 (proxies, local programs)
};

/// Counts connections by client address. Thread-safe.
class connection_counts {
public:
  explicit connection_counts(connection_limits limits) : limits_(limits) {}
  /// False when a bound is reached; else the connection is counted until `leave`.
  bool enter(const connection_facts&);
  void leave(const connection_facts&);
  /// For connections that come from now on.
  void limit(connection_limits limits) {
    const std::lock_guard hold(lock_);
    limits_ = limits;
  }
  std::uint32_t total() const noexcept { return total_.load(std::memory_order_relaxed); }

private:
  connection_limits limits_;
  std::atomic<std::uint32_t> total_{0};
  std::mutex lock_;
  std::unordered_map<std::string, std::uint32_t> by_address_;
};

/// One listening socket, in the epoll set of one reactor.
class acceptor final : public event_source {
public:
  /// `refusal`: sent to a connection above the limits, e.g. "421 4.7.0 Too many connections\r\n".
  acceptor(caf::actor_system&, std::vector<std::unique_ptr<reactor>>& reactors, std::shared_ptr<const listener>,
           std::shared_ptr<connection_counts>, std::string refusal);
  ~acceptor() override;

  /// Binds and listens; `address` is numeric, or a path for a unix socket ("unix:/path", mode 0600).
  base::result<void> open(const std::string& address, std::uint16_t port);
  std::uint16_t port() const noexcept { return port_; }
  /// Begins and ends accepting; thread-safe, takes effect in the reactor's thread.
  void begin();
  /// Whoever connects is refused by the kernel until `begin`; the port stays ours.
  void pause();
  void end();

private:
  void on_events(std::uint32_t) override;
  void accepted(int fd, connection_facts facts);

  caf::actor_system& system_;
  std::vector<std::unique_ptr<reactor>>& reactors_;
  reactor& home_;
  std::shared_ptr<const listener> listener_;
  std::shared_ptr<connection_counts> counts_;
  std::string refusal_;
  int fd_ = -1;
  int spare_ = -1; ///< given up to accept and refuse when descriptors run out
  std::uint16_t port_ = 0;
  bool unix_ = false;
  bool listening_ = false, waiting_ = false; ///< for connections; in the epoll set
  std::string unix_path_;
};

} // namespace rookery::net
