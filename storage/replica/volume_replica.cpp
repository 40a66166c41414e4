#include "storage/replica/volume_replica.hpp"

#include "storage/chat/chat_machine.hpp"
#include "storage/log/log_reader.hpp"
#include "storage/node/node_store.hpp"
#include "storage/queue/spool_machine.hpp"
#include "storage/replica/volume_folder.hpp"
#include "storage/tree/tree.hpp"

#include <algorithm>
#include <vector>

#include <unistd.h>

namespace rookery::storage {

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
  base::result<void> truncate_to(log_position);
  base::result<void> apply();
  base::result<void> remove_dead();
  base::result<void> checkpoint();
  /// Octets of the log that are released and not applied, about.
  std::uint64_t waiting() const;

  const std::string directory;
  const volume_replica_settings settings;
  std::unique_ptr<follower_log> log;
  log_position released; ///< by the leader
  log_position applied;
  log_position flushed;
  std::uint64_t commands = 0;

private:
  std::string log_directory() const { return directory + "/log"; }
  template <class Machine>
  base::result<void> keep(base::result<std::unique_ptr<Machine>> opened);
  base::result<void> open_machines();
  base::result<std::unique_ptr<tree>> open_tree(std::uint32_t shard) const;

  store_identity identity;
  int lock = -1;
  std::vector<std::unique_ptr<machine>> machines; ///< by shard number; none for the configuration
  std::uint64_t taken_since_flush = 0;
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
  flushed = epoch->floor;
  applied = log->end();
  for (const auto& m : machines) {
    if (!m) continue;
    if (m->flushed() > log->end())
      return base::fail(base::error_kind::damaged, "The replica is damaged.",
                        log_directory() + " ends before what shard " + std::to_string(m->shard().value) + " has read: it has to be copied anew");
    applied = std::min(applied, m->flushed());
  }
  released = applied = std::max(applied, flushed);
  return {};
}

base::result<void> volume_replica::state::take(std::string_view frame) {
  const auto pieces = read_pieces(frame);
  if (!pieces) return base::fail(base::error_kind::invalid, "The replica does not follow.", directory + ": a frame of pieces that cannot be read");
  for (const auto& p : *pieces) {
    if (auto done = log->take(p); !done) return done;
    taken_since_flush += p.octets.size();
  }
  return {};
}

base::result<void> volume_replica::state::truncate_to(log_position position) {
  for (const auto& m : machines)
    if (m && m->applied() > position)
      return base::fail(base::error_kind::damaged, "The replica cannot follow.",
                        directory + ": shard " + std::to_string(m->shard().value) + " has applied what is to be cut off: it has to be copied anew");
  return log->truncate_to(position);
}

std::uint64_t volume_replica::state::waiting() const {
  const auto until = std::min(released, log->durable());
  if (until <= applied) return 0;
  return until.segment == applied.segment ? until.offset - applied.offset : settings.apply_octets;
}

base::result<void> volume_replica::state::apply() {
  const auto until = std::min(released, log->durable());
  if (until <= applied) return {};
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
  return taken_since_flush > settings.replay_octets_max ? checkpoint() : base::result<void>();
}

base::result<void> volume_replica::state::checkpoint() {
  taken_since_flush = 0;
  if (applied <= flushed) return {};
  for (const auto& m : machines)
    if (m)
      if (auto done = m->flush(true); !done) return done;
  // A machine without commands is here too, whatever position its tree has.
  if (auto done = raise_floor(posix_file_system(), log_directory(), applied); !done) return done;
  flushed = applied;
  return {};
}

base::result<void> volume_replica::state::remove_dead() {
  if (log->dead_segments().empty()) return {};
  if (!log->may_remove(flushed)) {
    if (!log->may_remove(applied)) return {};
    if (auto done = checkpoint(); !done) return done;
  }
  const auto done = log->remove_dead(flushed);
  return done ? base::result<void>() : base::result<void>(base::fail(done.error()));
}

// The face.

volume_replica::volume_replica(std::unique_ptr<state> s) : state_(std::move(s)) {}
volume_replica::~volume_replica() = default;

base::result<std::unique_ptr<volume_replica>> volume_replica::open(const std::string& directory, const volume_replica_settings& settings) {
  auto fresh = std::make_unique<state>(directory, settings);
  if (auto done = fresh->open(); !done) return base::fail(done.error());
  return std::unique_ptr<volume_replica>(new volume_replica(std::move(fresh)));
}

std::uint64_t volume_replica::epoch() const noexcept { return state_->log->epoch(); }
base::result<void> volume_replica::follow(std::uint64_t epoch) { return state_->log->follow(epoch); }
base::result<void> volume_replica::truncate_to(log_position p) { return state_->truncate_to(p); }
base::result<void> volume_replica::take(std::string_view frame) { return state_->take(frame); }
base::result<log_position> volume_replica::sync() { return state_->log->sync(); }
log_position volume_replica::end() const noexcept { return state_->log->end(); }
log_position volume_replica::durable() const noexcept { return state_->log->durable(); }
log_position volume_replica::applied() const noexcept { return state_->applied; }
log_position volume_replica::flushed() const noexcept { return state_->flushed; }
std::uint64_t volume_replica::commands_applied() const noexcept { return state_->commands; }
base::result<void> volume_replica::checkpoint() { return state_->checkpoint(); }

base::result<void> volume_replica::committed(log_position position) {
  auto& st = *state_;
  st.released = std::max(st.released, position);
  st.log->look_ahead();
  return st.waiting() >= st.settings.apply_octets ? st.apply() : base::result<void>();
}

base::result<void> volume_replica::work() {
  if (auto done = state_->apply(); !done) return done;
  return state_->remove_dead();
}

base::result<void> volume_replica::close() {
  if (auto done = state_->log->sync(); !done) return base::fail(done.error());
  if (auto done = state_->apply(); !done) return done;
  if (auto done = state_->checkpoint(); !done) return done;
  state_.reset();
  return {};
}

} // namespace rookery::storage
