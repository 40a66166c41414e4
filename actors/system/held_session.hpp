/// The sessions of a volume: who is to get a farewell when it closes, and for whom it waits.
///
/// `hold` puts itself around a session's protocol, whatever that is: it keeps the volume's node object, and is in the
/// list from its beginning to its end.
#pragma once

#include "actors/net/protocol.hpp"
#include "actors/system/volume_table.hpp"

#include <caf/all.hpp>

#include <cstddef>
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
  std::size_t count() const;
  /// Each ends at its next boundary with its protocol's farewell, and so does whoever comes from now on.
  void drain();
  /// Those that are left end without ceremony.
  void abort();

private:
  mutable std::mutex lock_;
  bool draining_ = false;
  std::unordered_map<const void*, caf::actor> sessions_;
};

/// Says `text` and closes: for a connection that came when its volume had gone.
std::unique_ptr<net::protocol> farewell(std::string text);

std::unique_ptr<net::protocol> hold(std::unique_ptr<net::protocol>, volume_ptr, std::shared_ptr<session_list>);
/// The same by the node object that the protocol was given. Unchanged for a node that a test made by hand.
std::unique_ptr<net::protocol> hold(std::unique_ptr<net::protocol>, const node&);

} // namespace rookery::actors
