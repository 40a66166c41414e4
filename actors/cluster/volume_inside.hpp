/// What a volume_runner consists of; for its sources alone.
#pragma once

#include "actors/cluster/volume_runner.hpp"
#include "storage/replica/folder_copy.hpp"
#include "storage/replica/log_feed.hpp"
#include "storage/replica/volume_folder.hpp"
#include "storage/replica/volume_replica.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace rookery::actors {

/// Frames of a stream of kind "replica". The dialler leads.
inline constexpr std::uint8_t word_frame = cluster::first_own_type, ///< both ways: replication::word
                              log_frame = word_frame + 1,           ///< pieces of the log
                              copy_begin_frame = word_frame + 2,    ///< a copy begins: what have you?
                              have_frame = word_frame + 3,          ///< back: storage::copy_receiver::have
                              have_end_frame = word_frame + 4,
                              copy_frame = word_frame + 5;          ///< files
inline constexpr std::size_t words_waiting_max = 1000;              ///< for a replica that does not take them
/// Of a led log: kept for who reads them; who is further behind is copied anew.
inline constexpr std::uint32_t segments_kept_max = 16;

/// A leader's stream to one replica, dialled again until it ends.
class replica_outlet : public std::enable_shared_from_this<replica_outlet> {
public:
  replica_outlet(std::weak_ptr<volume_runner::inside> runner, std::shared_ptr<const cluster::stream_identity> identity, replication::node_number to, replication::node_number volume,
                 std::uint64_t epoch_)
      : epoch(epoch_), runner_(std::move(runner)), identity_(std::move(identity)), to_(to), volume_(volume) {}
  void begin();
  /// Its threads end soon; `join` waits for them, in a thread that holds no lock.
  void end();
  void join();

  void say(std::string octets);
  void ship(std::shared_ptr<storage::log_feed>);
  void copy();

  const std::uint64_t epoch;

private:
  void run_dial();
  void run_words();
  void run_log();
  void send_copy(const std::shared_ptr<cluster::node_stream>&);

  std::weak_ptr<volume_runner::inside> runner_;
  std::shared_ptr<const cluster::stream_identity> identity_;
  replication::node_number to_, volume_;
  std::mutex lock_;
  std::condition_variable wake_;
  bool ending_ = false, copy_ = false, have_all_ = false;
  std::shared_ptr<cluster::node_stream> stream_;
  std::shared_ptr<storage::log_feed> feed_;
  std::deque<std::string> words_, have_;
  std::thread dial_, talk_, send_;
};

struct volume_runner::inside : led_log, std::enable_shared_from_this<inside> {
  inside(parts, const replication::held&);
  void begin();
  void end();
  void take_stream(const std::shared_ptr<cluster::node_stream>&, std::uint64_t epoch);

  using steady_time = std::chrono::steady_clock::time_point;
  static replication::moment time();
  void run_ticks();
  void run_jobs();
  // With the lock:
  void take(replication::step);
  void job(std::function<void()>);
  void again(std::function<void()>);
  void say(const std::string&);
  void replica_failed(const base::error&);
  /// The lock is let go while it is done: what takes long holds up nobody but who lets go of the copy. False: it has failed, or
  /// the copy is another one by now.
  bool with_replica(std::unique_lock<std::mutex>&, const std::function<base::result<void>(storage::volume_replica&)>&);
  std::shared_ptr<storage::volume_replica> drop_replica();
  void restart(bool whole);
  void keep(const replication::held&);
  void wipe();
  base::result<storage::log_position> verified_end();
  steady_time next_look() const;
  void mind_ticker();
  void mind_audience();
  void publish();
  bool sync_replica(std::unique_lock<std::mutex>&, const std::shared_ptr<cluster::node_stream>&, std::uint64_t epoch);
  void carry_out(replication::act::freeze&);
  void carry_out(replication::act::cut&);
  void carry_out(replication::act::keep&);
  void carry_out(replication::act::say&);
  void carry_out(replication::act::propose&);
  void carry_out(replication::act::lead&);
  void carry_out(replication::act::open&);
  void carry_out(replication::act::hold_releases&);
  void carry_out(replication::act::close&);
  void carry_out(replication::act::hold&);
  void carry_out(replication::act::ship&);
  void carry_out(replication::act::copy&);
  void carry_out(replication::act::stop_shipping&);
  void carry_out(replication::act::release&);
  void carry_out(replication::act::apply&);
  void carry_out(replication::act::wipe&);
  void carry_out(replication::act::alarm&);
  // Without it:
  void open_house(bool hold);
  void tell_feeds(storage::log_position);
  std::string log_directory() const;
  void written(const storage::log_batch_ptr&, std::uint64_t next_record) override;
  void durable(storage::log_position) override;
  storage::log_position keep_from() const override;
  bool may_serve() const noexcept override { return time().count() < serve_until.load(); }

  parts is;
  mutable std::mutex lock;
  std::condition_variable wake;
  bool stopping = false, taking = false;
  bool failed = false;                          ///< nothing is done until what is kept can be written again
  replication::held written_down;               ///< what lies in `kept_file`
  std::unique_ptr<replication::member> rules;
  std::uint64_t version = 0;
  replication::volume agreed;
  std::deque<replication::action> due;
  std::deque<std::function<void()>> jobs;
  std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> later;
  std::thread ticker, worker;
  steady_time look_at{};                        ///< the ticker sleeps until then
  steady_time next_place{}, next_work{}, next_count{};
  std::atomic<std::int64_t> serve_until{0};
  // Following.
  std::shared_ptr<storage::volume_replica> replica;
  std::shared_mutex in_use;                     ///< shared: somebody is inside `replica` without the lock
  std::shared_ptr<cluster::node_stream> from_leader;
  storage::log_position apply_to;               ///< released, as the leader said last
  bool resting = false;                         ///< the disk of the copy failed a moment ago
  std::uint64_t copied_octets = 0;
  // Leading.
  bool opened = false, house_holds = false;
  std::uint64_t lead_epoch = 0;
  storage::log_position lead_end;               ///< durable here
  replication::lag_meter meter;
  std::map<replication::node_number, std::shared_ptr<replica_outlet>> outlets;
  std::vector<std::shared_ptr<replica_outlet>> retired;
  mutable std::mutex feeds_lock;
  std::map<replication::node_number, std::shared_ptr<storage::log_feed>> feeds;
  std::map<replication::node_number, storage::log_position> copied_from; ///< a copy under way has the log at least so far
  storage::log_position fed_end;                                         ///< of the log, as the feeds know it
};

} // namespace rookery::actors
