/// The sessions of a volume: who is to get a farewell when it closes, and for whom it waits.
///
/// `hold` puts itself around a session's protocol, whatever that is: it keeps the volume's node object, and is in the
/// list from its beginning to its end.
#pragma once

#include "actors/net/protocol.hpp"
#include "actors/system/volume_table.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace rookery::actors {

/// Thread-safe.
class session_list {
public:
  void add(const void* session, caf::actor connection);
  void remove(const void* session);
  /// Work of another thread with the volume, which the closing waits for; false: it closes. Then `leave`.
  bool enter();
  void leave();
  /// Whether this node may still answer for the volume: asked right before. Without a rule it always may.
  void serve_while(std::function<bool()>);
  bool may_serve() const;
  std::size_t count() const;
  /// Each ends at its next boundary with its protocol's farewell, and so does whoever comes from now on.
  void drain();
  /// Those that are left end without ceremony.
  void abort();

private:
  mutable std::mutex lock_;
  bool draining_ = false;
  std::size_t working_ = 0;
  std::atomic<bool> leased_{false};
  std::function<bool()> serve_while_;
  std::unordered_map<const void*, caf::actor> sessions_;
};

/// A lease of this node object's volume lasts: what has effects elsewhere may begin. True without a cluster.
bool may_serve(const node&);

/// While it lives a volume that closes waits; false: it closes already, or is closed. The node object itself must be kept.
class volume_work {
public:
  explicit volume_work(const node&);
  ~volume_work();
  volume_work(const volume_work&) = delete;
  volume_work& operator=(const volume_work&) = delete;
  explicit operator bool() const noexcept { return good_; }

private:
  std::shared_ptr<session_list> list_;
  bool good_ = false;
};

/// Says `text` and closes: for a connection that came when its volume had gone.
std::unique_ptr<net::protocol> farewell(std::string text);

std::unique_ptr<net::protocol> hold(std::unique_ptr<net::protocol>, volume_ptr, std::shared_ptr<session_list>);
/// The same by the node object that the protocol was given. Unchanged for a node that a test made by hand.
std::unique_ptr<net::protocol> hold(std::unique_ptr<net::protocol>, const node&);

} // namespace rookery::actors
