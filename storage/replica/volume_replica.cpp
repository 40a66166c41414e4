#include "storage/replica/volume_replica.hpp"

#include "storage/chat/chat_machine.hpp"
#include "storage/log/log_reader.hpp"
#include "storage/node/node_store.hpp"
#include "storage/queue/spool_machine.hpp"
#include "storage/replica/volume_folder.hpp"
#include "storage/tree/tree.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include <unistd.h>

namespace rookery::storage {
namespace {

constexpr std::uint64_t far_octets = 32; ///< times what is behind

} // namespace

class volume_replica::state {
public:
  state(std::string where, const volume_replica_settings& s) : directory(std::move(where)), settings(s) {}
  ~state() {
    machines.clear();
    log.reset();
    if (lock >= 0) ::close(lock);
  }

  base::result<void> open();
  base::result<void> take(std::string_view frame);
  base::result<log_position> sync();
  base::result<void> truncate_to(log_position);
  void committed(log_position);
  base::result<void> work();
  base::result<void> checkpoint();
  base::result<void> close();
  /// Octets of the log that are released and not applied, about.
  std::uint64_t waiting() const;

  const std::string directory;
  const volume_replica_settings settings;
  // One thread at a time is in each; who needs both takes that of the machines first.
  std::mutex of_machines, of_log;
  std::unique_ptr<follower_log> log;
  std::atomic<log_position> released; ///< by the leader
  std::atomic<log_position> applied, flushed, end, durable;
  std::atomic<std::uint64_t> commands{0};

private:
  std::string log_directory() const { return directory + "/log"; }
  template <class Machine>
  base::result<void> keep(base::result<std::unique_ptr<Machine>> opened);
  base::result<void> open_machines();
  base::result<std::unique_ptr<tree>> open_tree(std::uint32_t shard) const;
  // With that of the machines:
  base::result<void> apply();
  base::result<void> flush_all();
  base::result<void> remove_dead();
  // With that of the log:
  void show() {
    end = log->end();
    durable = log->durable();
  }

