/// The server's process from start to end: what it has once (`process_parts`), the volumes it serves, and its listeners.
///
/// One thread calls it (the program's main), but what is marked. The node's own volume lies in the data directory itself,
/// others in `volumes/<id>/` of it. A node whose own volume is led elsewhere runs without it: its ports for clients are
/// closed until that is opened here, or until the node may pass sessions on (`take`).
#pragma once

#include "actors/root/process_parts.hpp"
#include "actors/root/running_volume.hpp"

#include <cstdint>
#include <map>

namespace rookery::actors {

/// Whose connections a listener takes.
enum class listening : std::uint8_t {
  clients,   ///< while the node's own volume is open, or sessions are passed on
  volume,    ///< only while the node's own volume is open
  always     ///< administration, figures
};

class running_node {
public:
  /// The process with its own volume, or without any.
  static base::result<std::unique_ptr<running_node>> start(node_options, bool own_volume = true);
  ~running_node();

  process_parts& process() noexcept { return *process_; }
  const std::shared_ptr<volume_table>& volumes() const noexcept { return process_->share->volumes; } ///< any thread
  /// The parts of the process alone; always there. Any thread.
  actors::node& face() noexcept { return *process_->face; }
  /// The own volume's node, else the face.
  actors::node& node() const noexcept;
  /// The own volume; null while it is not open here. Who holds it may use it while it closes. Any thread.
  std::shared_ptr<running_volume> own_volume() const;
  const std::string& store_uuid() const noexcept { return process_->uuid; }
  std::vector<std::unique_ptr<net::reactor>>& reactors() noexcept { return process_->reactors; }
  const std::shared_ptr<net::connection_counts>& counts() const noexcept { return process_->counts; }
  const std::shared_ptr<collection_board>& collection_states() const noexcept { return process_->collection_states; }
  /// That are open now.
  std::uint32_t connections() const noexcept { return process_->counts->total(); }

  // Volumes. Any thread; one call at a time runs, each blocks until it is done.
  /// Opens the node's own volume, or one that was copied to `volume_directory(id)`. `exists`: it is open.
  base::result<void> open_volume(volume_id);
  base::result<void> open_volume(volume_id, const std::string& directory);
  /// Opens it, if it is not open, and begins a lead of it; gives where its log ends then.
  base::result<storage::log_position> lead_volume(volume_id, const begin_lead&);
  /// See running_volume::close; gives where its log ends. `not_found`: it is not open.
  base::result<void> close_volume(volume_id);
  base::result<storage::log_position> close_volume(volume_id, volume_end);
  std::string volume_directory(volume_id) const;
  struct opened_volume {
    volume_id id = 0;
    std::string directory;
    bool own = false;
  };
  std::vector<opened_volume> opened() const;
  std::shared_ptr<running_volume> find(volume_id) const;
  /// This node is a member of a cluster now: the id of its own volume.
  void name_own_volume(volume_id);

  /// Where the sessions of clients begin.
  struct front {
    std::shared_ptr<running_volume> volume; ///< the own one; null: it is not open here
    bool passes_on = false;                 ///< without it a session begins with `face`, and goes on at the account's home
    bool operator==(const front&) const = default;
  };
  /// Calls `f` now and whenever that is another one; a volume that closes is let go first. Before `accept`.
  using front_change = std::function<void(const front&)>;
  void follow_front(front_change f);
  /// Whose sessions begin here: until it is said, and for a node without a cluster, those of the own volume while that is open. Any thread.
  enum class clients : std::uint8_t {
    of_own_volume,
    all,            ///< also while the own volume is led elsewhere: it is heard who leads it
    none            ///< the ports are closed; who is here stays until the volume closes
  };
  void take(clients);
  bool passes_on() const;

  /// Opens a listener; accepting begins with `accept`.
  base::result<std::uint16_t> listen(std::shared_ptr<net::listener>, const std::string& address, std::uint16_t port,
                                     std::string refusal, listening whom = listening::clients);
  void accept();
  /// Refuses new work and waits until the connections are gone, `limit` at most. Gives how many were left.
  std::uint32_t drain(std::chrono::milliseconds limit);
  /// Flushes everything durably. After this the process may end at once.
  void stop();

private:
  running_node() = default;
  base::result<std::shared_ptr<running_volume>> open(volume_options);
  void look_at_ports();
  void look_at_front();

  std::unique_ptr<process_parts> process_;
  std::mutex changing_;                           ///< one volume opens or closes at a time
  std::mutex fronting_;                           ///< one change of the front is told at a time; under `changing_`, or alone
  mutable std::mutex lock_;                       ///< of what follows; short
  std::shared_ptr<running_volume> main_;
  std::map<volume_id, std::shared_ptr<running_volume>> open_;
  /// Closed; late answers may still look at them.
  std::vector<std::pair<std::chrono::steady_clock::time_point, std::shared_ptr<running_volume>>> closed_;
  std::vector<front_change> followers_;
  front front_;                                   ///< that was told last
  clients takes_ = clients::of_own_volume;
  struct open_port {
    std::unique_ptr<net::acceptor> socket;
    listening whom;
  };
  std::vector<open_port> ports_;
  bool accepts_ = false;
};

} // namespace rookery::actors
