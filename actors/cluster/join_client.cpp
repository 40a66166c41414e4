#include "actors/cluster/join_client.hpp"

#include "actors/cluster/cluster_certificates.hpp"
#include "actors/cluster/cluster_service.hpp"
#include "actors/cluster/member_file.hpp"
#include "base/crypto/crypto.hpp"
#include "base/crypto/public_box.hpp"
#include "base/text.hpp"
#include "cluster/consensus/consensus_log.hpp"
#include "storage/node/sealing_key.hpp"
#include "storage/node/sealing_keys_text.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include <sys/stat.h>
#include <unistd.h>

namespace rookery::actors {
namespace {

constexpr long connect_seconds = 5, answer_seconds = 30;
constexpr std::size_t answer_octets_max = 1u << 20;

struct answer {
  long status = 0;
  std::string body;
  std::string local_address;
};

std::size_t take(char* data, std::size_t size, std::size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size * count > answer_octets_max) return 0;
  body.append(data, size * count);
  return size * count;
}

/// `authority`: "" for the first question, whose answer is checked by its fingerprint.
base::result<answer> ask(const std::string& url, const std::string& authority, const std::string& body) {
  const std::unique_ptr<CURL, void (*)(CURL*)> c(curl_easy_init(), curl_easy_cleanup);
  answer out;
  char fault[CURL_ERROR_SIZE] = {};
  curl_easy_setopt(c.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(c.get(), CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(c.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(c.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c.get(), CURLOPT_CONNECTTIMEOUT, connect_seconds);
  curl_easy_setopt(c.get(), CURLOPT_TIMEOUT, answer_seconds);
  curl_easy_setopt(c.get(), CURLOPT_ERRORBUFFER, fault);
  curl_easy_setopt(c.get(), CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(c.get(), CURLOPT_WRITEDATA, &out.body);
  // Any node of the cluster will do: its certificate has the node's uuid, which nobody knows before.
  curl_easy_setopt(c.get(), CURLOPT_SSL_VERIFYHOST, 0L);
  curl_blob trusted{const_cast<char*>(authority.data()), authority.size(), CURL_BLOB_COPY};
  if (authority.empty()) curl_easy_setopt(c.get(), CURLOPT_SSL_VERIFYPEER, 0L);
  else curl_easy_setopt(c.get(), CURLOPT_CAINFO_BLOB, &trusted);
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> fields(curl_slist_append(nullptr, "Content-Type: application/json"), curl_slist_free_all);
  if (!body.empty()) {
    curl_easy_setopt(c.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(c.get(), CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(c.get(), CURLOPT_HTTPHEADER, fields.get());
  }
  const auto code = curl_easy_perform(c.get());
  if (code != CURLE_OK) return base::fail(base::error_kind::try_later, url + ": " + (fault[0] != '\0' ? fault : curl_easy_strerror(code)));
  curl_easy_getinfo(c.get(), CURLINFO_RESPONSE_CODE, &out.status);
  const char* local = nullptr;
  curl_easy_getinfo(c.get(), CURLINFO_LOCAL_IP, &local);
  if (local != nullptr) out.local_address = local;
  return out;
}

base::failure<base::error> refused(const std::string& text) { return base::fail(base::error_kind::denied, text); }

/// What root has made belongs to whom the data directory belongs to.
void give_to_owner(const std::string& data_directory) {
  struct ::stat owner {};
  if (::geteuid() != 0 || ::stat(data_directory.c_str(), &owner) != 0) return;
  const auto give = [&](const std::string& path) { (void)!::chown(path.c_str(), owner.st_uid, owner.st_gid); };
  auto& files = storage::posix_file_system();
  give(storage::sealing_key_path(data_directory));
  const auto directory = cluster_directory(data_directory);
  give(directory);
  for (const auto& folder : {directory, directory + "/consensus"}) {
    const auto names = files.list(folder);
    if (names)
      for (const auto& name : *names) give(folder + '/' + name);
  }
}

} // namespace

std::string print(const join_token& t) {
  return "rk1." + std::to_string(t.port) + '.' + t.cluster + '.' + t.fingerprint + '.' + t.id + '.' + t.secret;
}

std::optional<join_token> read_join_token(std::string_view text) {
  const auto parts = base::split(text, '.');
  if (parts.size() != 6 || parts[0] != "rk1") return {};
  const auto port = base::parse_u64(parts[1]);
  join_token t{0, std::string(parts[2]), std::string(parts[3]), std::string(parts[4]), std::string(parts[5])};
  if (!port || *port == 0 || *port > 65535 || t.cluster.empty() || t.fingerprint.size() != 64 || t.id.empty() || t.secret.size() < 20) return {};
  t.port = static_cast<std::uint16_t>(*port);
  return t;
}

base::result<joined> join_cluster(const join_order& order) {
  auto& files = storage::posix_file_system();
  if (is_member(order.data_directory))
    return base::fail(base::error_kind::exists, "this node belongs to a cluster already; rookery cluster leave comes first");
  const auto token = read_join_token(order.token);
  if (!token) return base::fail(base::error_kind::invalid, "this is no token; rookery cluster token on a member makes one, and all of its line is needed");
  const bool bracketed = order.member.starts_with('[');
  const bool has_port = bracketed ? order.member.find("]:") != std::string::npos : std::count(order.member.begin(), order.member.end(), ':') == 1;
  const bool bare_v6 = !bracketed && std::count(order.member.begin(), order.member.end(), ':') > 1;
  const auto place = "https://" + (bare_v6 ? '[' + order.member + ']' : order.member) + (has_port ? "" : ":" + std::to_string(token->port));

  const auto shown = ask(place + "/ca", {}, {});
  if (!shown) return base::fail(base::error_kind::try_later, "no node of a cluster answers: " + shown.error().client.value);
  if (certificate_fingerprint(shown->body) != token->fingerprint)
    return refused(order.member + " does not belong to the cluster of this token (it shows another authority): look at the address; if it is right, somebody stands between, and the token must not be used");
  const auto keys = make_key_pair();
  if (!keys) return base::fail(keys.error());

  json::value request{json::object{}};
  request.set("protocol", cluster_protocol);
  request.set("version", order.version);
  const cluster::level_range levels{cluster::level_oldest, order.level_newest == 0 ? cluster::level_newest : std::min(order.level_newest, cluster::level_newest)};
  request.set("level_oldest", levels.oldest);
  request.set("level_newest", levels.newest);
  request.set("token", token->id);
  request.set("secret", token->secret);
  request.set("uuid", order.uuid);
  request.set("name", order.host_name);
  request.set("host", order.address.empty() ? shown->local_address : order.address);
  request.set("port", order.port);
  request.set("public_key", keys->public_key);
  auto box = base::make_box_keys();
  request.set("box", base::to_hex(box.public_key));
  if (order.witness) request.set("witness", true);
  const auto got = ask(place + "/join", shown->body, json::to_text(request));
  if (!got) return base::fail(base::error_kind::try_later, got.error().client.value + "; if the token was used up by this, remove the node there and make a new one");
  const auto body = json::parse(got->body);
  if (!body) return refused(order.member + " gave an answer that cannot be read");
  if (got->status != 200) return refused(std::string(body->get_string("error").value_or("the cluster refused")));

  // A member that does not say it is of before there were levels.
  if (const auto fault = cluster::level_fault(static_cast<unsigned>(body->get_unsigned("level").value_or(1)), levels, "rookery " + order.version))
    return refused(*fault + "; remove this node there (rookery cluster remove " + order.uuid + ") before it joins again");
  const auto directory = cluster_directory(order.data_directory);
  // A member of before there were several keys gives one.
  const auto own_keys = storage::read_sealing_keys(body->get_string("sealing_keys").value_or(body->get_string("sealing_key").value_or("")));
  member_facts m;
  m.cluster = body->get_string("cluster").value_or("");
  m.member = body->get_unsigned("member").value_or(0);
  m.port = order.port;
  m.witness = body->get_bool("witness").value_or(false);
  if (m.witness != order.witness)
    return refused(order.member + " runs a program that knows no witnesses: bring it to this one's version, remove this node there (rookery cluster remove " + order.uuid + "), and join again");
  if (const auto* nodes = body->get_array("nodes"))
    for (const auto& n : *nodes)
      if (auto entry = read_node_document(n.get_unsigned("member").value_or(0), std::string(n.get_string("uuid").value_or("")), json::to_text(n)))
        m.nodes.push_back(std::move(*entry));
  if (m.cluster != token->cluster || m.member == 0 || !own_keys || m.nodes.empty())
    return refused(order.member + " gave an answer that cannot be used");
  if (auto made = files.make_directory(directory); !made) return base::fail(made.error());
  (void)::chmod(directory.c_str(), 0700);
  if (auto made = consensus::consensus_log::create(files, directory + "/consensus", m.member, {}); !made) return base::fail(made.error());
  const std::pair<const char*, std::string> texts[] = {
      {"/authority.pem", shown->body}, {"/node.pem", std::string(body->get_string("certificate").value_or(""))}, {"/node.key", keys->private_key}, {"/box.key", base::to_hex(box.private_key) + '\n'}};
  base::wipe(box.private_key);
  for (const auto& [name, text] : texts)
    if (auto written = keep_private(directory + name, text); !written) return base::fail(written.error());
  if (auto written = keep_private(storage::sealing_key_path(order.data_directory), storage::print_sealing_keys(*own_keys)); !written) return base::fail(written.error());
  if (auto written = write_member(files, order.data_directory, m); !written) return base::fail(written.error());
  give_to_owner(order.data_directory);
  return joined{m.cluster, m.member, std::string(*request.get_string("host"))};
}

} // namespace rookery::actors
