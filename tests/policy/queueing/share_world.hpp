/// Nodes with dispatchers, links that are late and break, and destinations that count their connections: under a seed.
#pragma once

#include "policy/queueing/share_book.hpp"

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace rookery::queueing {

class share_world {
public:
  static constexpr int step_ms = 20;
  struct place {
    std::string name;
    std::uint32_t limit = 1;
  };

  share_world(std::uint64_t seed, unsigned nodes, std::vector<place> places);

  void add_work(unsigned node, std::size_t at, int messages) { nodes_[node].members[nodes_[node].members.size() > 1 ? random_() % 2 : 0].at[at].backlog += messages; }
  void run(int milliseconds);
  void crash(unsigned node);
  void start(unsigned node, unsigned members = 1);
  /// Nothing when one of its links was disturbed lately: nobody is to be silent for too long.
  void pause(unsigned node, int milliseconds);
  /// Both ways, what is on its way is lost. Nothing when it was disturbed lately.
  void cut(unsigned a, unsigned b, int milliseconds);
  bool up(unsigned node) const { return nodes_[node].book != nullptr; }
  std::uint32_t held(std::size_t at) const;
  std::uint32_t held_by(unsigned node, std::size_t at) const;
  const share_book& book(unsigned node) const { return *nodes_[node].book; }
  std::mt19937_64& random() { return random_; }
  std::string story() const;
  void watch_waits();
  bool idle() const;                          ///< no work, no connections

  int most_delay = 300;                       ///< of notes and shares, in milliseconds
  std::uint64_t finished = 0;                 ///< messages
  std::size_t notes = 0;
  int longest_wait = 0;                       ///< of a dispatcher with work and no connection, since `watch_waits`
  std::string fault;

private:
  struct work {
    int backlog = 0;
    std::vector<int> connections;             ///< when each is done with its message
    std::uint32_t cap = 0;
    std::uint64_t number = 0;
    int waits_since = -1;
    bool told = false;
    destination_need last;
  };
  struct member {
    member_number number = 0;
    std::vector<work> at;
    std::deque<std::pair<int, destination_share>> inbox;
  };
  struct one_node {
    std::unique_ptr<share_book> book;
    std::vector<member> members;
    int paused_until = 0;
  };
  struct link {
    std::deque<std::pair<int, std::string>> on_the_way;
    int broken_until = 0, last_arrival = 0, disturbed = -100'000;
  };
  bool disturb(unsigned a, unsigned b);
  void step();
  void work_on(one_node&);
  void collect(one_node&);
  std::chrono::milliseconds now() const { return std::chrono::milliseconds(now_); }

  std::mt19937_64 random_;
  std::vector<place> places_;
  std::vector<one_node> nodes_;
  std::map<std::pair<unsigned, unsigned>, link> links_;
  int now_ = 0, next_tick_ = 0;
  bool watching_ = false;
  std::uint64_t next_number_ = 1;
};

} // namespace rookery::queueing
