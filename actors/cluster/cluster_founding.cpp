// How a cluster begins and grows: founding, tokens, and the door for nodes that join.
#include "actors/cluster/cluster_service.hpp"

#include "actors/cluster/agreed_level.hpp"
#include "actors/cluster/cluster_certificates.hpp"
#include "actors/cluster/join_client.hpp"
#include "base/crypto/crypto.hpp"
#include "base/crypto/public_box.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cluster/consensus/consensus_log.hpp"
#include "cluster/consensus/engine.hpp"
#include "protocols/encoding/base64.hpp"
#include "storage/directory/agreed_command.hpp"
#include "storage/node/sealing_key.hpp"
#include "storage/node/sealing_keys_text.hpp"

#include <algorithm>

#include <sys/stat.h>

namespace rookery::actors {
namespace {

namespace dir = storage::directory;

constexpr std::string_view token_prefix = "token/";
/// What a founder's first entry carries is in its own configuration already.
constexpr std::uint64_t founded_index = 1 * 256 + 255;

/// Of a node that begins with this one.
certificates_agreed facts_of(const std::string& certificate, const std::string& authority) {
  const auto trusted = certificate_fingerprint(authority);
  return {certificate_fingerprint(certificate), "", trusted, trusted, certificate_end(certificate).value_or(base::wall_time{})};
}

std::string hash_of(std::string_view secret) { return base::to_hex(base::view(base::sha256(secret))); }

} // namespace

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
  if (auto made = storage::posix_file_system().make_directory(cluster_directory(options_.data_directory)); !made) return base::fail(made.error());
  const auto box = own_box_key(options_.data_directory);
  if (!box) return base::fail(box.error());
  self.box = base::to_hex(*base::public_key_of(*box));
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
                     dir::put{dir::cluster_document, level_key, dir::expect::any, print_level(own_levels().newest)},
                     dir::put{dir::document_kind::node, self.uuid, dir::expect::any, print_node_document(self, options_.host_name, facts_of(*certificate, authority->certificate))}};
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
    if (auto written = keep_private(directory + name, *text); !written) return base::fail(written.error());
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

/// A node that joins trusts one authority: the one of its token.
base::result<void> cluster_service::authority_at_rest(const agreed_authority& ca) const {
  if (ca.previous.empty()) return {};
  return base::fail(base::error_kind::try_later, "the cluster's authority is being renewed, and waits for " + unsettled_nodes(ca) + ": no node can join meanwhile");
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
  const auto ca = agreed_authorities();
  if (!ca) return base::fail(ca.error());
  if (auto still = authority_at_rest(*ca); !still) return base::fail(still.error());
  member_facts m;
  {
    const std::lock_guard hold(lock_);
    m = member_;
  }
  join_token t{static_cast<std::uint16_t>(m.port + 1), m.cluster, certificate_fingerprint(ca->newest), base::random_token(8), base::random_token(32)};
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
  // A program that says no levels knows the first.
  const cluster::level_range knows{static_cast<unsigned>(request.get_unsigned("level_oldest").value_or(1)), static_cast<unsigned>(request.get_unsigned("level_newest").value_or(1))};
  const auto level = agreed_level(*table);
  if (const auto fault = cluster::level_fault(level, knows, "rookery " + std::string(request.get_string("version").value_or("?")))) return base::fail(base::error_kind::unsupported, *fault);
  cluster::node_entry joining;
  joining.uuid = request.get_string("uuid").value_or("");
  joining.host = request.get_string("host").value_or("");
  const auto port = request.get_unsigned("port").value_or(0);
  if (joining.uuid.size() != 32 || joining.host.empty() || joining.host.size() > 255 || port == 0 || port > 65533) return base::fail(base::error_kind::invalid, "the request to join cannot be read");
  joining.port = static_cast<std::uint16_t>(port);
  joining.box = request.get_string("box").value_or("");
  joining.witness = request.get_bool("witness").value_or(false);
  if (joining.witness) joining.role = cluster::wish::voter; // what else would it be there for
  for (const auto& known : known_nodes()) {
    if (known.entry.uuid == joining.uuid)
      return base::fail(base::error_kind::exists, "a node with this identity (" + joining.uuid + ", " + known.entry.host + ") belongs to the cluster: either this data directory was copied from it (make a new one with rookery init), or it is to join again (rookery cluster remove " + joining.uuid + " on a member first)");
    if (known.entry.host == joining.host && known.entry.port == joining.port)
      return base::fail(base::error_kind::exists, "another node of the cluster is at " + joining.host + ":" + std::to_string(port) + " (" + known.entry.uuid + "): give this one another --address or --port, or remove that one");
  }
  const auto ca = agreed_authorities();
  if (!ca) return base::fail(ca.error());
  if (auto still = authority_at_rest(*ca); !still) return base::fail(still.error());
  auto key_of_authority = authority_key(*ca);
  if (!key_of_authority) return base::fail(key_of_authority.error());
  const auto certificate = issue_certificate({ca->newest, *key_of_authority}, std::string(request.get_string("public_key").value_or("")), joining.uuid, now);
  base::wipe(*key_of_authority);
  if (!certificate) return base::fail(certificate.error());
  joining.fingerprint = certificate_fingerprint(*certificate);
  const auto done = change({dir::remove{dir::cluster_document, key, kept->version},
                            dir::put{dir::document_kind::node, joining.uuid, dir::expect::absent, print_node_document(joining, std::string(request.get_string("name").value_or("")), facts_of(*certificate, ca->newest))}},
                           "the token was used meanwhile, or the node joined by another member");
  if (!done) return base::fail(done.error());
  json::value out{json::object{}};
  json::array nodes;
  for (const auto& known : known_nodes()) {
    auto shown = json::parse(print_node_document(known.entry, known.name, known.certificates));
    shown->set("member", known.entry.id);
    shown->set("uuid", known.entry.uuid);
    nodes.push_back(std::move(*shown));
    if (known.entry.uuid == joining.uuid) out.set("member", known.entry.id);
  }
  out.set("cluster", std::string(ca->document.get_string("id").value_or("")));
  out.set("certificate", *certificate);
  out.set("level", level);
  if (joining.witness) out.set("witness", true);
  out.set("nodes", std::move(nodes));
  // A program that knows one key alone has the level at which there is no other.
  const auto keys = base::keys_of(*n.secrets);
  out.set("sealing_key", base::to_hex(keys.front().key));
  out.set("sealing_keys", storage::print_sealing_keys(keys));
  base::log_event(base::severity::notice, "cluster.admitted").text("uuid", joining.uuid).text("host", joining.host);
  return out;
}

} // namespace rookery::actors
