#include "cluster/node/control_plane.hpp"

#include "cluster/node/consensus_actor.hpp"
#include "storage/file/file_system.hpp"

#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>

#include <utility>

namespace rookery::cluster {
namespace {

constexpr std::chrono::milliseconds link_heartbeat{2000};
constexpr std::chrono::seconds link_silence{6}; ///< then a connection is taken for dead

/// Only what a member needs; one thread, as hardly anything runs in it but the detached actor.
class system_settings : public caf::actor_system_config {
public:
  explicit system_settings(const control_parts& p) {
    load<caf::io::middleman>();
    load<caf::openssl::manager>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{1});
    set("middleman.heartbeat-interval", caf::timespan{link_heartbeat});
    set("middleman.connection-timeout", caf::timespan{link_silence});
    set("middleman.workers", std::size_t{0});
    openssl_certificate = p.certificate_file;
    openssl_key = p.key_file;
    openssl_cafile = p.authority_file;
  }
};

} // namespace

struct control_plane::inside {
  std::shared_ptr<control_parts> parts;
  std::shared_ptr<status_board> board = std::make_shared<status_board>();
  std::unique_ptr<system_settings> settings;
  std::unique_ptr<caf::actor_system> system;
  caf::actor actor;
  std::uint16_t port = 0;

  void run(std::function<void(consensus_actor&)> what) const {
    caf::anon_send(actor, actor_task{std::make_shared<const std::function<void(consensus_actor&)>>(std::move(what))});
  }
};

control_plane::control_plane() : in_(std::make_unique<inside>()) {}

base::result<std::unique_ptr<control_plane>> control_plane::start(control_parts parts) {
  // Without certificates CAF would talk to anybody, silently.
  if (parts.authority_file.empty() || parts.certificate_file.empty() || parts.key_file.empty())
    return base::fail(base::error_kind::invalid, "a cluster needs its certificates");
  auto log = consensus::consensus_log::open(storage::posix_file_system(), parts.directory);
  if (!log) return base::fail(log.error());
  if ((*log)->self() != parts.self)
    return base::fail(base::error_kind::damaged, "the log of the consensus belongs to another member: this node's files are of two nodes");
  std::unique_ptr<control_plane> made(new control_plane);
  auto& in = *made->in_;
  in.parts = std::make_shared<control_parts>(std::move(parts));
  in.settings = std::make_unique<system_settings>(*in.parts);
  in.system = std::make_unique<caf::actor_system>(*in.settings);
  in.actor = in.system->spawn<consensus_actor, caf::detached + caf::hidden>(in.parts, std::shared_ptr<consensus::consensus_log>(std::move(*log)), in.board);
  const auto port = caf::openssl::publish(in.actor, in.parts->port, nullptr, true);
  if (!port) {
    const auto why = in.system->render(port.error());
    return base::fail(base::error_kind::io, "the cluster's port " + std::to_string(in.parts->port) + " cannot be opened: " + why);
  }
  in.port = *port;
  return made;
}

control_plane::~control_plane() {
  if (!in_->system) return;
  if (in_->port != 0) // caf/openssl/unpublish.hpp of this version does not compile
    caf::anon_send(caf::actor_cast<caf::actor>(in_->system->openssl_manager().actor_handle()), caf::unpublish_atom::value, in_->actor.address(), in_->port);
  caf::anon_send_exit(in_->actor, caf::exit_reason::user_shutdown);
  in_->actor = nullptr;
  // An actor system of CAF 0.17 with detached actors may never end: this one stays until the process does.
  (void)in_->system.release();
  (void)in_->settings.release();
}

void control_plane::propose(std::string command, proposed done) {
  in_->run([command = std::move(command), done = std::move(done)](consensus_actor& a) { a.propose(command, done); });
}

void control_plane::nodes(std::vector<node_entry> all) {
  in_->run([all = std::move(all)](consensus_actor& a) { a.set_nodes(all); });
}

void control_plane::identify(std::string certificate, std::function<std::string(std::string_view)> sign) {
  in_->run([certificate = std::move(certificate), sign = std::move(sign)](consensus_actor& a) { a.identify(certificate, sign); });
}

void control_plane::step_down() {
  in_->run([](consensus_actor& a) { a.step_down(); });
}

control_status control_plane::status() const {
  const std::lock_guard hold(in_->board->lock);
  return in_->board->last;
}

} // namespace rookery::cluster
