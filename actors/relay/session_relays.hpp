/// Sessions of accounts that are at home on another node: given away there, and taken in from there.
///
/// One a node, made at start. Where a session logs in for an account at home in another volume its host calls `give`: a stream to
/// the home is opened (to this node itself when it leads that volume too), and from then on the connection only carries octets. The other way `take` makes the same session
/// here, in a reactor; neither needs a thread of its own. Thread-safe.
#pragma once

#include "actors/net/acceptor.hpp"
#include "actors/relay/handover.hpp"
#include "actors/system/worker_pool.hpp"
#include "cluster/stream/node_stream.hpp"
#include "policy/routing/home_view.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace rookery::actors {

struct relay_pipe;

/// A login waits so long for whoever serves its home next (a hand-over takes a second or two, a take-over four), and asks so often.
inline constexpr std::chrono::milliseconds give_patience{5000}, give_again{250};
/// A home that does not take a session within this time cannot be reached.
inline constexpr std::chrono::milliseconds give_time{3000};
/// After a home was not reached no other session tries for so long.
inline constexpr std::chrono::milliseconds give_pause{1000};
/// Streams to one node that are being opened at once, and sessions that wait for it.
inline constexpr std::size_t give_threads = 2, gives_waiting_max = 500;

class session_relays {
public:
  /// Makes a session that has logged in, with its login not yet answered. Any thread; null: the volume is not open here now.
  using make_session = std::function<std::unique_ptr<net::protocol>(const session_handover&)>;
  struct parts {
    caf::actor_system* system = nullptr;
    std::vector<std::unique_ptr<net::reactor>>* reactors = nullptr;
    std::shared_ptr<net::connection_counts> counts;
    std::function<std::shared_ptr<const routing::home_view>()> homes;
    std::function<bool()> draining;
  };
  explicit session_relays(parts);
  ~session_relays();

  /// Before sessions come.
  void serve(const std::string& protocol, make_session);
  /// This node belongs to a cluster; null: no more.
  void identity(std::shared_ptr<const cluster::stream_identity>);

  std::shared_ptr<const cluster::stream_identity> identity() const;

  /// In the thread of `from`, whose login is not answered. It turns over to the home's session, or `failed` is called once there,
  /// when nobody has taken it for `give_patience`.
  /// `good_bye`: a line for the client if its home is lost later. `place` gets the protocol that carries octets to the home, where that is not to be the
  /// connection's own.
  using end_placed = std::function<void(std::unique_ptr<net::protocol>)>;
  void give(net::connection& from, session_handover, std::string good_bye, std::function<void(const std::string& why)> failed, end_placed place = {});
  /// Opens a stream of another kind, in a thread of those for that node; `then` is called there. False: too much waits for it.
  bool open(std::uint64_t member, std::string kind, std::map<std::string, std::string> fields,
            std::function<void(base::result<std::unique_ptr<cluster::node_stream>>)> then);
  /// A stream of another node with a session; in the stream's thread.
  void take(std::unique_ptr<cluster::node_stream>, const cluster::stream_opening&);
  /// Homes are led by others now: sessions that were given to the leaders of before end.
  void followed(const routing::home_view&);

  struct counts {
    std::map<std::uint64_t, std::size_t> given; ///< by the member id of the home
    std::size_t taken = 0;
  };
  counts now() const;

private:
  struct peer {
    std::shared_ptr<worker_pool> workers;
    std::atomic<std::int64_t> failed{0};  ///< steady clock, nanoseconds; 0: not
  };
  struct giving;
  std::shared_ptr<peer> peer_of(std::uint64_t member);
  void give(net::connection& from, const std::shared_ptr<giving>&);
  void joined(net::connection& from, std::unique_ptr<cluster::node_stream>, const routing::volume_place&, const giving&);

  parts parts_;
  std::map<std::string, make_session> sessions_;
  mutable std::mutex lock_;                         ///< of what follows
  std::shared_ptr<const cluster::stream_identity> identity_;
  std::map<std::uint64_t, std::shared_ptr<peer>> peers_;
  std::list<std::weak_ptr<relay_pipe>> pipes_;
  std::shared_ptr<std::atomic<std::size_t>> taken_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<std::size_t> turn_{0};
};

} // namespace rookery::actors
