#include "server/services.hpp"

#include "actors/cluster/volume_documents.hpp"
#include "actors/config/homes.hpp"
#include "actors/http/sts_part.hpp"
#include "actors/http/web_host.hpp"
#include "actors/imap/imap_host.hpp"
#include "actors/net/tls_link.hpp"
#include "actors/pop3/pop3_host.hpp"
#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/root/running_node.hpp"
#include "actors/smtp/reception_host.hpp"
#include "actors/watch/metrics_host.hpp"
#include "actors/xmpp/c2s_host.hpp"
#include "actors/xmpp/federation/peer_service.hpp"
#include "actors/xmpp/web/bosh_part.hpp"
#include "actors/xmpp/web/host_meta_part.hpp"
#include "actors/xmpp/web/upload_part.hpp"
#include "actors/xmpp/web/websocket_part.hpp"
#include "protocols/imap/mailbox_name.hpp"
#include "protocols/proxy/header.hpp"
#include "server/version.hpp"

#include <functional>
#include <mutex>

namespace rookery::server {
namespace {

/// What a service derives from the node's settings, made anew only when these changed:
/// running connections keep what they began with.
template <class T>
class derived {
public:
  derived(actors::node& n, std::function<std::shared_ptr<const T>(const config::settings&)> make)
      : node_(n), make_(std::move(make)) {}
  std::shared_ptr<const T> get() {
    auto now = node_.settings->get();
    const std::lock_guard hold(lock_);
    if (now != from_) {
      value_ = make_(*now);
      from_ = std::move(now);
    }
    return value_;
  }

private:
  actors::node& node_;
  std::function<std::shared_ptr<const T>(const config::settings&)> make_;
  std::mutex lock_;
  std::shared_ptr<const config::settings> from_;
  std::shared_ptr<const T> value_;
};

sasl::mechanism_choice mechanisms(const config::settings& s, bool certificates) {
  return {s.password_scram_sha_1, certificates, actors::takes_tokens(s), s.token_scope, s.token_discovery};
}

/// The flag that says whether this service asks its clients for certificates; null: never.
bool config::settings::* certificates_of(service what) noexcept {
  switch (what) {
  case service::imap: return &config::settings::imap_client_certificates;
  case service::pop3: return &config::settings::pop3_client_certificates;
  case service::submission: return &config::settings::submission_client_certificates;
  case service::xmpp: return &config::settings::chat_client_certificates;
  default: return nullptr;
  }
}

std::shared_ptr<const actors::reception_settings> reception(const config::settings& s, const actors::node& n, const node_file& file,
                                                            smtp::profile profile, bool starttls) {
  auto session = std::make_shared<smtp::server_settings>();
  session->profile = profile;
  session->host_name = file.host_name;
  session->software = "Rookery";
  session->starttls_available = starttls;
  session->mechanisms = mechanisms(s, s.submission_client_certificates);
  // Made anew with the configuration, which brings the gateways.
  const bool gateways = n.delivery && !n.delivery->get()->gateways().empty();
  session->etrn_offered = gateways && s.gateway_etrn != "off";
  session->atrn_offered = gateways && profile == smtp::profile::submission;
  session->urls_offered = profile == smtp::profile::submission;
  session->limits.message_octets = s.smtp_message_octets_max;
  session->limits.recipients = static_cast<std::uint32_t>(s.smtp_recipients_max);
  session->limits.errors = static_cast<std::uint32_t>(s.smtp_errors_max);
  session->limits.command_time = std::chrono::seconds(s.smtp_command_seconds);
  session->limits.data_time = std::chrono::seconds(s.smtp_data_seconds);
  auto out = std::make_shared<actors::reception_settings>();
  out->session = std::move(session);
  out->limits.message_octets = s.smtp_message_octets_max;
  out->limits.received_fields = static_cast<std::uint32_t>(s.smtp_received_fields_max);
  out->from_checked = s.submission_from_checked;
  out->quota.messages_a_day = s.submission_messages_a_day;
  out->quota.counts_recipients = s.submission_recipients_counted;
  out->remembered = s.recall_messages;
  out->other_users = imap::namespace_name(s.imap_other_users);
  out->public_folders = imap::namespace_name(s.imap_public_folders);
  out->forwards = actors::forward_limits_of(s, n.secrets.get(), n.directory->get()->default_domain());
  out->archive_spam_field = s.archive_spam_field;
  if (auto rules = delivery::dnssec_rules::parse(s.queue_dnssec_rules)) out->dnssec = std::move(*rules);
  return out;
}

constexpr const char* http_refusal = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// For a connection too many, or one that comes when the volume has gone and sessions are not passed on.
const char* refusal_of(service what) noexcept {
  switch (what) {
  case service::imap: return "* BYE [UNAVAILABLE] Too many connections, or not ready yet\r\n";
  case service::pop3: return "-ERR [SYS/TEMP] Too many connections, or not ready yet\r\n";
  case service::xmpp:
    return "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:error>"
           "<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>";
  case service::xmpp_server:
    return "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:error>"
           "<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>";
  case service::metrics:
  case service::http: return http_refusal;
  case service::admin: return "";
  default: return "421 4.7.0 Too many connections\r\n";
  }
}

std::shared_ptr<derived<actors::reception_settings>> reception_settings_of(const node_file& file, actors::node& n, smtp::profile profile, bool starttls) {
  return std::make_shared<derived<actors::reception_settings>>(
      n, [&n, file, profile, starttls](const config::settings& s) { return reception(s, n, file, profile, starttls); });
}

service_listener smtp_service(const listener_entry& entry, const node_file& file, actors::node& n, smtp::profile profile) {
  auto settings = reception_settings_of(file, n, profile, entry.tls == tls_mode::starttls);
  auto l = std::make_shared<net::listener>();
  l->make = [&n, settings](const connection_facts& facts) { return actors::make_reception_host(n, settings->get(), facts); };
  return {std::move(l), refusal_of(entry.what)};
}

std::shared_ptr<derived<imap::server_settings>> imap_settings(const node_file& file, actors::node& n, bool starttls) {
  return std::make_shared<derived<imap::server_settings>>(n, [file, starttls](const config::settings& s) {
    auto out = std::make_shared<imap::server_settings>();
    out->host_name = file.host_name;
    out->version = version;
    out->tls_available = starttls;
    out->mechanisms = mechanisms(s, s.imap_client_certificates);
    out->limits.append_octets = s.smtp_message_octets_max;
    out->limits.inactive_time = std::chrono::seconds(s.imap_idle_seconds);
    out->limits.login_time = std::chrono::seconds(s.imap_login_seconds);
    out->limits.progress_time = std::chrono::seconds(s.imap_progress_seconds);
    out->limits.messages = static_cast<std::uint32_t>(s.imap_messages_max);
    out->limits.saved_messages = static_cast<std::uint32_t>(s.imap_saved_max);
    out->other_users = imap::namespace_name(s.imap_other_users);
    out->public_folders = imap::namespace_name(s.imap_public_folders);
    return out;
  });
}

service_listener imap_service(const listener_entry& entry, const node_file& file, actors::node& n) {
  auto settings = imap_settings(file, n, entry.tls == tls_mode::starttls);
  auto l = std::make_shared<net::listener>();
  l->make = [&n, settings](const connection_facts& facts) { return actors::make_imap_host(n, settings->get(), facts); };
  return {std::move(l), refusal_of(entry.what)};
}

std::shared_ptr<derived<pop3::server_settings>> pop3_settings(actors::node& n, bool starttls) {
  return std::make_shared<derived<pop3::server_settings>>(n, [starttls](const config::settings& s) {
    auto out = std::make_shared<pop3::server_settings>();
    out->implementation = "Rookery-" + std::string(version);
    out->stls_available = starttls;
    out->mechanisms = mechanisms(s, s.pop3_client_certificates);
    out->limits.idle_time = std::chrono::seconds(s.pop3_idle_seconds);
    return out;
  });
}

service_listener pop3_service(const listener_entry& entry, actors::node& n) {
  auto settings = pop3_settings(n, entry.tls == tls_mode::starttls);
  auto l = std::make_shared<net::listener>();
  l->make = [&n, settings](const connection_facts& facts) { return actors::make_pop3_host(n, settings->get(), facts); };
  return {std::move(l), refusal_of(entry.what)};
}

/// `certificates`: the listener asks its clients for them, if the setting says so.
actors::stream_settings_source stream_settings(actors::node& n, bool starttls, bool certificates) {
  auto settings = std::make_shared<derived<xmpp::stream_settings>>(n, [starttls, certificates](const config::settings& s) {
    auto out = std::make_shared<xmpp::stream_settings>();
    out->starttls_available = starttls;
    out->mechanisms = mechanisms(s, certificates && s.chat_client_certificates);
    out->registration = s.chat_registration;
    out->features = actors::stream_features();
    return out;
  });
  return [settings] { return settings->get(); };
}

service_listener xmpp_service(const listener_entry& entry, actors::node& n, actors::chat_router& stanzas) {
  const auto settings = stream_settings(n, entry.tls == tls_mode::starttls, true);
  auto l = std::make_shared<net::listener>();
  l->make = [&n, &stanzas, settings](const connection_facts& facts) { return actors::make_c2s_host(n, stanzas, settings(), facts); };
  return {std::move(l), refusal_of(entry.what)};
}

service_listener peer_service(const listener_entry& entry, actors::peer_service& peers) {
  auto l = std::make_shared<net::listener>();
  l->make = [&peers, starttls = entry.tls == tls_mode::starttls](const connection_facts& facts) { return peers.accept(facts, starttls); };
  return {std::move(l), refusal_of(entry.what)};
}

service_listener http_service(const node_file& file, actors::node& n, actors::chat_router& stanzas, actors::bosh_sessions& sessions, actors::web_part files) {
  auto l = std::make_shared<net::listener>();
  const auto streams = stream_settings(n, false, false);
  const auto parts = std::make_shared<const actors::web_parts>(
      actors::web_parts{actors::reading_part(actors::make_sts_part(n)), actors::make_bosh_part(n, stanzas, sessions, streams),
                        actors::make_websocket_part(n, stanzas, streams), std::move(files), actors::reading_part(actors::make_host_meta_part(web_url(file)))});
  l->make = [&n, parts](const connection_facts& facts) { return actors::make_web_host(*n.clock, parts, facts); };
  return {std::move(l), http_refusal};
}

service_listener http_service(const node_file& file, actors::running_volume& v, actors::bosh_sessions& sessions) {
  v.uploads().open_at(web_url(file));
  return http_service(file, v.node(), v.stanzas(), sessions, actors::make_upload_part(v.node(), v.uploads()));
}

/// Without a volume: files are at other nodes.
actors::web_part no_files() {
  return actors::reading_part([](const actors::http_call& call) -> std::optional<actors::web_answer> {
    if (!call.path.starts_with(xmpp::upload_path)) return std::nullopt;
    return actors::web_answer{503, actors::open_to_all({{"Content-Type", "text/plain; charset=utf-8"}, {"Retry-After", "5"}}), "files cannot be had from this node just now\n"};
  });
}

/// What is made alike with a volume and without: what begins with a login goes on at the account's home, what brings mail where a volume is served.
service_listener make_alike(const listener_entry& entry, const node_file& file, actors::node& n, actors::chat_router& stanzas) {
  switch (entry.what) {
  case service::smtp: return smtp_service(entry, file, n, smtp::profile::mx);
  case service::odmr:
  case service::submission: return smtp_service(entry, file, n, smtp::profile::submission);
  case service::lmtp: return smtp_service(entry, file, n, smtp::profile::lmtp);
  case service::imap: return imap_service(entry, file, n);
  case service::pop3: return pop3_service(entry, n);
  case service::xmpp: return xmpp_service(entry, n, stanzas);
  case service::http:
  case service::xmpp_server:
  case service::metrics:
  case service::admin: break;
  }
  return {};
}

service_listener make_protocol(const listener_entry& entry, const node_file& file, actors::running_volume& v, actors::bosh_sessions& sessions) {
  switch (entry.what) {
  case service::xmpp_server: return peer_service(entry, v.peers());
  case service::http: return http_service(file, v, sessions);
  default: return make_alike(entry, file, v.node(), v.stanzas());
  }
}

/// For a session that another node gives: null when it is not here, and when it goes to another node in a moment, as this one is drained. The other asks
/// again, and nobody has to log in twice.
std::shared_ptr<actors::running_volume> staying(actors::running_node& running, actors::volume_id id) {
  const auto table = running.face().config->table();
  const auto self = running.volumes()->own();
  if (config::is_drained(*table, self))
    if (const auto known = actors::find_volume(*table, id); known && !replication::only_holder(known->is, self)) return nullptr;
  return running.find(id);
}

} // namespace

service_listener make_service(const listener_entry& entry, const node_file& file, actors::running_node& running,
                              actors::bosh_sessions& requests, actors::chat_router& without_volume, const certificates& keys) {
  auto& face = running.face();
  using maker = std::function<std::unique_ptr<net::protocol>(const connection_facts&)>;
  const auto present = std::make_shared<actors::published<maker>>(nullptr);
  const std::string refusal = refusal_of(entry.what);
  running.follow_front([entry, file, present, &face, &requests, &without_volume](const actors::running_node::front& at) {
    if (!at.volume && !at.passes_on) return present->put(nullptr);
    const auto made = at.volume                        ? make_protocol(entry, file, *at.volume, requests)
                      : entry.what == service::http ? http_service(file, face, without_volume, requests, no_files())
                                                    : make_alike(entry, file, face, without_volume);
    if (!made.listener) return present->put(nullptr);
    if (!at.volume) return present->put(std::make_shared<const maker>(made.listener->make));
    // A session is the volume's from its first octet: it is told when that closes.
    present->put(std::make_shared<const maker>([make = made.listener->make, held = at.volume->holder()](const connection_facts& facts) { return held(make(facts)); }));
  });
  service_listener out{std::make_shared<net::listener>(), refusal};
  auto& l = *out.listener;
  if (entry.what == service::metrics) {
    // They are there without a volume too, and say so.
    l.make = [&running](const connection_facts& facts) { return actors::make_metrics_host(running.node(), facts, running.passes_on()); };
  } else l.make = [present, refusal](const connection_facts& facts) {
    const auto now = present->get();
    return now ? (*now)(facts) : actors::farewell(refusal);
  };
  l.service = name(entry.what);
  l.implicit_tls = entry.tls == tls_mode::implicit;
  l.proxy_protocol = entry.proxy_protocol;
  if (l.proxy_protocol) l.read_proxy = proxy::apply_header;
  if (entry.tls != tls_mode::none)
    l.make_tls = [&keys, &n = face, asks = certificates_of(entry.what), of_servers = entry.what == service::xmpp_server]() -> std::unique_ptr<net::layer> {
      auto context = keys.current();
      if (!context) return nullptr;
      if (of_servers) return std::make_unique<net::tls_link>(std::move(context), n.trust->peers());
      const bool asked = asks != nullptr && (*n.settings->get()).*asks;
      return asked ? std::make_unique<net::tls_link>(std::move(context), n.trust->clients()) : std::make_unique<net::tls_link>(std::move(context));
    };
  return out;
}

void serve_relayed(const node_file& file, actors::running_node& running) {
  const auto relays = actors::relays_of(running.face());
  // Whether the client may begin TLS was asked where it connected.
  relays->serve("imap", [&running, settings = imap_settings(file, running.face(), false)](const actors::session_handover& h) -> std::unique_ptr<net::protocol> {
    const auto volume = staying(running, h.volume);
    return volume ? volume->hold(actors::make_imap_host(volume->node(), settings->get(), h)) : nullptr;
  });
  relays->serve("pop3", [&running, settings = pop3_settings(running.face(), false)](const actors::session_handover& h) -> std::unique_ptr<net::protocol> {
    const auto volume = staying(running, h.volume);
    return volume ? volume->hold(actors::make_pop3_host(volume->node(), settings->get(), h)) : nullptr;
  });
  for (const auto profile : {smtp::profile::mx, smtp::profile::submission, smtp::profile::lmtp})
    relays->serve(actors::service_of(profile), [&running, settings = reception_settings_of(file, running.face(), profile, false)](const actors::session_handover& h) -> std::unique_ptr<net::protocol> {
      const auto volume = staying(running, h.volume);
      auto made = volume ? actors::make_reception_host(volume->node(), settings->get(), h) : nullptr;
      return made ? volume->hold(std::move(made)) : nullptr;
    });
  const auto stream = [&running, settings = stream_settings(running.face(), false, false)](const actors::session_handover& h) -> std::unique_ptr<net::protocol> {
    const auto volume = staying(running, h.volume);
    auto made = volume ? actors::make_c2s_host(volume->node(), volume->stanzas(), settings(), h) : nullptr;
    return made ? volume->hold(std::move(made)) : nullptr;
  };
  relays->serve("xmpp", stream);
  relays->serve("xmpp-websocket", stream);
}

} // namespace rookery::server
