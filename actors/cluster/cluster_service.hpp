/// This node's part in a cluster: founded or found at start, followed, shown and left.
///
/// Made once by the program, lives until the process ends. A node without a cluster has one that does nothing.
#pragma once

#include "actors/cluster/cluster_alarms.hpp"
#include "actors/cluster/cluster_options.hpp"
#include "actors/cluster/member_file.hpp"
#include "actors/cluster/node_questions.hpp"
#include "actors/cluster/node_report.hpp"
#include "actors/cluster/path_probe.hpp"
#include "actors/cluster/sealing_rules.hpp"
#include "actors/config/sealed_members.hpp"
#include "actors/root/running_node.hpp"
#include "actors/system/config_agreement.hpp"
#include "actors/system/published.hpp"
#include "base/result.hpp"
#include "cluster/node/control_plane.hpp"
#include "cluster/replication/placement.hpp"
#include "cluster/stream/stream_listener.hpp"
#include "protocols/json/value.hpp"
#include "protocols/tls/tls_context.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace rookery::actors {

class destination_board;
class volume_keeper;

/// Of the control link; the next one is for nodes that join, the one after for streams. All with the node file's port_base added.
inline constexpr std::uint16_t cluster_port_standard = 7442;
/// What a program must speak to join; grows when nodes of before could not follow.
inline constexpr std::uint64_t cluster_protocol = 1;
inline constexpr std::chrono::hours token_time_standard{24};
inline constexpr std::size_t tokens_max = 100; ///< that wait to be used

/// The keeper's rounds are a second each; what costs something, or is for people, has its turn in each so many.
inline constexpr unsigned rounds_of_a_look = 2;

/// What is answered where a cluster is needed and there is none.
base::failure<base::error> not_a_member();
using config::authority_purpose;
/// The level from which on the keys that seal secrets are agreed on (cluster/node/feature_level.hpp).
inline constexpr unsigned sealing_level = 3;
/// The level from which on nodes tell each other their load, and lend connections.
inline constexpr unsigned lending_level = 4;
/// The node's box key, private part; made when it is missing (actors/cluster/sealing_rules.hpp).
base::result<std::string> own_box_key(const std::string& data_directory);

class cluster_service final : public config_agreement, public std::enable_shared_from_this<cluster_service> {
public:
  struct options {
    std::string data_directory, host_name, version;
    std::string log_directory; ///< for bundles; may be empty
    std::uint16_t port = cluster_port_standard;
    unsigned level_newest = 0; ///< that this node says it knows; 0: what its program knows
  };
  /// `running` lives until the process ends.
  static std::shared_ptr<cluster_service> make(running_node& running, options);

  /// When the node belongs to a cluster: opens its log and its ports. Before connections are accepted.
  base::result<void> start_if_member();

  /// What the administration asks: "status", "init", "token", "leave", "remove", "promote", "what-if", "renew", "renew-ca", "rekey",
  /// "diagnose", "bundle", "paths"
  /// (docs/manual/cluster.md).
  /// Blocks; one at a time.
  base::result<json::value> ask(const std::string& verb, const json::value& body);
  /// A node that wants to join, with its token; the answer is what it needs. Blocks.
  base::result<json::value> admit(const json::value& request);
  /// The newest authority's certificate, PEM; and those that are trusted.
  std::string authority() const;
  std::string authorities() const;

  /// What this node answers when another one asks it for this verb (actors/cluster/node_questions.hpp). Before `start_if_member`.
  void answers(std::string verb, question_answer);
  /// Asks a node, also this one itself. Blocks; at once `try_later` when it has no link.
  base::result<json::value> ask_node(std::uint64_t node, const std::string& verb, const json::value& body, std::chrono::milliseconds limit);
  /// The volumes of the cluster, by number, and who serves each.
  struct led_volume {
    std::uint64_t id = 0, leader = 0;
    std::string name;             ///< of the leader, for people
  };
  std::vector<led_volume> led_volumes() const;

  /// Called when the node's secrets are sealed with other keys, or more of them open; in any thread.
  void keys_changed(std::function<void()>);

