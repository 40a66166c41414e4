/// Which part of a destination's limit this node may use while other nodes of the cluster deliver there too.
///
/// Nodes tell each other, for each destination, how many connections they claim and how many they could use. A node's *part* is
/// the limit divided among those that want some: each as much as it wants up to an even part, what is left to all. It
/// claims its part, tells the others, and uses the claim when all of them have heard of it, and only as far as the
/// claims of the others leave room. So no two nodes count on the same connection: the sum stays within the limit, however late
/// notes come. Who claims more than its part hears what the others want, and lets go what comes free; who is alone claims all. Where the limit is
/// smaller than the number of nodes that want some, a turn goes round (`turn_time`).
///
/// A node that is not heard for `silent_time` is reckoned with no more: its part is the others'. That is longer than the lease
/// after which a node that is cut off serves nothing (cluster/replication/member.hpp). Time passes here only while `tick` is
/// called: a program that was stopped does not take the others for gone when it goes on.
///
/// Of a destination that a node could not reach the others learn when it may be tried again; then it has one
/// connection in the whole cluster, until one is answered.
///
/// Several dispatchers of one process (*members*) share what their node has. Beyond `destinations_max`, and for names that are too
/// long, each node takes an even part, one at least, without telling.
///
/// Pure, not thread-safe. Source: none, a rule of this project's cluster.
#pragma once

#include "policy/queueing/share_note.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace rookery::queueing {

using node_number = std::uint64_t;            ///< of the cluster
using member_number = std::uint64_t;          ///< a dispatcher of this process; never given twice

/// What a dispatcher has to do at a destination.
struct destination_need {
  std::string destination;
  bool gone = false;                          ///< it knows nothing of it any more
  std::uint32_t limit = 0;                    ///< connections at once, of all nodes together
  std::uint32_t wanted = 0;                   ///< it could use
  std::uint32_t held = 0;                     ///< it has
  std::uint64_t share = 0;                    ///< number of the share it has taken notice of
  std::uint32_t event = 0;                    ///< another one: `news` are new
  destination_news news = destination_news::none; ///< that it saw itself
  std::chrono::milliseconds pause{0};         ///< down: from now on
  std::uint32_t failures = 0;
  std::string reason;
  bool operator==(const destination_need&) const = default;
};

/// What a dispatcher may have there.
struct destination_share {
  std::string destination;
  std::uint64_t number = 0;                   ///< grows
  std::uint32_t connections = 0;              ///< at once; who has more lets go what comes free
  std::uint32_t nodes = 1;                    ///< that have work for it: the rate is divided by it
  /// Somebody else could not reach it, and nobody since.
  struct failure {
    std::chrono::milliseconds pause{0};       ///< from now on
    std::uint32_t failures = 0;
    std::string reason;
  };
  std::optional<failure> down;
  bool answers = false;                       ///< somebody else has reached it since this node could not
};

struct share_times {
  std::chrono::milliseconds silent{5000};     ///< a node that is not heard for so long is not reckoned with
  std::chrono::milliseconds turn{5000};       ///< where not all can have a connection, it goes on after this time
  std::chrono::milliseconds settle{2000};     ///< who wanted something is reckoned with for so long: work comes in bursts
  std::chrono::milliseconds keep{10'000};     ///< an unused claim that nobody else wants is kept, so that the next mail need not wait
  std::chrono::milliseconds repeat{1000};     ///< what was not answered is told again
  std::chrono::milliseconds beat{1000};       ///< a note at least so often
  std::chrono::milliseconds step{500};        ///< between two ticks no more time than this has passed
};

/// One that wants some of `limit`.
struct share_party {
  node_number node = 0;
  std::uint32_t wanted = 0;
};
/// What each gets, in the order given: no more than `limit` together. Those that want nothing get nothing. When there are fewer
/// than parties, `turn` says where counting begins.
std::vector<std::uint32_t> divide(std::uint32_t limit, const std::vector<share_party>&, std::uint64_t turn);

class share_book {
public:
  using moment = std::chrono::milliseconds;   ///< of a clock that is never set
  static constexpr std::size_t destinations_max = 20'000;
  static constexpr std::size_t notes_unanswered_max = 8; ///< for one node; then it is told nothing new until it answers

  /// `incarnation`: a greater one at each start, not 0. Numbers of shares are greater than it.
  share_book(node_number self, std::uint64_t incarnation, moment now, share_times = {});

  /// The other nodes of the cluster.
  void nodes(const std::vector<node_number>& others, moment now);
  void update(member_number, const destination_need&, moment now);
  /// It has ended, and all its connections with it.
  void leave(member_number, moment now);
  /// A few times a second.
  void tick(moment now);