  store_identity identity;
  int lock = -1;
  std::vector<std::unique_ptr<machine>> machines; ///< by shard number; none for the configuration
  std::atomic<std::uint64_t> taken_since_flush{0};
};

base::result<std::unique_ptr<tree>> volume_replica::state::open_tree(std::uint32_t shard) const {
  const auto where = machine_directory(directory, identity, shard);
  if (::access((where + "/CURRENT").c_str(), F_OK) != 0)
    return base::fail(base::error_kind::damaged, "The replica is incomplete.", where + " is missing or no tree: it has to be copied anew");
  return tree::open_leveldb(where, {});
}

template <class Machine>
base::result<void> volume_replica::state::keep(base::result<std::unique_ptr<Machine>> opened) {
  if (!opened) return base::fail(opened.error());
  machines.push_back(std::move(*opened));
  return {};
}

base::result<void> volume_replica::state::open_machines() {
  machines.emplace_back(); // the configuration
  auto spool = open_tree(spool_shard.value);
  if (!spool) return base::fail(spool.error());
  if (auto done = keep(queue::spool_machine::open(std::move(*spool))); !done) return done;
  for (auto shard = first_mail_shard; shard < identity.first_chat_shard() + identity.chat_shards; ++shard) {
    auto records = open_tree(shard);
    if (!records) return base::fail(records.error());
    const base::shard_id id{shard};
    auto done = shard < identity.first_chat_shard() ? keep(mail::mail_machine::open(id, std::move(*records), settings.mail))
                                                    : keep(chat::chat_machine::open(id, std::move(*records)));
    if (!done) return done;
  }
  return {};
}

base::result<void> volume_replica::state::open() {
  auto& files = posix_file_system();
  if (settings.lock) {
    auto locked = lock_store(directory, true);
    if (!locked) return base::fail(locked.error());
    lock = *locked;
  }
  if (auto done = settle_volume(directory); !done) return done;
  const auto known = read_store_identity(directory);
  if (!known) return base::fail(known.error());
  identity = *known;
  auto opened = follower_log::open(files, log_directory(), {.node = base::node_id{identity.node}});
  if (!opened) return base::fail(opened.error());
  log = std::move(*opened);
  if (auto done = open_machines(); !done) return done;
  const auto epoch = read_log_epoch(files, log_directory());
  if (!epoch) return base::fail(epoch.error());
  auto at = log->end();
  for (const auto& m : machines) {
    if (!m) continue;
    if (m->flushed() > log->end())
      return base::fail(base::error_kind::damaged, "The replica is damaged.",
                        log_directory() + " ends before what shard " + std::to_string(m->shard().value) + " has read: it has to be copied anew");
    at = std::min(at, m->flushed());
  }
  flushed = epoch->floor;
  at = std::max(at, epoch->floor);
  applied = at;
  released = at;
  show();
  return {};
}

base::result<void> volume_replica::state::take(std::string_view frame) {
  const auto pieces = read_pieces(frame);
  if (!pieces) return base::fail(base::error_kind::invalid, "The replica does not follow.", directory + ": a frame of pieces that cannot be read");
  const std::lock_guard hold(of_log);
  for (const auto& p : *pieces) {
    if (auto done = log->take(p); !done) return done;
    taken_since_flush += p.octets.size();
  }
  show();
  return {};
}

base::result<log_position> volume_replica::state::sync() {
  const std::lock_guard hold(of_log);
  auto done = log->sync();
  show();
  return done;
}

base::result<void> volume_replica::state::truncate_to(log_position position) {
  const std::scoped_lock hold(of_machines, of_log);
  for (const auto& m : machines)
    if (m && m->applied() > position)
      return base::fail(base::error_kind::damaged, "The replica cannot follow.",
                        directory + ": shard " + std::to_string(m->shard().value) + " has applied what is to be cut off: it has to be copied anew");
  auto done = log->truncate_to(position);
  show();
  return done;
}

void volume_replica::state::committed(log_position position) {
  released = std::max(released.load(), position);
  const std::lock_guard hold(of_log);
  log->look_ahead();
}

std::uint64_t volume_replica::state::waiting() const {
  const auto until = std::min(released.load(), durable.load()), at = applied.load();
  if (until <= at) return 0;
  if (until.segment == at.segment) return until.offset - at.offset;
  return until.segment == at.segment + 1 ? std::max<std::uint64_t>(settings.apply_octets, until.offset) : far_octets * settings.apply_octets;
}

base::result<void> volume_replica::state::apply() {
  const auto until = std::min(released.load(), durable.load());
  if (until <= applied.load()) return {};
  if (settings.working) settings.working();
  bool unknown_shard = false;
  const auto read = replay(posix_file_system(), log_directory(), applied, [&](const committed_command& c) {
    if (c.shard.value >= machines.size()) {
      unknown_shard = true;
      return;
    }
    auto* m = machines[c.shard.value].get();
    if (m == nullptr || c.at < m->flushed()) return; // its tree has it
    m->apply(c);
    ++commands;
  }, until);
  if (!read) return base::fail(read.error());
  if (unknown_shard)
    return base::fail(base::error_kind::damaged, "The replica is damaged.", log_directory() + " names a shard that does not exist");
  applied = until;
  for (const auto& m : machines) {
    if (!m) continue;
    m->publish();
    m->take_lost_bodies();
    if (m->unflushed_octets() <= settings.unflushed_octets_max) continue;
    if (auto done = m->flush(false); !done) return done;
  }
  return taken_since_flush > settings.replay_octets_max ? flush_all() : base::result<void>();
}

base::result<void> volume_replica::state::flush_all() {
  taken_since_flush = 0;
  if (applied.load() <= flushed.load()) return {};
  for (const auto& m : machines)
    if (m)
      if (auto done = m->flush(true); !done) return done;
  // A machine without commands is here too, whatever position its tree has. The log writes that file as well.
  const std::lock_guard hold(of_log);
  if (auto done = raise_floor(posix_file_system(), log_directory(), applied); !done) return done;
  flushed = applied.load();
  return {};
}

base::result<void> volume_replica::state::remove_dead() {
  {
    const std::lock_guard hold(of_log);
    if (log->dead_segments().empty()) return {};
    if (!log->may_remove(flushed) && !log->may_remove(applied)) return {};
    if (log->may_remove(flushed)) {
      const auto done = log->remove_dead(flushed);
      return done ? base::result<void>() : base::result<void>(base::fail(done.error()));
    }
  }
  if (auto done = flush_all(); !done) return done;
  const std::lock_guard hold(of_log);
  const auto done = log->remove_dead(flushed);
  return done ? base::result<void>() : base::result<void>(base::fail(done.error()));
}

base::result<void> volume_replica::state::work() {
  const std::lock_guard hold(of_machines);
  if (auto done = apply(); !done) return done;
  return remove_dead();
}

base::result<void> volume_replica::state::checkpoint() {
  const std::lock_guard hold(of_machines);
  return flush_all();
}

base::result<void> volume_replica::state::close() {
  const std::lock_guard hold(of_machines);
  if (auto done = sync(); !done) return base::fail(done.error());
  if (auto done = apply(); !done) return done;
  return flush_all();
}

// The face.

volume_replica::volume_replica(std::unique_ptr<state> s) : state_(std::move(s)) {}
volume_replica::~volume_replica() = default;

base::result<std::unique_ptr<volume_replica>> volume_replica::open(const std::string& directory, const volume_replica_settings& settings) {
  auto fresh = std::make_unique<state>(directory, settings);
  if (auto done = fresh->open(); !done) return base::fail(done.error());
  return std::unique_ptr<volume_replica>(new volume_replica(std::move(fresh)));
}

std::uint64_t volume_replica::epoch() const noexcept {
  const std::lock_guard hold(state_->of_log);
  return state_->log->epoch();
}
base::result<void> volume_replica::follow(std::uint64_t epoch) {
  const std::lock_guard hold(state_->of_log);
  return state_->log->follow(epoch);
}
base::result<void> volume_replica::truncate_to(log_position p) { return state_->truncate_to(p); }
base::result<void> volume_replica::take(std::string_view frame) { return state_->take(frame); }
base::result<log_position> volume_replica::sync() { return state_->sync(); }
void volume_replica::committed(log_position position) { state_->committed(position); }
bool volume_replica::behind() const noexcept { return state_->waiting() >= state_->settings.apply_octets; }
bool volume_replica::far_behind() const noexcept { return state_->waiting() >= far_octets * state_->settings.apply_octets; }
base::result<void> volume_replica::work() { return state_->work(); }
base::result<void> volume_replica::checkpoint() { return state_->checkpoint(); }
log_position volume_replica::end() const noexcept { return state_->end; }
log_position volume_replica::durable() const noexcept { return state_->durable; }
log_position volume_replica::applied() const noexcept { return state_->applied; }
log_position volume_replica::flushed() const noexcept { return state_->flushed; }
std::uint64_t volume_replica::commands_applied() const noexcept { return state_->commands; }

base::result<void> volume_replica::close() {
  if (auto done = state_->close(); !done) return done;
  state_.reset();
  return {};
}

} // namespace rookery::storage
