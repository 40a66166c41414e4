/// The volumes that are open in this process, and which of them has an account.
///
/// One a process, made before the first volume; each `node` object leads to it (`volumes_of`). Thread-safe; a look
/// costs one short lock. Whoever holds what `find` gave keeps that volume's node object, though not its service: a
/// volume that closes ends its sessions, refuses commits, and waits for those who hold it.
#pragma once

#include "actors/node.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace rookery::actors {

/// Which volume of a cluster: the member on which it was made; 0: the only one of a node without cluster.
using volume_id = std::uint64_t;
using volume_ptr = std::shared_ptr<node>;

class session_list;

class volume_table {
public:
  /// The volume that has an account's mail, open here or not. Any thread, quick.
  using home_rule = std::function<volume_id(base::account_id)>;
  struct event {
    volume_id volume = 0;
    bool open = false; ///< serves now; false: it begins to close
  };
  using watcher = std::function<void(const event&)>;

  /// Of this node itself; 0 until it is a member of a cluster.
  volume_id own() const {
    const std::lock_guard hold(lock_);
    return own_;
  }
  /// Null: not open here, or closing.
  volume_ptr find(volume_id) const;
  /// In which epoch this process leads the volume of this node object; 0: without a cluster.
  std::uint64_t epoch_of(const node&) const;
  /// The volume whose node object this is; its own while it is closing, too.
  volume_id id_of(const node&) const;
  /// Who is told and waited for when it closes (actors/system/held_session.hpp). Null: it is none of ours.
  std::shared_ptr<session_list> sessions_of(const node&) const;
  /// The node's own volume; null while it is led elsewhere.
  volume_ptr main() const { return find(own()); }
  /// All, by id.
  std::vector<volume_ptr> all() const;
  /// Where the account is at home: without a rule this node's own volume.
  volume_id home_of(base::account_id) const;
  /// Its volume's node; null: it is not open here.
  volume_ptr of(base::account_id a) const { return find(home_of(a)); }

  void set_homes(home_rule);
  /// Called after each opening and at the beginning of each closing, in that thread, until the table is gone.
  void watch(watcher);

  // For actors/root alone:
  void set_own(volume_id);
  void opening(const node&, volume_id, std::shared_ptr<session_list>, std::uint64_t epoch = 0);
  void leads(const node&, std::uint64_t epoch);
  void opened(volume_ptr);
  void closing(const node&);
  void closed(const node&);

private:
  void tell(const event&);

  mutable std::mutex lock_;
  volume_id own_ = 0;
  std::map<volume_id, volume_ptr> open_;
  struct known_volume {
    volume_id id = 0;
    std::shared_ptr<session_list> sessions;
    std::uint64_t epoch = 0;
  };
  std::map<const node*, known_volume> known_; ///< also those that open or close
  std::shared_ptr<const home_rule> homes_;
  std::vector<std::shared_ptr<const watcher>> watchers_;
};

/// Of the process that has this node object; null for one that a test made by hand.
std::shared_ptr<volume_table> volumes_of(const node&);

} // namespace rookery::actors
