/// A stream of octets between two nodes: TCP, mutual TLS 1.3 with the cluster's certificates, frames, deadlines.
///
/// For what is too much for the control links: log octets, sessions, mail on its way. Everything here blocks (with a deadline)
/// and belongs into threads that may. One thread may send while another receives; `close` may come from any.
#pragma once

#include "base/result.hpp"
#include "cluster/stream/stream_frame.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

typedef struct ssl_st SSL;

namespace rookery::cluster {

/// Streams are accepted at the cluster's port plus this.
inline constexpr std::uint16_t stream_port_offset = 2;

/// A node as the agreed configuration has it.
struct stream_member {
  std::uint64_t id = 0;
  std::string host;            ///< name or address; names are asked anew at each connect
  std::uint16_t port = 0;      ///< of its streams
  std::string fingerprint;     ///< of its certificate: SHA-256 of the DER, hexadecimal
  std::string next_fingerprint = {}; ///< of the one it will use; accepted as well. "": none

  bool shows(std::string_view print) const noexcept { return !print.empty() && (print == fingerprint || print == next_fingerprint); }
};

/// Who this node is, and who the others are; shared by all its streams. Thread-safe.
class stream_identity {
public:
  struct parts {
    std::string cluster;       ///< id
    std::uint64_t self = 0;    ///< member id
    std::string authority, certificate, key; ///< PEM; of authorities there may be several
    /// As the agreed configuration has them now; any thread.
    std::function<std::vector<stream_member>()> members;
  };
  /// Fails when the PEM texts cannot be used.
  static base::result<std::shared_ptr<const stream_identity>> make(parts);
  /// New streams begin with these; those that run stay. On a failure all is as it was.
  base::result<void> renew(const std::string& authority, const std::string& certificate, const std::string& key) const;
  ~stream_identity();

  const std::string& cluster() const noexcept;
  std::uint64_t self() const noexcept;
  std::optional<stream_member> member(std::uint64_t id) const;
  std::optional<stream_member> member_with(std::string_view fingerprint) const;

  struct inside;
  const inside& in() const noexcept { return *in_; }

private:
  stream_identity();
  std::unique_ptr<inside> in_;
};

class node_stream {
public:
  using milliseconds = std::chrono::milliseconds;
  /// Connects to member `to`, shows who we are, says what the stream is for, and waits until that is accepted, all within
  /// `limit`. `denied` with the other side's sentence when it refuses, or when it is not whom we wanted; else `try_later`.
  static base::result<std::unique_ptr<node_stream>> dial(const stream_identity&, std::uint64_t to, std::string kind,
                                                         std::map<std::string, std::string> fields, milliseconds limit);
  /// Closes it. Nobody may be inside another call.
  ~node_stream();

  /// Who is at the other end, by its certificate.
  std::uint64_t peer() const noexcept;
  const std::string& peer_address() const noexcept; ///< numeric
  /// What was said with the answer to our opening.
  const std::map<std::string, std::string>& answer() const noexcept;

  /// The whole frame has been given to the system. A failure ends the stream: `try_later` with the reason.
  base::result<void> send(std::uint8_t type, std::string_view body, milliseconds limit);
  /// The next frame; nothing when none came within `limit` (the stream goes on). A failure ends the stream.
  base::result<std::optional<stream_frame>> receive(milliseconds limit);
  /// Ends it for both sides, and calls that wait; from any thread, and again.
  void close() noexcept;
  bool closed() const noexcept;

  /// The accepting side, once, before any other frame.
  base::result<void> accept(const std::map<std::string, std::string>& fields = {});
  /// Says why not, and closes.
  void refuse(std::string_view sentence);

  /// Socket and TLS for somebody else, who drives them from now on; the stream is empty afterwards. The socket does not block.
  struct raw {
    int fd = -1;
    SSL* ssl = nullptr;        ///< yours to free
    std::string unread;        ///< plain octets that came already
  };
  raw release();

  struct inside;
  explicit node_stream(std::shared_ptr<inside>);

private:
  std::shared_ptr<inside> in_;
};

} // namespace rookery::cluster