  void propose(std::string payload, agreed done) override;
  /// For streams to other nodes, and where those of others come in; null without a cluster. They live until the node leaves it.
  std::shared_ptr<const cluster::stream_identity> identity() const;
  std::shared_ptr<cluster::stream_listener> streams() const;
  /// Gives the lead away; the process ends soon.
  void drain();
  /// What is looked after from time to time (actors/cluster/cluster_keeper.hpp). Blocks.
  void keep();

private:
  cluster_service(running_node& running, options o) : running_(running), options_(std::move(o)) {}
  base::result<void> start(const member_facts&);
  base::result<void> open_door(const member_facts&, const std::string& certificate, const std::string& key);
  base::result<void> make_identity(const member_facts&, const std::string& certificate, const std::string& key);
  base::result<void> open_streams(const member_facts&);
  void publish_homes();
  void look_at_clients();
  void add_home_members(json::value& row, std::uint64_t node) const;
  void drop_removed_accounts();
  void sweep_opened_volumes();
  base::result<json::value> init(const json::value&);
  base::result<json::value> token(const json::value&);
  base::result<json::value> leave(const json::value&);
  base::result<json::value> remove(const json::value&);
  base::result<json::value> promote(const json::value&);
  base::result<json::value> renew_authority(const json::value&);
  json::value status() const;
  cluster::node_vitals own_vitals() const;
  json::array alarm_texts() const;
  std::shared_ptr<destination_board> destinations() const;
  bool lends() const;
  void look_at_vitals();
  void look_at_conditions();
  void look_at_level();
  cluster::level_range own_levels() const;
  node_report own_report() const;
  /// What each node that can be heard has said, this one with it; of nodes that have said nothing there is nothing.
  std::map<std::uint64_t, node_report> reports() const;
  void look_at_replicas(std::vector<alarm>& now, const std::vector<alarm>& before);
  json::array show_volumes() const;
  base::result<json::value> what_if_gone(const json::value&) const;
  void make_own_volume();
  std::shared_ptr<volume_keeper> keep_volumes(const member_facts&, std::shared_ptr<const cluster::stream_identity>);
  std::shared_ptr<volume_keeper> kept_volumes() const;
  std::vector<replication::node_facts> facts_of_nodes() const;
  unsigned copies() const;
  base::result<json::value> change_copies(const json::value&);
  cluster_options options_now() const;
  base::result<json::value> change_options(const json::value&);
  base::result<json::value> drain_node(const json::value&);
  base::result<json::value> rebalance(const json::value&);
  void go_on_home();
  void drop_accounts(node&, const std::vector<base::account_id>& gone);
  base::result<void> stop();
  void forget_volumes();
  void step_down();

  /// Proposes, or for a node alone commits, and waits.
  base::result<storage::command_result> change(std::vector<storage::directory::change>, const std::string& conflict_text);
  base::result<storage::command_result> commit_alone(std::string payload);
  struct known_node {
    cluster::node_entry entry;
    std::string name;
    std::uint64_t version = 0;
    certificates_agreed certificates;
  };
  std::vector<known_node> known_nodes() const;
  struct agreed_authority {
    std::string newest, previous;  ///< PEM; "" when it is the only one
    std::string sealed_key;        ///< of the newest
    std::uint64_t version = 0;
    json::value document;
  };
  base::result<agreed_authority> agreed_authorities() const;
  base::result<std::string> authority_key(const agreed_authority&) const;
  std::string unsettled_nodes(const agreed_authority&) const;
  base::result<void> authority_at_rest(const agreed_authority&) const;
  void look_at_certificates();
  void follow_keys();
  void look_at_keys();
  std::string newest_key() const;
  std::map<std::string, std::string> box_keys() const;
  std::vector<storage::directory::change> to_seal_anew(std::size_t most) const;
  bool sealed_otherwise(const std::shared_ptr<const storage::directory::config_table>&);
  base::result<void> take_key_step(const sealing_step&, std::optional<agreed_sealing>);
  base::result<json::value> make_key(const json::value&);
  void show_keys(json::value& status) const;
  base::result<void> take_step(const renewal_step&, const known_node& self, const agreed_authority&);
  base::result<void> show_identity();
  base::result<std::vector<storage::directory::change>> volumes_lost_with(const known_node&, bool accept_loss) const;
  base::result<std::vector<storage::directory::change>> volumes_left_with(const known_node&) const;
  base::result<known_node> named(const json::value&) const;
  void followed();
  // Asked of all nodes (actors/cluster/node_questions.hpp).
  struct node_answer {
    known_node node;
    base::result<json::value> said;
  };
  base::result<json::value> answer(const std::string& verb, const json::value& body);
  std::vector<node_answer> ask_all(const std::string& verb, const json::value& body);
  json::value probe_others() const;
  base::result<json::value> diagnose();
  json::value bundle_pieces() const;
  base::result<json::value> bundle();
  base::result<json::value> step_of_paths(const json::value&);
  base::result<json::value> check_path(const json::value&);
  lock_finding check_locks(const std::vector<path_finding>&, json::value order);

