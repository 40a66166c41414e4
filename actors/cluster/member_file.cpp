#include "actors/cluster/member_file.hpp"

#include "base/crypto/public_box.hpp"
#include "base/text.hpp"
#include "protocols/json/value.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace rookery::actors {
namespace {

std::string path_of(const std::string& data_directory) { return cluster_directory(data_directory) + "/member.json"; }

cluster::wish read_wish(std::string_view text) {
  return text == "voter" ? cluster::wish::voter : text == "standby" ? cluster::wish::standby : cluster::wish::automatic;
}

json::value show(const cluster::node_entry& n) {
  json::value v{json::object{}};
  v.set("host", n.host);
  v.set("port", n.port);
  v.set("fingerprint", n.fingerprint);
  v.set("role", name(n.role));
  if (n.witness) v.set("witness", true);
  if (!n.box.empty()) v.set("box", n.box);
  return v;
}

bool is_box_key(std::string_view hex) {
  const auto key = base::from_hex(hex);
  return key && key->size() == base::box_key_octets;
}

std::optional<cluster::node_entry> read(std::uint64_t id, std::string uuid, const json::value& v) {
  cluster::node_entry n;
  n.id = id;
  n.uuid = std::move(uuid);
  n.host = v.get_string("host").value_or("");
  const auto port = v.get_unsigned("port").value_or(0);
  n.fingerprint = v.get_string("fingerprint").value_or("");
  n.next_fingerprint = v.get_string("next_fingerprint").value_or("");
  n.witness = v.get_bool("witness").value_or(false);
  n.box = v.get_string("box").value_or("");
  if (!is_box_key(n.box)) n.box.clear();
  n.role = read_wish(v.get_string("role").value_or(""));
  if (n.host.empty() || port == 0 || port > 65535 || n.fingerprint.empty()) return {};
  n.port = static_cast<std::uint16_t>(port);
  return n;
}

} // namespace

std::string cluster_directory(const std::string& data_directory) { return data_directory + "/cluster"; }

bool is_member(const std::string& data_directory) { return ::access(path_of(data_directory).c_str(), F_OK) == 0; }

bool is_witness(const std::string& data_directory) {
  if (!is_member(data_directory)) return false;
  const auto m = read_member(storage::posix_file_system(), data_directory);
  return m && m->witness;
}

base::result<member_facts> read_member(storage::file_system& files, const std::string& data_directory) {
  const auto text = files.read_all(path_of(data_directory), 1u << 20);
  if (!text) return base::fail(text.error());
  const auto v = json::parse(*text);
  member_facts m;
  if (v) {
    m.cluster = v->get_string("cluster").value_or("");
    m.member = v->get_unsigned("member").value_or(0);
    m.port = static_cast<std::uint16_t>(v->get_unsigned("port").value_or(0));
    m.witness = v->get_bool("witness").value_or(false);
    if (const auto* nodes = v->get_array("nodes"))
      for (const auto& n : *nodes)
        if (auto entry = read(n.get_unsigned("member").value_or(0), std::string(n.get_string("uuid").value_or("")), n)) m.nodes.push_back(std::move(*entry));
  }
  if (m.cluster.empty() || m.member == 0 || m.port == 0)
    return base::fail(base::error_kind::damaged, "the node's membership cannot be read", path_of(data_directory) + " cannot be read: remove the node from its cluster, then join again");
  return m;
}

base::result<void> write_member(storage::file_system& files, const std::string& data_directory, const member_facts& m) {
  json::value v{json::object{}};
  v.set("cluster", m.cluster);
  v.set("member", m.member);
  v.set("port", m.port);
  if (m.witness) v.set("witness", true);
  json::array nodes;
  for (const auto& n : m.nodes) {
    auto one = show(n);
    one.set("member", n.id);
    one.set("uuid", n.uuid);
    nodes.push_back(std::move(one));
  }
  v.set("nodes", std::move(nodes));
  return files.replace(path_of(data_directory), json::to_text(v, true) + '\n');
}

base::result<void> keep_private(const std::string& path, std::string_view text) {
  auto written = storage::posix_file_system().replace(path, text);
  if (written) (void)::chmod(path.c_str(), 0600);
  return written;
}

base::result<std::string> read_kept(const std::string& path) { return storage::posix_file_system().read_all(path, 1u << 20); }

std::optional<cluster::node_entry> read_node_document(std::uint64_t id, const std::string& uuid, std::string_view content) {
  const auto v = json::parse(content);
  return v ? read(id, uuid, *v) : std::nullopt;
}

std::string print_node_document(const cluster::node_entry& n, const std::string& host_name, const certificates_agreed& c) {
  auto v = show(n);
  v.set("name", host_name);
  v.set("fingerprint", c.used);
  if (!c.next.empty()) v.set("next_fingerprint", c.next);
  if (!c.issuer.empty()) v.set("issuer", c.issuer);
  if (!c.trusts.empty()) v.set("trusts", c.trusts);
  if (c.ends != base::wall_time{}) v.set("certificate_ends", base::to_milliseconds(c.ends));
  return json::to_text(v);
}

certificates_agreed read_node_certificates(std::string_view content) {
  certificates_agreed out;
  const auto v = json::parse(content);
  if (!v) return out;
  const auto text = [&](const char* member) { return std::string(v->get_string(member).value_or("")); };
  out.used = text("fingerprint");
  out.next = text("next_fingerprint");
  out.issuer = text("issuer");
  out.trusts = text("trusts");
  out.ends = base::from_milliseconds(v->get_integer("certificate_ends").value_or(0));
  return out;
}

std::string_view name(cluster::wish w) noexcept {
  switch (w) {
  case cluster::wish::automatic: return "automatic";
  case cluster::wish::voter: return "voter";
  case cluster::wish::standby: return "standby";
  }
  return "";
}

} // namespace rookery::actors
