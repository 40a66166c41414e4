/// A queue with its world under a seed: records that survive a crash, destinations that die and
/// come back, users who cancel, operators who freeze. The dispatcher is driven as its actor drives it,
/// and after each event the promises are checked.
#pragma once

#include "policy/delivery/retry_plan.hpp"
#include "policy/queueing/dispatcher.hpp"

#include <deque>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace rookery::queueing {

class simulated_queue {
public:
  explicit simulated_queue(std::uint64_t seed);
  /// Plays a day or so of chaos, then lets all come to rest.
  void run();

  std::string fault;                 ///< the first broken promise; "" when all were kept
  struct {
    std::uint64_t events = 0, accepted = 0, delivered = 0, failed = 0, expired = 0, cancelled = 0, crashes = 0, lost_answers = 0,
                  duplicates = 0, delay_notices = 0, connections = 0, refused = 0;
  } seen;

private:
  struct recipient_record {
    std::uint32_t destination = 0;
    enum class state : std::uint8_t { waiting, delivered, failed, expired, cancelled } what = state::waiting;
    wall_time due{};
    std::uint32_t attempts = 0;
    bool delay_told = false;
    std::uint32_t answers_lost = 0;  ///< deliveries that were never recorded
    std::uint32_t received = 0;      ///< times that the peer took it
    std::uint64_t flight = 0;        ///< transaction in which it is now
  };
  struct record {
    std::uint64_t id = 0;
    std::string queue, sender;
    wall_time received{};
    std::vector<recipient_record> recipients;
  };
  struct peer {
    bool alive = true;
    std::uint32_t connections_max = 1000; ///< of its own
    double defers = 0, fails = 0;
    std::set<connection_number> open;
    std::deque<wall_time> sent;           ///< of the last minute
    bool paused = false;
  };
  struct line {
    std::uint32_t destination = 0;
    bool established = false;
    std::uint32_t mails = 0;
    std::uint64_t turn = 0;               ///< changes whenever something happens on it
  };

  // The world
  void accept_one();
  void chaos();
  void crash();
  void cancel(record&);
  static bool waits(const record&);
  void after(std::chrono::milliseconds, std::function<void()>);
  void of_this_life(std::chrono::milliseconds, std::function<void()>); ///< not after a crash
  std::uint64_t random(std::uint64_t below) { return random_() % below; }
  bool chance(double p) { return std::uniform_real_distribution<>()(random_) < p; }
  std::chrono::milliseconds span(std::uint64_t from, std::uint64_t to) { return std::chrono::milliseconds(from + random(to - from)); }

  // What the actors do
  void pump();
  void put(const record&);
  void dial(const slot&);
  void ready(connection_number);
  void answered(connection_number, transaction, bool lost);
  void commit(const transaction&, std::map<std::uint32_t, recipient_record::state> outcomes, end_reason);
  void lapse(const transaction&);
  void hang_up(connection_number, close_reason);
  delivery::waiting_facts facts(const record&, const recipient_record&) const;
  destination_limits limits(std::uint32_t destination) const;

  // Promises
  void broken(std::string what);
  void check_taken(const transaction&, std::uint32_t destination);
  void check_limits();
  void check_nothing_lost();

  std::mt19937_64 random_;
  wall_time now_ = base::from_milliseconds(1'700'000'000'000), chaos_end_;
  wall_time alarm_{};                     ///< when the dispatcher is asked next
  std::multimap<wall_time, std::function<void()>> events_;
  std::map<std::uint64_t, record> records_;
  std::vector<peer> peers_;
  std::map<std::string, bool> frozen_;
  std::map<connection_number, line> lines_;
  std::set<std::uint64_t> retried_;       ///< messages that an operator pushed: due times do not count
  dispatcher_settings settings_;
  delivery::retry_settings retries_;
  dispatcher dispatcher_;
  std::uint64_t next_id_ = 1, life_ = 0;
  bool by_put_ = true;
};

} // namespace rookery::queueing
