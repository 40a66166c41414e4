// Certificates of the cluster as they change: what cluster_service does about them, and their files.
#include "actors/cluster/cluster_renewal.hpp"

#include "actors/cluster/cluster_certificates.hpp"
#include "actors/cluster/cluster_service.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "protocols/encoding/base64.hpp"
#include "storage/directory/agreed_command.hpp"

#include <algorithm>

namespace rookery::actors {
namespace dir = storage::directory;

namespace {
/// Ends of certificates are looked at so often while nothing else happens.
constexpr std::chrono::minutes rest_time{10};
} // namespace

base::result<certificates_here> read_certificates_here(const std::string& directory) {
  const auto authorities = read_kept(directory + "/authority.pem"), used = read_kept(directory + "/node.pem");
  if (!authorities || !used) return base::fail(base::error_kind::io, "the cluster's certificates in " + directory + " cannot be read");
  certificates_here out;
  out.trusted = certificate_fingerprints(*authorities);
  out.used = certificate_fingerprint(*used);
  out.used_issuer = certificate_issuer(*authorities, *used);
  out.begins = certificate_begin(*used).value_or(base::wall_time{});
  out.ends = certificate_end(*used).value_or(base::wall_time{});
  if (const auto prepared = read_kept(directory + "/next.pem")) {
    out.prepared = certificate_fingerprint(*prepared);
    out.prepared_issuer = certificate_issuer(*authorities, *prepared);
  }
  return out;
}

base::result<void> keep_prepared(const std::string& directory, const std::string& certificate, const std::string& key) {
  auto& files = storage::posix_file_system();
  if (auto gone = files.remove(directory + "/next.pem"); !gone && gone.error().kind != base::error_kind::not_found) return gone;
  if (auto kept = keep_private(directory + "/next.key", key); !kept) return kept;
  return keep_private(directory + "/next.pem", certificate);
}

base::result<void> use_prepared(const std::string& directory) {
  const auto certificate = read_kept(directory + "/next.pem"), key = read_kept(directory + "/next.key");
  if (!certificate || !key) return base::fail(base::error_kind::io, "the new certificate in " + directory + " cannot be read");
  if (auto kept = keep_private(directory + "/node.pem", *certificate); !kept) return kept;
  return finish_use(directory);
}

base::result<void> finish_use(const std::string& directory) {
  auto& files = storage::posix_file_system();
  const auto used = read_kept(directory + "/node.pem"), next = read_kept(directory + "/next.pem");
  if (!used || !next || *used != *next) return {};
  const auto key = read_kept(directory + "/next.key");
  if (!key) return base::fail(base::error_kind::io, "the key of the new certificate in " + directory + " cannot be read");
  if (auto kept = keep_private(directory + "/node.key", *key); !kept) return kept;
  if (auto gone = files.remove(directory + "/next.pem"); !gone) return gone;
  return files.remove(directory + "/next.key");
}

base::result<std::shared_ptr<const tls::tls_context>> door_context(const std::string& certificate, const std::string& key) {
  tls::server_settings tls;
  tls.certificates_pem = certificate;
  tls.key_pem = key;
  tls.least = tls::version::tls_1_3;
  return tls::tls_context::make_server(std::move(tls));
}

base::result<cluster_service::agreed_authority> cluster_service::agreed_authorities() const {
  const auto table = running_.face().config->table();
  const auto* document = table->find(dir::cluster_document, "cluster");
  auto facts = document != nullptr ? json::parse(document->content) : base::result<json::value>(base::fail(base::error_kind::not_found, ""));
  if (!facts) return base::fail(base::error_kind::io, "this node has not received the cluster's configuration yet: try again, or ask another member");
  agreed_authority out;
  out.newest = facts->get_string("authority").value_or("");
  out.previous = facts->get_string("previous_authority").value_or("");
  out.sealed_key = facts->get_string("authority_key").value_or("");
  out.version = document->version;
  out.document = std::move(*facts);
  return out;
}

base::result<std::string> cluster_service::authority_key(const agreed_authority& a) const {
  const auto sealed = encoding::base64_decode(a.sealed_key);
  auto key = sealed ? running_.face().secrets->open(*sealed, authority_purpose) : std::nullopt;
  if (!key) return base::fail(base::error_kind::io, "this node cannot open the cluster's key; ask another member");
  return std::move(*key);
}

std::string cluster_service::authority() const {
  const auto ca = agreed_authorities();
  return ca ? ca->newest : std::string();
}

/// Who has not followed a new authority yet; "" when all have.
std::string cluster_service::unsettled_nodes(const agreed_authority& a) const {
  if (a.previous.empty()) return {};
  const auto newest = certificate_fingerprint(a.newest);
  std::string out;
  for (const auto& k : known_nodes())
    if (!authority_settled(newest, {k.certificates})) out += (out.empty() ? "" : ", ") + (k.name.empty() ? k.entry.host : k.name);
  return out.empty() ? "this node" : out;
}

base::result<json::value> cluster_service::renew_authority(const json::value&) {
  auto& n = running_.face();
  auto ca = agreed_authorities();
  if (!ca) return base::fail(ca.error());
  if (!ca->previous.empty())
    return base::fail(base::error_kind::conflict, "the authority is being renewed already, and waits for " + unsettled_nodes(*ca) + ": start these nodes, or remove them from the cluster");
  for (const auto& k : known_nodes())
    if (k.certificates.trusts.empty())
      return base::fail(base::error_kind::conflict, (k.name.empty() ? k.entry.host : k.name) + " has not said which authority it trusts: start it, with a program of this version");
  auto made = make_authority(std::string(ca->document.get_string("id").value_or("")), n.clock->wall());
  if (!made) return base::fail(made.error());
  auto document = ca->document;
  document.set("authority", made->certificate);
  document.set("authority_key", encoding::base64_encode(n.secrets->seal(made->key, authority_purpose)));
  document.set("previous_authority", ca->newest);
  base::wipe(made->key);
  if (auto done = change({dir::put{dir::cluster_document, "cluster", ca->version, json::to_text(document)}}, "the cluster was changed meanwhile, try again"); !done)
    return base::fail(done.error());
  json::value out{json::object{}};
  out.set("authority", certificate_fingerprint(made->certificate));
  return out;
}

void cluster_service::keep() {
  look_at_clients();
  go_on_home();
  look_at_keys(); // whoever joins waits for them
  if (++rounds_ % rounds_of_a_look != 0) return;
  look_at_vitals();
  look_at_conditions();
  look_at_level();
  sweep_opened_volumes();
  const std::lock_guard one(keeping_);
  look_at_certificates();
}

void cluster_service::look_at_certificates() {
  auto& n = running_.face();
  std::shared_ptr<cluster::control_plane> plane;
  {
    const std::lock_guard hold(lock_);
    plane = plane_;
  }
  if (!plane || removed_ || !named_) return;
  const auto table = n.config->table();
  const auto at = std::chrono::steady_clock::now();
  if (table == rested_with_ && !renewal_wanted_ && at - rested_ < rest_time) return;
  const auto ca = agreed_authorities();
  const auto here = read_certificates_here(cluster_directory(options_.data_directory));
  if (!ca || !here) return;
  const auto nodes = known_nodes();
  const auto self = std::find_if(nodes.begin(), nodes.end(), [&](const auto& k) { return k.entry.uuid == running_.store_uuid(); });
  if (self == nodes.end()) return;

  renewal_facts f;
  f.now = n.clock->wall();
  f.here = *here;
  f.agreed = self->certificates;
  f.authorities = {certificate_fingerprint(ca->newest)};
  if (!ca->previous.empty()) f.authorities.push_back(certificate_fingerprint(ca->previous));
  f.wanted = renewal_wanted_;
  const auto status = plane->status();
  f.all_trust_newest = f.all_accept = true;
  std::vector<certificates_agreed> all;
  for (const auto& k : nodes) {
    all.push_back(k.certificates);
    f.all_trust_newest = f.all_trust_newest && k.certificates.trusts == f.authorities.front();
    if (k.entry.id == self->entry.id) continue;
    const auto peer = std::find_if(status.peers.begin(), status.peers.end(), [&](const auto& p) { return p.id == k.entry.id; });
    f.all_accept = f.all_accept && peer != status.peers.end() && peer->linked && peer->configuration >= self->version;
  }
  const auto step = next_renewal_step(f);
  if (step.what == renewal_step::kind::nothing && f.agreed.next.empty() && ca->previous.empty()) {
    rested_with_ = table;
    rested_ = at;
  }
  auto done = take_step(step, *self, *ca);
  if (done && !ca->previous.empty() && status.standing == "leader" && authority_settled(f.authorities.front(), all)) {
    auto document = ca->document;
    document.as_object()->erase("previous_authority");
    const auto settled = change({dir::put{dir::cluster_document, "cluster", ca->version, json::to_text(document)}}, "the cluster was changed meanwhile");
    if (settled) base::log_event(base::severity::notice, "cluster.authority_renewed").text("authority", f.authorities.front());
    else done = base::fail(settled.error());
  }
  const auto fault = done ? std::string() : done.error().log.value;
  if (fault != renewal_fault_ && !fault.empty()) base::log_event(base::severity::warning, "cluster.renewal_waits").text("error", fault);
  renewal_fault_ = fault;
}

base::result<void> cluster_service::take_step(const renewal_step& step, const known_node& self, const agreed_authority& ca) {
  using kind = renewal_step::kind;
  const auto directory = cluster_directory(options_.data_directory);
  switch (step.what) {
  case kind::nothing: return {};
  case kind::trust: {
    if (auto kept = keep_private(directory + "/authority.pem", ca.newest + ca.previous); !kept) return kept;
    base::log_event(base::severity::notice, "cluster.authorities_trusted").number("count", ca.previous.empty() ? 1 : 2);
    return show_identity();
  }
  case kind::prepare: {
    auto key = authority_key(ca);
    if (!key) return base::fail(key.error());
    const auto keys = make_key_pair();
    const auto certificate = keys ? issue_certificate({ca.newest, *key}, keys->public_key, running_.store_uuid(), running_.face().clock->wall())
                                  : base::result<std::string>(base::fail(keys.error()));
    base::wipe(*key);
    if (!certificate) return base::fail(certificate.error());
    return keep_prepared(directory, *certificate, keys->private_key);
  }
  case kind::announce: {
    const auto done = change({dir::put{dir::document_kind::node, self.entry.uuid, self.version, print_node_document(self.entry, self.name, step.agreed)}}, "the node was changed meanwhile, try again");
    if (!done) return base::fail(done.error());
    return {};
  }
  case kind::use: {
    if (auto used = use_prepared(directory); !used) return used;
    renewal_wanted_ = false;
    base::log_event(base::severity::notice, "cluster.certificate_renewed").text("fingerprint", self.certificates.next);
    return show_identity();
  }
  }
  return {};
}

/// What lies on the disk is shown and trusted from the next connection on; those that run stay.
base::result<void> cluster_service::show_identity() {
  const auto directory = cluster_directory(options_.data_directory);
  auto authorities = read_kept(directory + "/authority.pem"), certificate = read_kept(directory + "/node.pem"), key = read_kept(directory + "/node.key");
  if (!authorities || !certificate || !key) return base::fail(base::error_kind::io, "the cluster's certificates in " + directory + " cannot be read");
  std::shared_ptr<const cluster::stream_identity> identity;
  std::shared_ptr<cluster::control_plane> plane;
  {
    const std::lock_guard hold(lock_);
    authorities_ = *authorities;
    identity = identity_;
    plane = plane_;
  }
  auto context = door_context(*certificate, *key);
  if (!context) return base::fail(context.error());
  door_tls_->put(std::move(*context));
  if (plane) plane->identify(*certificate, [key = *key](std::string_view octets) { return sign(key, octets); });
  return identity ? identity->renew(*authorities, *certificate, *key) : base::result<void>();
}

} // namespace rookery::actors
