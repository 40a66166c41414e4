// What an operator asks of all nodes at once: who reaches whom, and a bundle for whoever is to help.
#include "actors/cluster/cluster_service.hpp"

#include "actors/cluster/node_questions.hpp"
#include "actors/cluster/reachable.hpp"
#include "actors/cluster/volume_keeper.hpp"
#include "actors/config/config_file.hpp"
#include "base/metrics.hpp"
#include "protocols/encoding/base64.hpp"

#include <algorithm>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rookery::actors {
namespace {

constexpr std::chrono::milliseconds probe_wait{1000};
constexpr std::chrono::seconds question_time{25};
constexpr std::size_t log_octets_max = 1u << 20;

json::value show(const connection_probe& p) {
  json::value out{json::object{}};
  out.set("microseconds", p.took.count());
  if (!p.fault.empty()) out.set("fault", p.fault);
  return out;
}

/// The last whole lines of a file.
std::string tail_of(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  struct ::stat facts {};
  std::string out;
  if (::fstat(fd, &facts) == 0) {
    const auto octets = std::min<std::size_t>(static_cast<std::size_t>(facts.st_size), log_octets_max);
    out.resize(octets);
    const auto got = ::pread(fd, out.data(), octets, facts.st_size - static_cast<::off_t>(octets));
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (static_cast<std::size_t>(facts.st_size) > octets) out.erase(0, out.find('\n') == std::string::npos ? out.size() : out.find('\n') + 1);
  }
  ::close(fd);
  return out;
}

} // namespace

/// What other nodes ask; and this one of itself.
base::result<json::value> cluster_service::answer(const std::string& verb, const json::value& body) {
  if (verb == "probe") return probe_others();
  if (verb == "pieces") return bundle_pieces();
  if (verb == "paths") return step_of_paths(body);
  if (verb == "home") {
    const auto keeper = kept_volumes();
    json::value out{json::object{}};
    out.set("volumes", keeper ? keeper->send_home(body.get_unsigned("volume")) : 0);
    return out;
  }
  if (verb == "serves") {
    json::value out{json::object{}};
    out.set("serves", running_.volumes()->find(body.get_unsigned("volume").value_or(0)) != nullptr);
    return out;
  }
  if (const auto known = answers_.find(verb); known != answers_.end()) return known->second(verb, body);
  return base::fail(base::error_kind::unsupported, "this node's program does not know the question: bring it to the version of the others");
}

void cluster_service::answers(std::string verb, question_answer how) { answers_[std::move(verb)] = std::move(how); }

base::result<json::value> cluster_service::ask_node(std::uint64_t node, const std::string& verb, const json::value& body, std::chrono::milliseconds limit) {
  std::shared_ptr<const cluster::stream_identity> identity;
  std::shared_ptr<cluster::control_plane> plane;
  std::uint64_t self = 0;
  {
    const std::lock_guard hold(lock_);
    identity = identity_;
    plane = plane_;
    self = member_.member;
  }
  if (!identity || !plane) return not_a_member();
  if (node == self) return answer(verb, body);
  const auto status = plane->status();
  const auto peer = std::find_if(status.peers.begin(), status.peers.end(), [&](const auto& p) { return p.id == node; });
  if (peer == status.peers.end() || !peer->linked) return base::fail(base::error_kind::try_later, "the node cannot be reached");
  return actors::ask_node(*identity, node, verb, body, limit);
}

/// One answer of each node, asked at one time; or why there is none.
std::vector<cluster_service::node_answer> cluster_service::ask_all(const std::string& verb, const json::value& body) {
  std::vector<node_answer> out;
  const auto identity = this->identity();
  std::uint64_t self = 0;
  {
    const std::lock_guard hold(lock_);
    self = member_.member;
  }
  for (auto& k : known_nodes()) out.push_back({std::move(k), base::fail(base::error_kind::try_later, "not asked")});
  std::vector<std::thread> asking;
  for (auto& each : out)
    asking.emplace_back([&, this] {
      if (each.node.entry.id == self) each.said = answer(verb, body);
      else if (identity) each.said = actors::ask_node(*identity, each.node.entry.id, verb, body, question_time);
    });
  for (auto& t : asking) t.join();
  return out;
}

json::value cluster_service::probe_others() const {
  std::uint64_t self = 0;
  {
    const std::lock_guard hold(lock_);
    self = member_.member;
  }
  json::array items;
  for (const auto& k : known_nodes()) {
    if (k.entry.id == self) continue;
    json::value row{json::object{}};
    row.set("id", k.entry.id);
    std::uint16_t port = k.entry.port;
    for (const auto* what : {"control", "join", "streams"}) row.set(what, show(probe_connection(k.entry.host, port++, probe_wait)));
    items.push_back(std::move(row));
  }
  json::value out{json::object{}};
  out.set("to", std::move(items));
  return out;
}

base::result<json::value> cluster_service::diagnose() {
  json::array items;
  for (auto& each : ask_all("probe", json::value(json::object{}))) {
    json::value row{json::object{}};
    row.set("id", each.node.entry.id);
    row.set("name", each.node.name);
    row.set("host", each.node.entry.host);
    row.set("port", each.node.entry.port);
    if (!each.said) row.set("fault", each.said.error().client.value);
    else row.set("to", each.said->get_array("to") != nullptr ? *each.said->get_array("to") : json::array{});
    items.push_back(std::move(row));
  }
  json::value out{json::object{}};
  out.set("items", std::move(items));
  out.set("alarms", alarm_texts());
  return out;
}

json::value cluster_service::bundle_pieces() const {
  json::array files;
  const auto add = [&](const char* name, std::string text) {
    json::value row{json::object{}};
    row.set("name", name);
    row.set("octets", encoding::base64_encode(text)); // a log's last line may be cut anywhere
    files.push_back(std::move(row));
  };
  add("version.txt", options_.version + '\n');
  add("status.json", json::to_text(status(), true));
  add("configuration.json", json::to_text(config::export_documents(*running_.face().config->table(), {}), true));
  add("metrics.txt", base::metrics_text());
  if (!options_.log_directory.empty())
    if (auto lines = tail_of(options_.log_directory + "/rookery.jsonl"); !lines.empty()) add("log.jsonl", std::move(lines));
  json::value out{json::object{}};
  out.set("files", std::move(files));
  return out;
}

base::result<json::value> cluster_service::bundle() {
  json::array items;
  for (auto& each : ask_all("pieces", json::value(json::object{}))) {
    json::value row{json::object{}};
    row.set("id", each.node.entry.id);
    row.set("name", each.node.name);
    if (!each.said) row.set("fault", each.said.error().client.value);
    else row.set("files", each.said->get_array("files") != nullptr ? *each.said->get_array("files") : json::array{});
    items.push_back(std::move(row));
  }
  json::value out{json::object{}};
  out.set("items", std::move(items));
  return out;
}

} // namespace rookery::actors
