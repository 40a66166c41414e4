#include "server/admin_service.hpp"

#include "actors/admin/admin_host.hpp"
#include "actors/system/process_share.hpp"
#include "actors/xmpp/chat_orders.hpp"
#include "actors/xmpp/federation/peer_service.hpp"
#include "actors/xmpp/rooms/room_orders.hpp"
#include "base/text.hpp"
#include "protocols/tls/certificate.hpp"
#include "server/cluster_orders.hpp"
#include "server/report_texts.hpp"
#include "server/store_check.hpp"
#include "server/volume_orders.hpp"
#include "storage/log/log_reader.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace rookery::server {
namespace {

/// One check, backup or import at a time hashes and reads; others wait for their turn.
constexpr std::size_t admin_threads = 1;
constexpr std::size_t admin_tasks_waiting_max = 100;
/// One changes the cluster's members and waits for the others; the other shows how it goes.
constexpr std::size_t cluster_threads = 2;
/// Each waits for all volumes of the cluster.
constexpr std::size_t order_threads = 2;
constexpr std::chrono::minutes answer_time{10};
constexpr std::chrono::minutes backup_time{12 * 60};

base::result<json::value> list_certificates(const std::vector<certificate_entry>& entries) {
  json::array items;
  for (const auto& e : entries) {
    json::value row{json::object{}};
    row.set("host", e.host.empty() ? "*" : e.host);
    row.set("file", e.chain_file);
    std::ifstream in(e.chain_file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (const auto facts = tls::read_certificate(text)) {
      row.set("names", json::array(facts->names.begin(), facts->names.end()));
      row.set("not_before", base::to_milliseconds(facts->not_before));
      row.set("not_after", base::to_milliseconds(facts->not_after));
      row.set("subject", facts->subject);
      row.set("issuer", facts->issuer);
      row.set("sha256", base::to_hex(facts->sha256));
    } else {
      row.set("fault", facts.error().log.value);
    }
    items.push_back(std::move(row));
  }
  json::value body{json::object{}};
  body.set("total", items.size());
  body.set("items", std::move(items));
  body.set("next", nullptr);
  return body;
}

/// Every segment of a log that is complete.
void check_log_of(caf::scoped_actor& self, const caf::actor& log, const std::string& directory, check_report& out, std::uint64_t& records, std::uint64_t& complete) {
  std::shared_ptr<const std::vector<storage::segment_info>> segments;
  self->request(log, answer_time, actors::list_segments{})
      .receive([&](const actors::log_segments& s) { segments = s.segments; }, [&](const caf::error&) { out.fault(directory + ": the log did not answer"); });
  for (const auto& s : segments ? *segments : std::vector<storage::segment_info>{}) {
    if (!s.sealed) continue;
    ++complete;
    const auto read = storage::for_each_record(storage::posix_file_system(), directory, s.segment,
                                               [&](const storage::record_place&, std::string_view) { return ++records, true; });
    // A segment may have been given back meanwhile.
    if (!read && read.error().kind != base::error_kind::not_found) out.fault("log: " + read.error().log.value);
  }
}

/// Verifies the records of all machines, then the logs, through their actors; of each volume that is open.
base::result<json::value> check_running(actors::running_node& running, const std::string& data_directory) {
  auto& face = running.face();
  caf::scoped_actor self{*face.system};
  check_report out;
  out.faults(load_report_texts(data_directory).faults, "");
  const auto check_machine = [&](const caf::actor& machine, const std::string& name) {
    self->request(machine, answer_time, actors::find_faults{})
        .receive([&](const actors::found_faults& f) { out.faults(*f.lines, name + ": "); }, [&](const caf::error&) { out.fault(name + " did not answer"); });
  };
  std::uint64_t records = 0, complete = 0;
  check_machine(face.machines.front(), "shard 0");
  check_log_of(self, actors::share_of(face)->config_log, storage::config_log_directory(data_directory), out, records, complete);
  for (const auto& o : running.opened()) {
    const auto volume = running.find(o.id);
    if (!volume) continue;
    const auto& n = volume->node();
    for (std::size_t i = 1; i < n.machines.size(); ++i) check_machine(n.machines[i], (o.own ? "" : "volume " + std::to_string(o.id) + ", ") + "shard " + std::to_string(i));
    check_log_of(self, n.log, o.directory + "/log", out, records, complete);
  }
  const auto table = face.config->table();
  out.set("domains", table->count(storage::directory::document_kind::domain));
  out.set("accounts", table->count(storage::directory::document_kind::account));
  out.set("segments", complete);
  out.set("records", records);
  return out.finish();
}

base::failure<base::error> no_volume() { return base::fail(base::error_kind::try_later, "this node's own volume is not open on it now"); }

json::value show_collection_state(const actors::running_node& running, std::uint64_t id) {
  const auto state = running.collection_states()->find(id);
  if (!state) return {};
  json::value out{json::object{}};
  const auto time = [&](const char* member, const std::optional<base::wall_time>& t) {
    if (t) out.set(member, base::to_milliseconds(*t));
    else out.set(member, nullptr);
  };
  out.set("running", state->running);
  time("last_began", state->last_began);
  time("last_ended", state->last_ended);
  time("next", state->next);
  out.set("failures", state->failures);
  if (!state->last_ended && state->last.reason.empty()) return out;
  out.set("last_collected", state->last.collected);
  out.set("last_removed", state->last.removed);
  out.set("last_left", state->last.left);
  out.set("last_reason", state->last.reason);
  return out;
}

base::result<json::value> back_up(actors::running_node& running, const node_file& file, const std::string& to) {
  const auto own = running.own_volume();
  if (!own) return no_volume();
  caf::scoped_actor self{*running.face().system};
  actors::backup_done done;
  done.error = base::make_error(base::error_kind::io, "the backup took too long");
  self->request(own->maintenance(), backup_time, actors::make_backup{file.data_directory, to})
      .receive([&](const actors::backup_done& d) { done = d; }, [](const caf::error&) {});
  if (done.error) return base::fail(done.error->kind, done.error->log.value);
  // What a new machine needs besides the store: the node file and the certificates.
  auto& files = storage::posix_file_system();
  if (auto written = files.replace(to + "/node.toml", print_node_file(file)); !written) return base::fail(written.error());
  std::error_code fault;
  namespace fs = std::filesystem;
  fs::permissions(to, fs::perms::owner_all, fault);
  if (fs::exists(file.data_directory + "/tls", fault)) fs::copy(file.data_directory + "/tls", to + "/tls", fs::copy_options::recursive, fault);
  if (fault) return base::fail(base::error_kind::io, "the certificates could not be copied: " + fault.message());
  json::value body{json::object{}};
  body.set("directory", to);
  body.set("octets", done.octets);
  return body;
}

json::value show_stream(const actors::peer_stream& s) {
  json::value one{json::object{}};
  one.set("session", s.session);
  one.set("domain", s.between.theirs);
  one.set("ours", s.between.ours);
  one.set("direction", s.both_ways ? "both" : s.outgoing ? "out" : "in");
  one.set("opened_by", s.outgoing ? "us" : "them");
  one.set("proof", s.how.empty() ? "-" : s.how);
  one.set("tls", s.tls);
  one.set("peer", s.peer_address);
  one.set("in", s.in);
  one.set("out", s.out);
  return one;
}

} // namespace

service_listener make_admin_service(const node_file& file, actors::running_node& running, certificates& keys,
                                    std::shared_ptr<actors::cluster_service> cluster) {
  auto& n = running.face();
  auto given = std::make_shared<admin::node_services>();
  given->log_directory = file.log_directory;
  given->workers = std::make_shared<actors::worker_pool>(*n.system, admin_threads, admin_tasks_waiting_max);
  given->connections = [&running] { return running.connections(); };
  given->certificates = [entries = file.certificates] { return list_certificates(entries); };
  given->reload_certificates = [entries = file.certificates, &keys, &n]() -> base::result<json::value> {
    n.trust->load(*n.settings->get(), true);
    // To the administrator the log's text: he may know the paths.
    for (const auto& fault : keys.follow(*n.config->table(), *n.secrets)) return base::fail(base::error_kind::invalid, fault);
    if (const auto loaded = keys.load(entries); !loaded) return base::fail(base::error_kind::invalid, loaded.error().log.value);
    return list_certificates(entries);
  };
  given->collection_state = [&running](std::uint64_t id) { return show_collection_state(running, id); };
  given->collect = [&running](std::uint64_t id) {
    if (const auto own = running.own_volume()) caf::anon_send(own->collector(), actors::collect_now{id});
  };
  given->start_transfer = [&running](actors::transfer_order order) -> base::result<actors::transfer_run_ptr> {
    const auto volume = running.find(running.volumes()->home_of(order.account));
    if (!volume) return no_volume();
    return volume->transfers().start(std::move(order));
  };
  const auto served = [&running](actors::volume_id v) { return v == 0 ? running.own_volume() : running.find(v); };
  given->streams = [served](actors::volume_id v, const std::string& end) -> base::result<json::value> {
    const auto own = served(v);
    if (!own) return no_volume();
    json::value body{json::object{}};
    if (!end.empty()) {
      body.set("streams", static_cast<std::uint64_t>(own->peers().end_streams(end)));
      return body;
    }
    json::array items;
    for (const auto& s : own->peers().streams()) items.push_back(show_stream(s));
    body.set("items", std::move(items));
    return body;
  };
  given->rooms = [served](actors::volume_id v, const actors::room_order& order) -> base::result<json::value> {
    const auto own = served(v);
    if (!own) return no_volume();
    return actors::carry_out(own->rooms(), order);
  };
  given->chat_work = [served](actors::volume_id v, const actors::chat_order& order) -> base::result<json::value> {
    const auto own = served(v);
    if (!own) return no_volume();
    return actors::carry_out(own->node(), own->stanzas(), order);
  };
  given->transfers = [&running] {
    std::vector<actors::transfer_run_ptr> all;
    for (const auto& o : running.opened())
      if (const auto volume = running.find(o.id))
        for (auto& run : volume->transfers().all()) all.push_back(std::move(run));
    return all;
  };
  given->stanzas = [served](actors::volume_id v) -> actors::chat_router* {
    const auto own = served(v);
    return own ? &own->stanzas() : nullptr;
  };
  given->cluster = [cluster, &running](const std::string& verb, const json::value& body) {
    return verb.starts_with("volume") ? order_volume(running, verb, body) : cluster->ask(verb, body);
  };
  given->cluster_workers = std::make_shared<actors::worker_pool>(*n.system, cluster_threads, admin_tasks_waiting_max);
  if (cluster) {
    given->in_cluster = [cluster] { return cluster->identity() != nullptr; };
    given->volumes = [cluster](const admin::request& r, std::optional<std::uint64_t> only) { return ask_volumes_of(*cluster, r, only); };
    given->order_workers = std::make_shared<actors::worker_pool>(*n.system, order_threads, admin_tasks_waiting_max);
    answer_for_volumes(*cluster, running, given);
  }
  given->check = [&running, data = file.data_directory] { return check_running(running, data); };
  given->backup = [&running, file](const std::string& to) { return back_up(running, file, to); };
  auto l = std::make_shared<net::listener>();
  l->service = "admin";
  l->make = [&running, given](const connection_facts& facts) { return admin::make_admin_host(running.node(), given, facts); };
  return {std::move(l), ""};
}

} // namespace rookery::server
