#include "actors/cluster/cluster_service.hpp"

#include "actors/cluster/agreed_level.hpp"
#include "actors/cluster/cluster_certificates.hpp"
#include "actors/cluster/cluster_keeper.hpp"
#include "actors/cluster/cluster_renewal.hpp"
#include "actors/cluster/config_applier.hpp"
#include "actors/cluster/join_host.hpp"
#include "actors/cluster/node_questions.hpp"
#include "actors/cluster/openssl_calls.hpp"
#include "actors/cluster/volume_keeper.hpp"
#include "actors/net/tls_link.hpp"
#include "actors/queue/destination_board.hpp"
#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/shard/log_actor.hpp"
#include "actors/system/process_share.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "cluster/stream/answering.hpp"
#include "protocols/json/value.hpp"
#include "storage/directory/agreed_command.hpp"

#include <algorithm>
#include <future>
#include <thread>

namespace rookery::actors {
namespace {

namespace dir = storage::directory;

constexpr std::size_t door_workers = 1, door_waiting_max = 16;
/// How long others wait for a node that goes down in order before they make copies elsewhere, and it for them to take over.
constexpr std::chrono::minutes away_time{15};
constexpr std::chrono::seconds hand_over_time{8};
constexpr std::chrono::seconds answer_time = cluster::proposal_time + std::chrono::seconds(5);

} // namespace

base::failure<base::error> not_a_member() {
  return base::fail(base::error_kind::not_found, "this node belongs to no cluster; rookery cluster init founds one, rookery cluster join enters one");
}

std::shared_ptr<cluster_service> cluster_service::make(running_node& running, options o) {
  return std::shared_ptr<cluster_service>(new cluster_service(running, std::move(o)));
}

std::string cluster_service::authorities() const {
  const std::lock_guard hold(lock_);
  return authorities_;
}

std::shared_ptr<destination_board> cluster_service::destinations() const { return share_of(running_.face())->destinations; }

std::shared_ptr<const cluster::stream_identity> cluster_service::identity() const {
  const std::lock_guard hold(lock_);
  return identity_;
}

std::shared_ptr<cluster::stream_listener> cluster_service::streams() const {
  const std::lock_guard hold(lock_);
  return streams_;
}

base::result<void> cluster_service::start_if_member() {
  if (!is_member(options_.data_directory)) return {};
  auto m = read_member(storage::posix_file_system(), options_.data_directory);
  if (!m) return base::fail(m.error());
  return start(*m);
}

base::result<void> cluster_service::start(const member_facts& m) {
  if (const auto fault = cluster::level_fault(agreed_level(*running_.face().config->table()), own_levels(), "rookery " + options_.version)) return base::fail(base::error_kind::unsupported, *fault);
  mend_openssl_calls();
  running_.name_own_volume(m.member);
  auto& n = running_.face();
  {
    std::vector<std::uint64_t> nodes;
    for (const auto& known : known_nodes()) nodes.push_back(known.entry.id);
    for (const auto& told : m.nodes) nodes.push_back(told.id);
    destinations()->begin(m.member, nodes);
  }
  // What no other node ever had is served at once; else it is asked first who serves it (volume_keeper).
  if (!m.witness && !running_.own_volume() && volume_keeper::alone(*n.config->table(), m.member))
    if (auto opened = running_.open_volume(m.member); !opened) return opened;
  if (!std::exchange(watching_, true))
    running_.volumes()->watch([weak = weak_from_this()](const volume_table::event& e) {
      const auto self = weak.lock();
      if (!self) return;
      self->publish_homes();
      if (!e.open) return;
      const std::lock_guard hold(self->lock_);
      self->to_sweep_.insert(e.volume);
    });
  {
    const std::lock_guard hold(lock_);
    for (const auto& o : running_.opened()) to_sweep_.insert(o.id);
  }
  const auto directory = cluster_directory(options_.data_directory);
  if (auto whole = finish_use(directory); !whole) return whole;
  if (auto box = own_box_key(options_.data_directory); !box) return base::fail(box.error());
  auto authority = read_kept(directory + "/authority.pem"), certificate = read_kept(directory + "/node.pem"), key = read_kept(directory + "/node.key");
  if (!authority || !certificate || !key) return base::fail(base::error_kind::damaged, "the cluster's certificates in " + directory + " cannot be read");

  cluster::control_parts p;
  p.self = m.member;
  p.cluster = m.cluster;
  p.uuid = running_.store_uuid();
  p.software = options_.version;
  p.port = m.port;
  p.directory = directory + "/consensus";
  p.authority_file = directory + "/authority.pem";
  p.certificate_file = directory + "/node.pem";
  p.key_file = directory + "/node.key";
  p.certificate = *certificate;
  const auto* machine = n.configuration;
  p.agreed = [machine] { return dir::marked_table_of(*machine)->mark.agreed; };
  p.last_sequence = [machine](std::uint64_t origin) {
    const auto now = dir::marked_table_of(*machine);
    const auto at = now->mark.sequences.find(origin);
    return at == now->mark.sequences.end() ? std::uint64_t{0} : at->second;
  };
  p.version = [machine] { return dir::marked_table_of(*machine)->table->version(); };
  p.picture = [machine] {
    const auto now = dir::marked_table_of(*machine);
    return dir::print_picture(*now->table, now->mark, machine->history(dir::history_entries_max));
  };
  p.vitals = [weak = weak_from_this()] {
    const auto self = weak.lock();
    return self ? self->own_vitals() : cluster::node_vitals{};
  };
  p.notes_tick = [board = destinations(), weak = weak_from_this()] {
    const auto self = weak.lock();
    board->tick(self && self->lends());
  };
  p.note_for = [board = destinations()](std::uint64_t to) { return board->note_for(to); };
  p.noted = [board = destinations()](std::uint64_t from, std::string_view octets) { board->heard(from, octets); };
  p.levels = own_levels();
  p.level = [machine] { return agreed_level(*dir::marked_table_of(*machine)->table); };
  p.silence = [weak = weak_from_this()](const std::string& host, std::uint16_t port, std::chrono::milliseconds wait) -> std::optional<std::string> {
    const auto self = weak.lock();
    const auto identity = self ? self->identity() : nullptr;
    return identity ? cluster::silence(*identity, host, port, wait) : "this node ends";
  };
  p.sign = [key = *key](std::string_view octets) { return sign(key, octets); };
  p.verify = [weak = weak_from_this()](const std::string& shown, const cluster::node_entry& of, std::string_view octets, std::string_view signature) -> std::optional<std::string> {
    const auto self = weak.lock();
    if (!self) return "this node ends";
    std::vector<std::string> fingerprints{of.fingerprint};
    if (!of.next_fingerprint.empty()) fingerprints.push_back(of.next_fingerprint);
    return signature_fault(self->authorities(), shown, fingerprints, octets, signature);
  };
  p.nonce = [] { return base::random_octets(24); };
  p.failed = [](const std::string& why) {
    base::log_event(base::severity::error, "cluster.failed").text("error", why);
    base::log_stop();
    std::_Exit(74); // EX_IOERR; whoever supervises starts it again
  };
  std::weak_ptr<cluster_service> weak = weak_from_this();
  const auto applier = spawn_config_applier(n, [weak] {
    if (const auto self = weak.lock()) self->followed();
  });
  p.apply = [applier, failed = p.failed](std::vector<cluster::agreed_item> items, std::function<void(std::vector<storage::command_result>)> done) {
    // Passed over it would make this node's configuration another one than the others'.
    for (const auto& i : items)
      if (const auto read = i.picture ? base::result<dir::config_command>(dir::config_command{}) : dir::decode_command(i.command); !read && read.error().kind == base::error_kind::unsupported)
        return failed("the cluster has agreed on something that this program is too old to read: install the version of the other nodes");
    auto work = std::make_shared<apply_agreed>();
    work->items = std::make_shared<const std::vector<cluster::agreed_item>>(std::move(items));
    work->done = std::move(done);
    caf::anon_send(applier, apply_agreed_ptr(work));
  };
  for (auto& known : known_nodes()) p.nodes.push_back(std::move(known.entry));
  named_ = std::any_of(p.nodes.begin(), p.nodes.end(), [&](const auto& e) { return e.id == m.member; });
  if (!named_)
    for (const auto& told : m.nodes)
      if (std::none_of(p.nodes.begin(), p.nodes.end(), [&](const auto& e) { return e.id == told.id; })) p.nodes.push_back(told);
  {
    const std::lock_guard hold(lock_);
    authorities_ = *authority;
  }
  if (auto made = make_identity(m, *certificate, *key); !made) return made;
  auto plane = cluster::control_plane::start(std::move(p));
  if (!plane) return base::fail(plane.error());
  {
    const std::lock_guard hold(lock_);
    plane_ = std::move(*plane);
    member_ = m;
    applier_ = applier;
    seen_table_ = n.config->table();
  }
  set_agreement(n, shared_from_this());
  followed();
  base::log_event(base::severity::notice, "cluster.started").text("cluster", m.cluster).number("member", static_cast<std::int64_t>(m.member)).number("port", m.port);
  if (auto opened = open_streams(m); !opened) return opened;
  if (const auto streams = this->streams())
    streams->handle(question_stream, [weak](std::unique_ptr<cluster::node_stream> s, const cluster::stream_opening& o) {
      answer_question(*s, o, [&](const std::string& verb, const json::value& body) -> base::result<json::value> {
        if (const auto self = weak.lock()) return self->answer(verb, body);
        return not_a_member();
      });
    });
  if (auto opened = open_door(m, *certificate, *key); !opened) return opened;
  const std::lock_guard hold(lock_);
  keeper_ = spawn_cluster_keeper(*n.system, weak_from_this());
  return {};
}

base::result<void> cluster_service::open_door(const member_facts& m, const std::string& certificate, const std::string& key) {
  auto& n = running_.face();
  auto context = door_context(certificate, key);
  if (!context) return base::fail(context.error());
  door_tls_->put(std::move(*context));
  auto parts = std::make_shared<join_parts>();
  parts->clock = n.clock;
  parts->authority = [weak = weak_from_this()] {
    const auto self = weak.lock();
    return self ? self->authority() : std::string();
  };
  parts->admit = [weak = weak_from_this()](const json::value& request) -> base::result<json::value> {
    if (const auto self = weak.lock()) return self->admit(request);
    return not_a_member();
  };
  parts->workers = std::make_shared<worker_pool>(*n.system, door_workers, door_waiting_max);
  auto l = std::make_shared<net::listener>();
  l->service = "cluster";
  l->implicit_tls = true;
  l->make = [parts](const connection_facts& facts) { return make_join_host(parts, facts); };
  l->make_tls = [contexts = door_tls_]() -> std::unique_ptr<net::layer> { return std::make_unique<net::tls_link>(contexts->get()); };
  l->ended = [counts = running_.counts()](const connection_facts& f) { counts->leave(f); };
  auto door = std::make_unique<net::acceptor>(*n.system, running_.reactors(), std::move(l), running_.counts(), "");
  if (auto opened = door->open("0.0.0.0", static_cast<std::uint16_t>(m.port + 1)); !opened) return base::fail(opened.error());
  door->begin();
  const std::lock_guard hold(lock_);
  door_ = std::move(door);
  return {};
}

/// Behind each agreed group: has the list of nodes changed?
void cluster_service::followed() {
  std::vector<cluster::node_entry> nodes;
  bool there = false;
  std::shared_ptr<cluster::control_plane> plane;
  std::uint64_t self = 0;
  {
    const std::lock_guard hold(lock_);
    plane = plane_;
    self = member_.member;
  }
  if (!plane) return;
  follow_keys();
  publish_homes();
  look_at_clients();
  drop_removed_accounts();
  for (auto& known : known_nodes()) {
    there = there || known.entry.id == self;
    nodes.push_back(std::move(known.entry));
  }
  // A node that has joined begins with what was agreed before: it is not named there yet.
  if (there) named_ = true;
  else if (!named_) return;
  if (there) make_own_volume();
  if (const auto k = kept_volumes()) k->followed();
  {
    const std::lock_guard hold(lock_);
    if (followed_ == nodes) return;
    followed_ = nodes;
  }
  removed_ = !there;
  std::vector<std::uint64_t> ids;
  for (const auto& n : nodes) ids.push_back(n.id);
  destinations()->nodes(ids);
  if (!there) base::log_event(base::severity::warning, "cluster.removed").text("text", "the cluster has let this node go; if that was not asked for here: rookery cluster leave --force");
  plane->nodes(std::move(nodes));
}

void cluster_service::propose(std::string payload, agreed done) {
  std::shared_ptr<cluster::control_plane> plane;
  {
    const std::lock_guard hold(lock_);
    plane = plane_;
  }
  if (!plane) return done(not_a_member());
  if (removed_) return done(base::fail(base::error_kind::denied, "this node was removed from its cluster and follows it no more: rookery cluster leave --force, then join again"));
  plane->propose(std::move(payload), std::move(done));
}

base::result<storage::command_result> cluster_service::commit_alone(std::string payload) {
  auto& n = running_.face();
  caf::scoped_actor self{*n.system};
  auto request = std::make_shared<commit_request>();
  request->group.commands.push_back({storage::config_shard, 1, std::move(payload), {}});
  base::result<storage::command_result> out = base::fail(base::error_kind::try_later, "the log does not answer");
  const auto process = share_of(n);
  if (!process || !submit_commit(*self, process->config_log, *process->config_gate, std::move(request))) return out;
  self->receive(
      [&](const commit_done_ptr& done) {
        if (done->error) out = base::fail(*done->error);
        else if (!done->results.empty()) out = done->results.front();
      },
      caf::after(answer_time) >> [] {});
  return out;
}

base::result<storage::command_result> cluster_service::change(std::vector<dir::change> changes, const std::string& conflict_text) {
  dir::config_command command;
  command.author = "cluster";
  command.time = running_.face().clock->wall();
  command.changes = std::move(changes);
  auto payload = dir::encode(command);
  if (!payload) return base::fail(payload.error());
  auto answer = std::make_shared<std::promise<base::result<storage::command_result>>>();
  auto future = answer->get_future();
  propose(std::move(*payload), [answer](base::result<storage::command_result> r) { answer->set_value(std::move(r)); });
  if (future.wait_for(answer_time) != std::future_status::ready) return base::fail(base::error_kind::try_later, "the cluster does not answer");
  auto r = future.get();
  if (r && r->what != storage::outcome::done) return base::fail(base::error_kind::conflict, conflict_text);
  return r;
}

base::result<json::value> cluster_service::ask(const std::string& verb, const json::value& body) {
  if (verb == "status") return status();
  if (verb == "diagnose" || verb == "bundle" || verb == "paths") {
    if (!identity()) return not_a_member();
    return verb == "diagnose" ? diagnose() : verb == "bundle" ? bundle() : check_path(body);
  }
  const std::lock_guard one(asking_);
  if (verb == "init") return init(body);
  if (verb == "leave") return leave(body);
  {
    const std::lock_guard hold(lock_);
    if (!plane_) return not_a_member();
  }
  if (verb == "token") return token(body);
  if (verb == "remove") return remove(body);
  if (verb == "what-if") return what_if_gone(body);
  if (verb == "promote") return promote(body);
  if (verb == "renew-ca") return renew_authority(body);
  if (verb == "rekey") return make_key(body);
  if (verb == "renew") {
    renewal_wanted_ = true;
    json::value out{json::object{}};
    out.set("wanted", true);
    return out;
  }
  if (verb == "copies") return change_copies(body);
  if (verb == "options") return change_options(body);
  if (verb == "drain") return drain_node(body);
  if (verb == "rebalance") return rebalance(body);
  return base::fail(base::error_kind::not_found, "there is nothing of this name");
}

base::result<void> cluster_service::stop() {
  auto& files = storage::posix_file_system();
  const auto directory = cluster_directory(options_.data_directory);
  const std::lock_guard at_rest(keeping_);
  if (auto gone = files.remove(directory + "/member.json"); !gone) return gone;
  if (auto synced = files.sync_directory(directory); !synced) return synced;
  set_agreement(running_.face(), nullptr);
  std::shared_ptr<cluster::stream_listener> streams;
  std::shared_ptr<volume_keeper> keeper;
  bool witness = false;
  {
    const std::lock_guard hold(lock_);
    keeper = std::move(volumes_);
    witness = member_.witness;
    if (door_) door_->end();
    if (keeper_) caf::anon_send_exit(std::exchange(keeper_, caf::actor()), caf::exit_reason::user_shutdown);
    plane_ = nullptr;
    member_ = {};
    followed_.clear();
    streams = std::move(streams_);
    identity_ = nullptr;
    seen_table_ = nullptr;
  }
  streams = nullptr;
  const bool kept = keeper != nullptr;
  keeper = nullptr;
  if (kept && !witness && !running_.own_volume())
    if (auto opened = running_.open_volume(running_.volumes()->own()); !opened) return opened;
  if (kept) forget_volumes();
  relays_of(running_.face())->identity(nullptr);
  removed_ = named_ = false;
  destinations()->end();
  look_at_clients();
  publish_homes();
  // The log of before is of no use to anybody: votes and entries of a member that is none.
  if (const auto names = files.list(directory + "/consensus"); names)
    for (const auto& name : *names) (void)files.remove(directory + "/consensus/" + name);
  for (const auto* name : {"/node.pem", "/node.key", "/next.pem", "/next.key", "/authority.pem", "/box.key"}) (void)files.remove(directory + name);
  return {};
}

void cluster_service::drain() {
  leaving_ = true;
  look_at_clients();
  if (const auto k = kept_volumes())
    if (!k->hand_over(away_time, hand_over_time)) base::log_event(base::severity::warning, "cluster.volumes_not_handed_over");
  step_down();
}

void cluster_service::step_down() {
  std::shared_ptr<cluster::control_plane> plane;
  {
    const std::lock_guard hold(lock_);
    plane = plane_;
  }
  if (!plane || plane->status().standing != "leader" || plane->status().members.size() < 2) return;
  plane->step_down();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (plane->status().standing == "leader" && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

} // namespace rookery::actors
