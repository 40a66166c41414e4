/// Chat between volumes: what is for accounts and rooms at home in other volumes goes to who leads them now, and what others send comes in.
///
/// One a volume. To each other volume one stream at a time, made when something is to go and made again when it was lost; this side's
/// volume is named in it with its epoch, so that who does not lead it any more is not heard. A stanza is acknowledged when its
/// receiver let its receipt go: behind the commit if there was one. docs/decisions/0018.
///
/// Made when the volume opens, before connections come; `actor` ends before the volume's log. Any thread.
#pragma once

#include "actors/net/reactor.hpp"
#include "actors/node.hpp"
#include "actors/xmpp/links/link_item.hpp"
#include "actors/xmpp/links/stanza_link.hpp"
#include "actors/xmpp/router.hpp"
#include "cluster/stream/node_stream.hpp"
#include "policy/routing/home_view.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace rookery::actors {

/// Stanzas of one volume that came and are not dealt with; then its stream is read no further.
inline constexpr std::uint64_t link_unhandled_max = 5'000;

class stanza_links final : public other_homes, public std::enable_shared_from_this<stanza_links> {
public:
  /// `lost`: the sessions that were served in a volume are no more, as another node leads it, or again; any thread.
  stanza_links(node&, chat_router&, std::vector<net::reactor*>, std::function<void(std::uint64_t volume)> lost);
  void begin();
  const caf::actor& actor() const noexcept { return actor_; }
  /// The volume closes: nothing is sent or taken any more.
  void end();

  void send(std::uint64_t volume, routed_stanza) override;
  void send_news(std::uint64_t volume, routed_stanza) override;
  void send_shared(std::uint64_t volume, const shared_stanza_ptr&, std::vector<xmpp::jid> to) override;

  /// Who leads volumes may be another.
  void followed(const routing::home_view&);
  /// A stream of another volume's leader; in the stream's thread.
  void take(std::unique_ptr<cluster::node_stream>, const cluster::stream_opening&);

  // For its own parts.
  struct arrivals;
  struct dialled;
  void arrive(const link_item&, std::uint64_t from, const std::shared_ptr<arrivals>&);
  void connection_lost(std::uint64_t volume);
  bool ended() const;

private:
  friend struct links_state;
  struct target {
    std::shared_ptr<stanza_link> link = std::make_shared<stanza_link>();
    std::uint64_t leader = 0, epoch = 0;      ///< of its connection
    std::shared_ptr<std::atomic<bool>> over;  ///< that is to end
    bool dialling = false;
  };
  void push(std::uint64_t volume, link_item, stanza_link::give_up refused);
  std::shared_ptr<stanza_link> link_to(std::uint64_t volume);
  // In the actor.
  bool look();
  void dial(std::uint64_t volume, target&);
  void joined(dialled&);

  node& node_;
  chat_router& router_;
  const std::vector<net::reactor*> reactors_;
  const std::function<void(std::uint64_t)> lost_;
  const std::uint64_t channel_;                ///< of this process's lead of the volume: numbers begin anew in another
  caf::actor actor_;
  mutable std::mutex lock_;                    ///< of what follows
  bool ended_ = false, looking_ = false;
  std::map<std::uint64_t, target> targets_;
  std::map<std::uint64_t, std::shared_ptr<arrivals>> arrivals_; ///< by the volume that sends
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> seen_; ///< leader and epoch of each volume
  std::size_t turn_ = 0;
};

} // namespace rookery::actors
