#include "actors/xmpp/federation/peer_service.hpp"

#include "actors/xmpp/federation/peer_host.hpp"
#include "actors/xmpp/federation/remote_domain.hpp"
#include "actors/xmpp/router.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "protocols/charset/idna.hpp"
#include "storage/file/file_system.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {
namespace {

using xmpp::federation::domain_pair;
using xmpp::federation::peer_settings;

constexpr std::uint64_t ca_file_octets_max = 16u << 20;
constexpr std::chrono::hours ca_file_age{1};

} // namespace

peer_service::peer_service(node& n, chat_router& router, peer_options options)
    : node_(n), router_(router), options_(std::move(options)), secret_(base::random_octets(32)) {}

void peer_service::look_at_settings() const {
  auto now = node_.settings->get();
  if (now == seen_) return;
  seen_ = std::move(now);
  rules_ = std::make_shared<const federation::peer_rules>(seen_->chat_federation_allowed, seen_->chat_federation_blocked);
  for (auto* which : {&with_starttls_, &without_starttls_}) {
    peer_settings s;
    s.starttls_available = which == &with_starttls_;
    s.tls_required = seen_->chat_federation_tls;
    s.dialback = seen_->chat_federation_dialback;
    // A node of a cluster may be asked for a key of another one: the sealing key is theirs together (XEP-0185).
    s.secret = node_.secrets ? node_.secrets->derive("chat dialback") : secret_;
    s.limits.idle_time = std::chrono::seconds(seen_->chat_federation_idle_seconds);
    *which = std::make_shared<const peer_settings>(std::move(s));
  }
}

bool peer_service::on() const { return node_.settings->get()->chat_federation; }

bool peer_service::admits(std::string_view domain) const {
  const auto ascii = charset::domain_to_ascii(domain);
  if (!ascii) return false;
  const std::lock_guard hold(lock_);
  look_at_settings();
  return rules_->admits(*ascii);
}

std::shared_ptr<const peer_settings> peer_service::settings(bool starttls_available) const {
  const std::lock_guard hold(lock_);
  look_at_settings();
  return starttls_available ? with_starttls_ : without_starttls_;
}

std::optional<peer_service::refusal> peer_service::look(const domain_pair& p) const {
  using enum xmpp::stream_fault;
  if (!on()) return refusal{policy_violation, "Chat with other servers is switched off here"};
  if (!router_.is_ours(p.ours)) return refusal{host_unknown, {}};
  if (p.theirs.empty()) return {};
  if (router_.is_ours(p.theirs)) return refusal{invalid_from, {}};
  if (!admits(p.theirs)) return refusal{policy_violation, "This domain is not talked to"};
  return {};
}

void peer_service::route(routed_stanza s) {
  if (!on()) return router_.refuse(s, xmpp::condition::remote_server_not_found);
  if (!admits(s.to.domain)) return router_.refuse(s, xmpp::condition::not_allowed, "This domain is not talked to");
  const auto to = remote(s.to.domain);
  if (!to) return router_.refuse(s, xmpp::condition::resource_constraint);
  // What waits for another server is bounded there: the sender's stream is not held back.
  s.receipt = nullptr;
  caf::anon_send(to, std::make_shared<const routed_stanza>(std::move(s)));
}

std::unique_ptr<net::protocol> peer_service::accept(const connection_facts& facts, bool starttls_available) {
  return std::make_unique<peer_host>(*this, settings(starttls_available), facts, next_number(), std::nullopt);
}

caf::actor peer_service::remote(const std::string& domain) {
  const std::lock_guard hold(lock_);
  const auto known = remotes_.find(domain);
  if (known == remotes_.end() && remotes_.size() >= remote_domains_max) return {};
  auto& e = remotes_[domain];
  if (!e.actor) e.actor = spawn_remote_domain(*node_.system, *this, domain);
  ++e.handed;
  return e.actor;
}

bool peer_service::retire(const std::string& domain, std::uint64_t taken) {
  const std::lock_guard hold(lock_);
  const auto known = remotes_.find(domain);
  if (known == remotes_.end()) return true;
  if (known->second.handed != taken) return false;
  remotes_.erase(known);
  return true;
}

