#include "server/admin_service.hpp"

#include "actors/admin/admin_host.hpp"
#include "base/text.hpp"
#include "protocols/tls/certificate.hpp"

#include <fstream>
#include <iterator>

namespace rookery::server {
namespace {

/// One check, backup or import at a time hashes and reads; others wait for their turn.
constexpr std::size_t admin_threads = 1;
constexpr std::size_t admin_tasks_waiting_max = 100;

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

} // namespace

service_listener make_admin_service(const node_file& file, actors::running_node& running, certificates& keys) {
  auto& n = running.node();
  auto given = std::make_shared<admin::node_services>();
  given->log_directory = file.log_directory;
  given->workers = std::make_shared<actors::worker_pool>(*n.system, admin_threads, admin_tasks_waiting_max);
  given->connections = [&running] { return running.connections(); };
  given->certificates = [entries = file.certificates] { return list_certificates(entries); };
  given->reload_certificates = [entries = file.certificates, &keys]() -> base::result<json::value> {
    // To the administrator the log's text: he may know the paths.
    if (const auto loaded = keys.load(entries); !loaded) return base::fail(base::error_kind::invalid, loaded.error().log.value);
    return list_certificates(entries);
  };
  auto l = std::make_shared<net::listener>();
  l->service = "admin";
  l->make = [&n, given](const connection_facts& facts) { return admin::make_admin_host(n, given, facts); };
  return {std::move(l), ""};
}

} // namespace rookery::server