  /// Goes with the notes from now on; nothing: notes are as programs of before read them.
  void tell(std::optional<node_load> load) { load_ = load; }
  /// False: it is no note.
  bool heard(node_number from, std::string_view octets, moment now);
  /// Of the node's last note.
  std::optional<node_load> load_of(node_number node) const;
  /// What that node is to be told now; nothing: it knows all.
  std::optional<std::string> note_for(node_number to, moment now);

  /// Shares that have changed since this was asked last.
  std::vector<std::pair<member_number, destination_share>> take_shares();

  struct counts {
    std::size_t destinations = 0;             ///< that this node has work for or claims
    std::size_t waiting = 0;                  ///< of these: it could use connections and has no share
    std::size_t untold = 0;                   ///< beyond the bounds, since the start
    std::size_t nodes = 0;                    ///< others that are heard
  };
  counts count() const;

private:
  using time = std::int64_t;
  static constexpr time never = std::numeric_limits<time>::min();
  struct local {
    member_number member = 0;
    std::uint32_t limit = 0, wanted = 0, held = 0, event = 0;
    std::uint32_t cap = 0;                    ///< told last
    std::uint32_t committed = 0;              ///< it may have so many still, or has
    std::uint64_t number = 0;                 ///< of the share told last
    std::uint32_t nodes = 0;
    time told_news = never;                   ///< of the news told last
  };
  struct news_item {
    destination_news what = destination_news::none;
    time at = never, until = 0;
    std::uint64_t event = 0;                  ///< one each, of each node
    member_number member = 0;                 ///< who saw it, of this process; 0: another node
    std::uint32_t failures = 0;
    std::string reason;
  };
  struct of_peer {
    node_number node = 0;
    bool doubt = false;                       ///< it tells all anew, and this not yet
    std::uint32_t claim = 0, wanted = 0;
    news_item news;
  };
  struct known_by {
    node_number node = 0;
    std::uint64_t version = 0;                ///< of ours, that it has answered
  };
  struct destination {
    std::string name;
    std::vector<local> locals;
    std::vector<of_peer> others;
    std::vector<known_by> known;
    std::uint32_t limit = 0, wanted = 0;
    std::uint32_t claim = 0, confirmed = 0;   ///< told; heard by all others
    std::uint64_t version = 0, raised = 0;    ///< of what is told; the one in which the claim grew last
    news_item news;                           ///< our own
    time peak_until = 0, keep_until = 0, look_at = 0;
  };
  struct peer {
    std::uint64_t incarnation = 0;            ///< 0: nothing is known of it
    time heard_at = 0, told_at = never, doubt_until = never;
    std::optional<node_load> load;
    std::uint64_t read = 0, last = 0;         ///< notes with rows: its last one that was read; our last one
    std::uint64_t covered = 0;                ///< its last one for which it was told what we claim at the same destinations
    bool answer_due = false, anew = true;
    std::deque<std::pair<std::uint64_t, std::vector<std::pair<std::string, std::uint64_t>>>> under_way;
    time under_way_since = 0;
    std::unordered_set<std::string> due, due_first;
  };

  time advance(moment now);
  bool live(const peer& p) const { return p.incarnation != 0; }
  void forget(node_number, peer&);
  void tell_again(peer&);
  void all_due(node_number, peer&);
  void answered(node_number, peer&, std::uint64_t number);
  void changed(destination&);
  const news_item* newest(const destination&) const;
  bool heard_by_all(const destination&, std::uint64_t version) const;
  void look(destination&);
  void give(destination&, std::uint32_t open_to, std::uint32_t keep, std::uint32_t nodes);
  void look_later(destination&, time);
  void look_by_name(const std::string& name);
  share_row row_of(const destination&) const;
  void take_row(node_number from, peer&, share_row);
  void drop_doubtful(node_number, peer&);
  std::vector<std::string> names() const;

  node_number self_;
  std::uint64_t incarnation_;
  share_times times_;
  moment last_;
  std::optional<node_load> load_;
  time now_ = 0;                              ///< while ticks come
  std::uint64_t turn_ = 1, number_, events_ = 0;
  time turn_at_ = 0;
  std::map<node_number, peer> peers_;
  std::unordered_map<std::string, destination> all_;
  std::set<std::pair<time, std::string>> looks_;
  std::unordered_set<std::string> contested_; ///< not everybody gets some
  std::vector<std::pair<member_number, destination_share>> out_;
  std::size_t untold_ = 0;
};

} // namespace rookery::queueing
