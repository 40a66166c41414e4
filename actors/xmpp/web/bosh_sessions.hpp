/// Which sessions of BOSH there are: by their secret ids, the actors that own them.
///
/// One a node; any thread.
#pragma once

#include <caf/all.hpp>

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

namespace rookery::actors {

/// Sessions of a node, and of one address (loopback exempt). Beyond it a new one is refused.
inline constexpr std::size_t bosh_sessions_max = 10'000;
inline constexpr std::size_t bosh_sessions_of_address_max = 100;

class bosh_sessions {
public:
  struct entry {
    caf::actor owner;
    std::string peer;           ///< its address; empty: not counted
    bool tls = false;           ///< it began in TLS and must go on there
  };
  /// Is there room for one more?
  bool has_room(const std::string& peer) const;
  void add(const std::string& sid, entry);
  void remove(const std::string& sid);
  /// An empty owner: there is none.
  entry find(const std::string& sid) const;

private:
  mutable std::mutex lock_;
  std::unordered_map<std::string, entry> sessions_;
  std::unordered_map<std::string, std::size_t> of_address_;
};

} // namespace rookery::actors
