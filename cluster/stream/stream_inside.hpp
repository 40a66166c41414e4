/// What a stream consists of; for the sources of this folder alone.
#pragma once

#include "cluster/stream/node_stream.hpp"

#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace rookery::cluster {

using steady = std::chrono::steady_clock;

/// What a stranger may send before it has shown a certificate.
inline constexpr std::size_t handshake_octets_max = 64 * 1024;

struct stream_identity::inside {
  parts is;
  mutable std::mutex lock;      ///< of the context, which changes when certificates are renewed
  SSL_CTX* context = nullptr;
  ~inside() { SSL_CTX_free(context); }
  SSL* begin() const {
    const std::lock_guard hold(lock);
    return SSL_new(context);
  }
};

/// Tries each address of the name; the time is shared among those that are left.
struct connected {
  int fd = -1;                  ///< yours to close; -1: `fault` says why
  std::string address, fault;
};
connected connect_to(const std::string& host, std::uint16_t port, steady::time_point until);

/// One socket with TLS on it. Calls into OpenSSL are one at a time; waiting is done outside of the lock.
struct node_stream::inside {
  inside(const stream_identity&, int socket, std::string from);
  ~inside();
  inside(const inside&) = delete;

  enum class side : bool { server, client };
  base::result<void> shake(side, steady::time_point until);
  base::result<void> send(std::uint8_t type, std::string_view body, steady::time_point until);
  /// `until` passed: nothing.
  base::result<std::optional<stream_frame>> receive(steady::time_point until);
  void close() noexcept;
  std::string fingerprint() const;

  int fd;
  SSL* ssl;
  std::string address;
  std::uint64_t peer = 0;
  std::map<std::string, std::string> answer;
  std::atomic<bool> closed{false};
  std::size_t unproven = 0;     ///< octets that came before the handshake was over
  bool proven = false;

private:
  enum class wanted { nothing, read, write, failed };
  wanted look(int result);
  bool wait(wanted, steady::time_point until);
  base::failure<base::error> broken();

  std::mutex tls_;              ///< of every call with `ssl`
  std::mutex sending_;          ///< a frame at a time
  frame_reader reader_{stream_first_octets_max};
  std::string fault_;
  friend class node_stream;
};

} // namespace rookery::cluster
