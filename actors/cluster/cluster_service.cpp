#include "actors/cluster/cluster_service.hpp"

#include "actors/cluster/cluster_certificates.hpp"
#include "actors/cluster/config_applier.hpp"
#include "actors/cluster/join_client.hpp"
#include "actors/cluster/join_host.hpp"
#include "actors/cluster/openssl_calls.hpp"
#include "actors/cluster/reachable.hpp"
#include "actors/net/tls_link.hpp"
#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/shard/log_actor.hpp"
#include "actors/system/process_share.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cluster/consensus/consensus_log.hpp"
#include "cluster/consensus/engine.hpp"
#include "protocols/encoding/base64.hpp"
#include "storage/directory/agreed_command.hpp"
#include "storage/node/sealing_key.hpp"

#include <algorithm>
#include <future>
#include <thread>

#include <sys/stat.h>

namespace rookery::actors {
namespace {

namespace dir = storage::directory;

constexpr std::string_view authority_purpose = "cluster authority";
constexpr std::string_view token_prefix = "token/";
constexpr std::size_t door_workers = 1, door_waiting_max = 16;
constexpr std::chrono::seconds answer_time = cluster::proposal_time + std::chrono::seconds(5);
/// What a founder's first entry carries is in its own configuration already.
constexpr std::uint64_t founded_index = 1 * 256 + 255;

base::failure<base::error> not_a_member() {
  return base::fail(base::error_kind::not_found, "this node belongs to no cluster; rookery cluster init founds one, rookery cluster join enters one");
}

std::string hash_of(std::string_view secret) { return base::to_hex(base::view(base::sha256(secret))); }

base::result<void> keep(const std::string& path, std::string_view text) {
  auto written = storage::posix_file_system().replace(path, text);
  if (written) (void)::chmod(path.c_str(), 0600);
  return written;
}

base::result<std::string> read(const std::string& path) { return storage::posix_file_system().read_all(path, 1u << 20); }

} // namespace

std::shared_ptr<cluster_service> cluster_service::make(running_node& running, options o) {
  return std::shared_ptr<cluster_service>(new cluster_service(running, std::move(o)));
}

std::string cluster_service::authority() const {
  const std::lock_guard hold(lock_);
  return authority_;
}

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
  mend_openssl_calls();
  running_.name_own_volume(m.member);
  auto& n = running_.face();
  const auto directory = cluster_directory(options_.data_directory);
  auto authority = read(directory + "/authority.pem"), certificate = read(directory + "/node.pem"), key = read(directory + "/node.key");
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
  p.reachable = reachable;
  p.sign = [key = *key](std::string_view octets) { return sign(key, octets); };
  p.verify = [authority = *authority](const std::string& shown, const std::string& fingerprint, std::string_view octets, std::string_view signature) {
    return signature_fault(authority, shown, fingerprint, octets, signature);
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
  p.apply = [applier](std::vector<cluster::agreed_item> items, std::function<void(std::vector<storage::command_result>)> done) {
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
  auto plane = cluster::control_plane::start(std::move(p));
  if (!plane) return base::fail(plane.error());
  {
    const std::lock_guard hold(lock_);
    plane_ = std::move(*plane);
    member_ = m;
    authority_ = *authority;
    applier_ = applier;
    seen_table_ = n.config->table();
  }
  set_agreement(n, shared_from_this());
  followed();
  base::log_event(base::severity::notice, "cluster.started").text("cluster", m.cluster).number("member", static_cast<std::int64_t>(m.member)).number("port", m.port);
  if (auto opened = open_streams(m, *certificate, *key); !opened) return opened;
  return open_door(m, *certificate, *key);
}

base::result<void> cluster_service::open_door(const member_facts& m, const std::string& certificate, const std::string& key) {
  auto& n = running_.face();
  tls::server_settings tls;
  tls.certificates_pem = certificate;
  tls.key_pem = key;
  tls.least = tls::version::tls_1_3;
  auto context = tls::tls_context::make_server(std::move(tls));
  if (!context) return base::fail(context.error());
  auto parts = std::make_shared<join_parts>();
  parts->clock = n.clock;
  parts->authority = authority();
  parts->admit = [weak = weak_from_this()](const json::value& request) -> base::result<json::value> {
    if (const auto self = weak.lock()) return self->admit(request);
    return not_a_member();
  };
  parts->workers = std::make_shared<worker_pool>(*n.system, door_workers, door_waiting_max);
  auto l = std::make_shared<net::listener>();
  l->service = "cluster";
  l->implicit_tls = true;
  l->make = [parts](const connection_facts& facts) { return make_join_host(parts, facts); };
  l->make_tls = [context = std::shared_ptr<const tls::tls_context>(*context)]() -> std::unique_ptr<net::layer> { return std::make_unique<net::tls_link>(context); };
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
  publish_homes();
  drop_removed_accounts();
  for (auto& known : known_nodes()) {
    there = there || known.entry.id == self;
    nodes.push_back(std::move(known.entry));
  }
  // A node that has joined begins with what was agreed before: it is not named there yet.
  if (there) named_ = true;
  else if (!named_) return;
  if (there) make_own_volume();
  {
    const std::lock_guard hold(lock_);
    if (followed_ == nodes) return;
    followed_ = nodes;
  }
  removed_ = !there;
  if (!there) base::log_event(base::severity::warning, "cluster.removed").text("text", "the cluster has let this node go; if that was not asked for here: rookery cluster leave --force");
  plane->nodes(std::move(nodes));
}

std::vector<cluster_service::known_node> cluster_service::known_nodes() const {
  std::vector<known_node> out;
  running_.face().config->table()->for_each(dir::document_kind::node, {}, [&](const dir::document_ptr& d) {
    if (auto entry = read_node_document(d->id, d->key, d->content)) {
      const auto v = json::parse(d->content);
      out.push_back({std::move(*entry), std::string(v ? v->get_string("name").value_or("") : ""), d->version});
    }
    return true;
  });
  return out;
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
  return base::fail(base::error_kind::not_found, "there is nothing of this name");
}

base::result<json::value> cluster_service::init(const json::value& body) {
  auto& n = running_.face();
  if (is_member(options_.data_directory)) return base::fail(base::error_kind::exists, "this node belongs to a cluster already (rookery cluster status)");
  const auto now = n.clock->wall();
  const auto id = base::to_hex(base::random_octets(8));
  auto authority = make_authority(id, now);
  const auto keys = make_key_pair();
  if (!authority || !keys) return base::fail(base::error_kind::io, "the cluster's certificates could not be made");
  const auto certificate = issue_certificate(*authority, keys->public_key, running_.store_uuid(), now);
  if (!certificate) return base::fail(certificate.error());
  cluster::node_entry self;
  self.uuid = running_.store_uuid();
  self.host = std::string(body.get_string("host").value_or(options_.host_name));
  self.port = static_cast<std::uint16_t>(body.get_unsigned("port").value_or(options_.port));
  self.fingerprint = certificate_fingerprint(*certificate);
  if (self.port == 0 || self.port > 65533) return base::fail(base::error_kind::invalid, "port is between 1 and 65533; the next two are for nodes that join and for streams");

  json::value document{json::object{}};
  document.set("id", id);
  document.set("made", base::to_milliseconds(now));
  document.set("authority", authority->certificate);
  document.set("authority_key", encoding::base64_encode(n.secrets->seal(authority->key, authority_purpose)));
  base::wipe(authority->key);
  dir::config_command command;
  command.author = "cluster init";
  command.time = now;
  command.changes = {dir::put{dir::cluster_document, "cluster", dir::expect::any, json::to_text(document)},
                     dir::put{dir::document_kind::node, self.uuid, dir::expect::any, print_node_document(self, options_.host_name)}};
  auto payload = dir::encode(command);
  if (!payload) return base::fail(payload.error());
  // What a founding that broke off has left is begun anew.
  if (dir::marked_table_of(*n.configuration)->mark.agreed != 0)
    if (auto reset = commit_alone(dir::encode_parting()); !reset) return base::fail(reset.error());
  const auto done = commit_alone(dir::encode(dir::agreed_command{founded_index, 0, 0, std::move(*payload)}));
  if (!done) return base::fail(done.error());
  const auto now_known = dir::marked_table_of(*n.configuration);
  const auto* own = now_known->table->find(dir::document_kind::node, self.uuid);
  if (done->what != storage::outcome::done || own == nullptr) return base::fail(base::error_kind::io, "the cluster could not be founded");

  auto& files = storage::posix_file_system();
  const auto directory = cluster_directory(options_.data_directory);
  if (auto made = files.make_directory(directory); !made) return base::fail(made.error());
  (void)::chmod(directory.c_str(), 0700);
  const auto picture = dir::print_picture(*now_known->table, now_known->mark, n.configuration->history(dir::history_entries_max));
  if (auto names = files.list(directory + "/consensus"); names)
    for (const auto& name : *names) (void)files.remove(directory + "/consensus/" + name);
  if (auto made = consensus::consensus_log::create(files, directory + "/consensus", own->id, consensus::engine::found(own->id, picture)); !made)
    return base::fail(made.error());
  const std::pair<const char*, const std::string*> texts[] = {{"/authority.pem", &authority->certificate}, {"/node.pem", &*certificate}, {"/node.key", &keys->private_key}};
  for (const auto& [name, text] : texts)
    if (auto written = keep(directory + name, *text); !written) return base::fail(written.error());
  member_facts m;
  m.cluster = id;
  m.member = own->id;
  m.port = self.port;
  if (auto written = write_member(files, options_.data_directory, m); !written) return base::fail(written.error());
  if (auto started = start(m); !started) return base::fail(base::error_kind::io, started.error().log.value);
  json::value out{json::object{}};
  out.set("cluster", id);
  out.set("member", m.member);
  out.set("host", self.host);
  out.set("port", self.port);
  return out;
}

base::result<json::value> cluster_service::token(const json::value& body) {
  const auto hours = std::clamp<std::uint64_t>(body.get_unsigned("hours").value_or(token_time_standard.count()), 1, 24 * 30);
  const auto now = running_.face().clock->wall();
  const auto until = now + std::chrono::hours(hours);
  std::vector<dir::change> changes;
  std::size_t waiting = 0;
  running_.face().config->table()->for_each(dir::cluster_document, token_prefix, [&](const dir::document_ptr& d) {
    if (!d->key.starts_with(token_prefix)) return false;
    const auto v = json::parse(d->content);
    const auto end = v ? v->get_integer("until").value_or(0) : 0;
    if (end < base::to_milliseconds(now)) changes.push_back(dir::remove{d->kind, d->key, d->version});
    else ++waiting;
    return true;
  });
  if (waiting >= tokens_max) return base::fail(base::error_kind::over_limit, "too many tokens wait to be used");
  member_facts m;
  std::string shown;
  {
    const std::lock_guard hold(lock_);
    m = member_;
    shown = authority_;
  }
  join_token t{static_cast<std::uint16_t>(m.port + 1), m.cluster, certificate_fingerprint(shown), base::random_token(8), base::random_token(32)};
  json::value document{json::object{}};
  document.set("sha256", hash_of(t.secret));
  document.set("until", base::to_milliseconds(until));
  changes.push_back(dir::put{dir::cluster_document, std::string(token_prefix) + t.id, dir::expect::absent, json::to_text(document)});
  if (auto done = change(std::move(changes), "another token was made meanwhile, try again"); !done) return base::fail(done.error());
  json::value out{json::object{}};
  out.set("token", print(t));
  out.set("until", base::to_milliseconds(until));
  return out;
}

base::result<json::value> cluster_service::admit(const json::value& request) {
  auto& n = running_.face();
  const auto table = n.config->table();
  const auto now = n.clock->wall();
  const auto key = std::string(token_prefix) + std::string(request.get_string("token").value_or(""));
  const auto* kept = table->find(dir::cluster_document, key);
  const auto what = kept != nullptr ? json::parse(kept->content) : base::result<json::value>(base::fail(base::error_kind::not_found, ""));
  // The same words for each: who guesses learns nothing.
  if (!what || !base::constant_time_equal(what->get_string("sha256").value_or(""), hash_of(request.get_string("secret").value_or(""))) ||
      what->get_integer("until").value_or(0) < base::to_milliseconds(now))
    return base::fail(base::error_kind::denied, "the token is not valid: it was used, it has expired, or it was mistyped; rookery cluster token on a member makes a new one");
  if (const auto protocol = request.get_unsigned("protocol").value_or(0); protocol != cluster_protocol)
    return base::fail(base::error_kind::unsupported, "this node's program (rookery " + std::string(request.get_string("version").value_or("?")) + ") speaks version " + std::to_string(protocol) +
                                                   " of the cluster's protocol, the cluster (rookery " + options_.version + ") needs " + std::to_string(cluster_protocol) + ": bring them to one version first");
  cluster::node_entry joining;
  joining.uuid = request.get_string("uuid").value_or("");
  joining.host = request.get_string("host").value_or("");
  const auto port = request.get_unsigned("port").value_or(0);
  if (joining.uuid.size() != 32 || joining.host.empty() || joining.host.size() > 255 || port == 0 || port > 65533) return base::fail(base::error_kind::invalid, "the request to join cannot be read");
  joining.port = static_cast<std::uint16_t>(port);
  for (const auto& known : known_nodes()) {
    if (known.entry.uuid == joining.uuid)
      return base::fail(base::error_kind::exists, "a node with this identity (" + joining.uuid + ", " + known.entry.host + ") belongs to the cluster: either this data directory was copied from it (make a new one with rookery init), or it is to join again (rookery cluster remove " + joining.uuid + " on a member first)");
    if (known.entry.host == joining.host && known.entry.port == joining.port)
      return base::fail(base::error_kind::exists, "another node of the cluster is at " + joining.host + ":" + std::to_string(port) + " (" + known.entry.uuid + "): give this one another --address or --port, or remove that one");
  }
  const auto* document = table->find(dir::cluster_document, "cluster");
  const auto facts = document != nullptr ? json::parse(document->content) : base::result<json::value>(base::fail(base::error_kind::not_found, ""));
  if (!facts) return base::fail(base::error_kind::io, "this node has not received the cluster's configuration yet: try again, or ask another member");
  const auto sealed = encoding::base64_decode(facts->get_string("authority_key").value_or(""));
  auto authority_key = sealed ? n.secrets->open(*sealed, authority_purpose) : std::nullopt;
  if (!authority_key) return base::fail(base::error_kind::io, "this node cannot open the cluster's key; ask another member");
  const auto certificate = issue_certificate({std::string(facts->get_string("authority").value_or("")), *authority_key}, std::string(request.get_string("public_key").value_or("")), joining.uuid, now);
  base::wipe(*authority_key);
  if (!certificate) return base::fail(certificate.error());
  joining.fingerprint = certificate_fingerprint(*certificate);
  const auto done = change({dir::remove{dir::cluster_document, key, kept->version},
                            dir::put{dir::document_kind::node, joining.uuid, dir::expect::absent, print_node_document(joining, std::string(request.get_string("name").value_or("")))}},
                           "the token was used meanwhile, or the node joined by another member");
  if (!done) return base::fail(done.error());
  json::value out{json::object{}};
  json::array nodes;
  for (const auto& known : known_nodes()) {
    auto shown = json::parse(print_node_document(known.entry, known.name));
    shown->set("member", known.entry.id);
    shown->set("uuid", known.entry.uuid);
    nodes.push_back(std::move(*shown));
    if (known.entry.uuid == joining.uuid) out.set("member", known.entry.id);
  }
  out.set("cluster", std::string(facts->get_string("id").value_or("")));
  out.set("certificate", *certificate);
  out.set("nodes", std::move(nodes));
  const auto key_text = read(storage::sealing_key_path(options_.data_directory));
  if (!key_text) return base::fail(key_text.error());
  out.set("sealing_key", std::string(base::trim(*key_text)));
  base::log_event(base::severity::notice, "cluster.admitted").text("uuid", joining.uuid).text("host", joining.host);
  return out;
}

base::result<cluster_service::known_node> cluster_service::named(const json::value& body) const {
  const auto wanted = body.get_string("node").value_or("");
  std::vector<known_node> found;
  for (auto& known : known_nodes())
    if (known.entry.uuid == wanted || std::to_string(known.entry.id) == wanted || known.name == wanted || known.entry.host == wanted) found.push_back(std::move(known));
  if (found.size() == 1) return found.front();
  if (found.empty()) return base::fail(base::error_kind::not_found, "the cluster has no node " + base::printable(wanted, 100));
  return base::fail(base::error_kind::invalid, "several nodes are called so: say its number (rookery cluster status)");
}

base::result<json::value> cluster_service::remove(const json::value& body) {
  auto node = named(body);
  if (!node) return base::fail(node.error());
  if (node->entry.uuid == running_.store_uuid()) return base::fail(base::error_kind::invalid, "this is the node itself: rookery cluster leave");
  auto changes = volumes_lost_with(*node, body.get_bool("accept_loss").value_or(false));
  if (!changes) return base::fail(changes.error());
  changes->push_back(dir::remove{dir::document_kind::node, node->entry.uuid, node->version});
  if (auto done = change(std::move(*changes), "the node was changed meanwhile, try again"); !done) return base::fail(done.error());
  json::value out{json::object{}};
  out.set("uuid", node->entry.uuid);
  return out;
}

base::result<json::value> cluster_service::promote(const json::value& body) {
  auto node = named(body);
  if (!node) return base::fail(node.error());
  const auto role = body.get_string("role").value_or("voter");
  if (role != "voter" && role != "standby" && role != "automatic") return base::fail(base::error_kind::invalid, "role is voter, standby or automatic");
  node->entry.role = role == "voter" ? cluster::wish::voter : role == "standby" ? cluster::wish::standby : cluster::wish::automatic;
  if (auto done = change({dir::put{dir::document_kind::node, node->entry.uuid, node->version, print_node_document(node->entry, node->name)}}, "the node was changed meanwhile, try again"); !done)
    return base::fail(done.error());
  json::value out{json::object{}};
  out.set("uuid", node->entry.uuid);
  out.set("role", role);
  return out;
}

base::result<json::value> cluster_service::leave(const json::value& body) {
  if (!is_member(options_.data_directory)) return not_a_member();
  const bool force = body.get_bool("force").value_or(false);
  const auto nodes = known_nodes();
  const auto own = std::find_if(nodes.begin(), nodes.end(), [&](const auto& k) { return k.entry.uuid == running_.store_uuid(); });
  if (!force && !removed_ && own != nodes.end() && nodes.size() > 1) {
    auto changes = volumes_left_with(*own);
    if (!changes) return base::fail(changes.error());
    changes->push_back(dir::remove{dir::document_kind::node, own->entry.uuid, own->version});
    drain();
    if (auto done = change(std::move(*changes), "the node was changed meanwhile, try again"); !done)
      return fail(done.error().kind, done.error().client.value + "; rookery cluster leave --force leaves without asking the others, who must then remove this node");
  }
  if (auto stopped = stop(); !stopped) return base::fail(stopped.error());
  if (auto done = commit_alone(dir::encode_parting()); !done) return base::fail(done.error());
  json::value out{json::object{}};
  out.set("left", true);
  return out;
}

base::result<void> cluster_service::stop() {
  auto& files = storage::posix_file_system();
  const auto directory = cluster_directory(options_.data_directory);
  if (auto gone = files.remove(directory + "/member.json"); !gone) return gone;
  if (auto synced = files.sync_directory(directory); !synced) return synced;
  set_agreement(running_.face(), nullptr);
  std::shared_ptr<cluster::stream_listener> streams;
  {
    const std::lock_guard hold(lock_);
    if (door_) door_->end();
    plane_ = nullptr;
    member_ = {};
    followed_.clear();
    streams = std::move(streams_);
    identity_ = nullptr;
    seen_table_ = nullptr;
  }
  streams = nullptr;
  relays_of(running_.node())->identity(nullptr);
  removed_ = named_ = false;
  publish_homes();
  // The log of before is of no use to anybody: votes and entries of a member that is none.
  if (const auto names = files.list(directory + "/consensus"); names)
    for (const auto& name : *names) (void)files.remove(directory + "/consensus/" + name);
  for (const auto* name : {"/node.pem", "/node.key", "/authority.pem"}) (void)files.remove(directory + name);
  return {};
}

void cluster_service::drain() {
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

json::value cluster_service::status() const {
  std::shared_ptr<cluster::control_plane> plane;
  member_facts m;
  {
    const std::lock_guard hold(lock_);
    plane = plane_;
    m = member_;
  }
  json::value out{json::object{}};
  out.set("member", plane != nullptr);
  out.set("configuration", running_.face().config->table()->version());
  if (!plane) return out;
  const auto s = plane->status();
  const auto role_of = [&](std::uint64_t id) -> std::string {
    for (const auto& member : s.members)
      if (member.id == id) return member.what == consensus::role::voter ? "voter" : member.what == consensus::role::standby ? "standby" : "joining";
    return "joining";
  };
  out.set("cluster", m.cluster);
  out.set("self", s.self);
  out.set("leader", s.leader);
  out.set("standing", removed_ ? "removed" : s.standing);
  out.set("term", s.term);
  out.set("committed", s.committed);
  out.set("waiting", s.waiting);
  std::size_t voters = 0, alive = 0;
  json::array items;
  for (const auto& known : known_nodes()) {
    const auto& e = known.entry;
    json::value row{json::object{}};
    const bool self = e.id == s.self;
    const auto peer = std::find_if(s.peers.begin(), s.peers.end(), [&](const auto& p) { return p.id == e.id; });
    const bool linked = self || (peer != s.peers.end() && peer->linked);
    const auto role = role_of(e.id);
    voters += role == "voter";
    alive += role == "voter" && linked;
    row.set("id", e.id);
    row.set("name", known.name);
    row.set("uuid", e.uuid);
    row.set("host", e.host);
    row.set("port", e.port);
    row.set("role", role);
    row.set("wanted", std::string(name(e.role)));
    row.set("leader", e.id == s.leader);
    row.set("linked", linked);
    row.set("self", self);
    row.set("configuration", self ? s.configuration : peer != s.peers.end() ? peer->configuration : 0);
    row.set("agreed", self ? s.agreed : peer != s.peers.end() ? peer->agreed : 0);
    row.set("version", self ? options_.version : peer != s.peers.end() ? peer->software : "");
    row.set("silent_milliseconds", self ? 0 : peer != s.peers.end() ? peer->silent_ms : -1);
    row.set("fault", peer != s.peers.end() ? peer->fault : "");
    add_home_members(row, e.id);
    items.push_back(std::move(row));
  }
  out.set("taken_sessions", relays_of(running_.node())->now().taken);
  if (const auto streams = this->streams()) out.set("streams_refused", streams->refused());
  out.set("voters", voters);
  out.set("voters_linked", alive);
  out.set("items", std::move(items));
  out.set("volumes", show_volumes());
  return out;
}

} // namespace rookery::actors