peer_tls peer_service::tls_of(std::string_view our_domain) {
  const auto ca_file = node_.settings->get()->tls_ca_file;
  const auto ascii = charset::domain_to_ascii(our_domain).value_or(std::string(our_domain));
  const auto own = options_.own_certificate ? options_.own_certificate(ascii) : std::nullopt;
  const auto pem = own.value_or(tls::pem_pair{});
  const auto now = node_.clock->now();
  {
    const std::lock_guard hold(lock_);
    const auto known = tls_.find(ascii);
    if (known != tls_.end() && known->second.ca_file == ca_file && now - known->second.when < ca_file_age &&
        known->second.pem.certificates == pem.certificates && known->second.pem.key == pem.key)
      return known->second.made;
  }
  auto trusted = storage::posix_file_system().read_all(ca_file, ca_file_octets_max);
  if (!trusted) base::log_event(base::severity::warning, "federation.no_authorities").text("file", ca_file).text("error", trusted.error().log.value);
  peer_tls out;
  for (auto* which : {&out.after_starttls, &out.direct}) {
    tls::client_settings s;
    if (trusted) s.trusted_pem = *trusted;
    s.certificates_pem = pem.certificates;
    s.key_pem = pem.key;
    if (which == &out.direct) s.alpn = {"xmpp-server"}; // XEP-0368 §4
    auto made = tls::tls_context::make_client(std::move(s));
    if (made) *which = std::move(*made);
    else base::log_event(base::severity::error, "federation.no_tls").text("domain", ascii).text("error", made.error().log.value);
  }
  const std::lock_guard hold(lock_);
  tls_.insert_or_assign(ascii, known_tls{pem, out, ca_file, now});
  return out;
}

void peer_service::put(const running_stream_ptr& s) {
  const std::lock_guard hold(lock_);
  streams_[s->facts.number] = s;
}

void peer_service::change(const running_stream_ptr& s, const std::function<void(peer_stream&)>& how) {
  const std::lock_guard hold(lock_);
  how(s->facts);
}

void peer_service::erase(std::uint64_t number) {
  const std::lock_guard hold(lock_);
  streams_.erase(number);
}

std::vector<peer_stream> peer_service::streams() const {
  const std::lock_guard hold(lock_);
  std::vector<peer_stream> out;
  out.reserve(streams_.size());
  for (const auto& [number, s] : streams_) {
    out.push_back(s->facts);
    out.back().in = s->in.load(std::memory_order_relaxed);
    out.back().out = s->out.load(std::memory_order_relaxed);
  }
  return out;
}

std::size_t peer_service::end_streams(std::string_view which) {
  const auto domain = xmpp::normal_domain(which);
  std::vector<caf::actor> found;
  {
    const std::lock_guard hold(lock_);
    for (const auto& [number, s] : streams_)
      if (s->facts.session == which || (domain && s->facts.between.theirs == *domain)) found.push_back(s->connection);
  }
  for (const auto& connection : found) caf::anon_send(connection, close_stream{"ended by the operator"});
  return found.size();
}

void peer_service::configured() {
  std::vector<caf::actor> unwanted;
  for (const auto& s : streams()) {
    if (on() && (s.between.theirs.empty() || admits(s.between.theirs)) && (s.between.ours.empty() || router_.is_ours(s.between.ours))) continue;
    const std::lock_guard hold(lock_);
    if (const auto at = streams_.find(s.number); at != streams_.end()) unwanted.push_back(at->second->connection);
  }
  for (const auto& connection : unwanted) caf::anon_send(connection, close_stream{"the settings do not want it any more"});
}

std::shared_ptr<peer_service> open_federation(node& n, chat_router& router, peer_options options) {
  auto made = std::make_shared<peer_service>(n, router, std::move(options));
  router.set_outside([made](routed_stanza s) { made->route(std::move(s)); });
  return made;
}

} // namespace rookery::actors