  running_node& running_;
  options options_;
  std::map<std::string, question_answer> answers_;
  std::mutex asking_;                               ///< one question at a time
  mutable std::mutex lock_;                         ///< of what follows
  std::shared_ptr<cluster::control_plane> plane_;
  member_facts member_;
  std::string authorities_;
  cluster::node_vitals vitals_;
  std::vector<alarm> alarms_;
  std::set<volume_id> to_sweep_;                    ///< volumes that were opened, and not looked through for removed accounts
  std::function<void()> keys_changed_;
  std::set<std::string> shown_replicas_;            ///< labels of figures; the keeper's
  caf::actor applier_, keeper_;
  std::shared_ptr<published<tls::tls_context>> door_tls_ = std::make_shared<published<tls::tls_context>>();
  std::vector<cluster::node_entry> followed_;       ///< what the control plane was told last
  std::unique_ptr<net::acceptor> door_;
  std::shared_ptr<const cluster::stream_identity> identity_;
  std::shared_ptr<cluster::stream_listener> streams_;
  std::shared_ptr<volume_keeper> volumes_;
  struct {
    volume_id now = 0;                              ///< is on its way; 0: none
    std::chrono::steady_clock::time_point until{};  ///< it is waited for
    std::deque<volume_id> next;
  } going_home_;
  bool watching_ = false;                           ///< volumes that open and close
  std::mutex publishing_;
  std::shared_ptr<const storage::directory::config_table> homes_table_; ///< that the published homes were read from; under publishing_
  std::shared_ptr<const storage::directory::config_table> seen_table_; ///< that accounts were last looked for in
  std::atomic<bool> making_volume_{false};          ///< proposed, not answered
  path_probe paths_;
  unsigned rounds_ = 0;                             ///< the keeper's
  std::mutex keeping_;                              ///< of what follows; held while certificates change
  std::atomic<bool> renewal_wanted_{false};
  std::string renewal_fault_;
  std::shared_ptr<const storage::directory::config_table> rested_with_; ///< nothing was to be done with this one
  std::chrono::steady_clock::time_point rested_{};
  storage::directory::document_ptr followed_keys_;  ///< the applier's
  std::shared_ptr<const storage::directory::config_table> keys_seen_with_; ///< the keeper's, as what follows about keys
  bool keys_at_rest_ = false;
  std::chrono::steady_clock::time_point keys_rested_{};
  std::string keys_wait_for_;
  struct {
    std::shared_ptr<const storage::directory::config_table> table;
    std::string key;                                ///< that seals
    bool found = false;
  } sealing_scan_;
  std::atomic<bool> named_{false};                  ///< the agreed configuration has named this node
  std::atomic<bool> removed_{false};                ///< the agreed configuration does not name this node any more
  std::atomic<bool> leaving_{false};                ///< the process ends soon
  std::mutex clients_;                              ///< of what follows
  std::chrono::steady_clock::time_point heard_{};   ///< when a leader of the cluster was known last; the epoch: never
};

} // namespace rookery::actors
