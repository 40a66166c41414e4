#include "policy/delivery/route_choice.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::delivery {
namespace {

constexpr std::string_view home_prefix = "home:";

/// "never" counts for more than "when offered", and for less than a wish for TLS.
tls_use strictest(tls_use a, tls_use b) noexcept {
  const auto rank = [](tls_use t) { return t == tls_use::when_offered ? -1 : t == tls_use::never ? 0 : static_cast<int>(t); };
  return rank(a) < rank(b) ? b : a;
}

std::string_view tls_word(tls_use t) noexcept {
  switch (t) {
  case tls_use::never: return "tls=never";
  case tls_use::required: return "tls=required";
  case tls_use::verified: return "tls=verified";
  case tls_use::when_offered: break;
  }
  return "";
}

void add_word(std::string& key, std::string_view word) {
  if (!word.empty()) key.append(" ").append(word);
}

/// Two passwords for one login must not share connections.
std::string mark_of(std::string_view secret) {
  std::uint32_t h = 0x811c9dc5u;
  for (const char c : secret) h = (h ^ static_cast<unsigned char>(c)) * 0x01000193u;
  std::string octets;
  for (int i = 0; i < 4; ++i) octets.push_back(static_cast<char>(h >> (8 * i)));
  return base::to_hex(octets);
}

void through(way& w, const relay& hop) {
  w.hop = hop;
  w.what = hop.mx ? way::kind::mx : way::kind::host;
  w.domain = hop.mx ? hop.host : std::string();
  w.tls = strictest(w.tls, hop.tls);
}

own_limits first_of(own_limits a, const own_limits& b) noexcept {
  if (a.connections == 0) a.connections = b.connections;
  if (a.messages_a_connection == 0) a.messages_a_connection = b.messages_a_connection;
  if (a.messages_a_minute == 0) a.messages_a_minute = b.messages_a_minute;
  return a;
}

std::string key_of(const way& w, const route_question& q, bool own) {
  std::string key;
  if (w.what == way::kind::local) return "local";
  if (!w.gateway.empty()) {
    key = "gateway:" + w.gateway;
  } else if (w.what == way::kind::mx) {
    key = w.domain;
    if (w.hop.port != 25) key.append(":").append(std::to_string(w.hop.port));
  } else {
    key = "[" + w.hop.host + "]:" + std::to_string(w.hop.port);
  }
  // What the domain's route says is the same for all its mail; what comes from elsewhere is named.
  if (w.hop.lmtp) add_word(key, "lmtp");
  if (w.hop.tls_at_once) add_word(key, "tls-at-once");
  add_word(key, tls_word(w.tls));
  if (!w.hop.login.empty()) {
    add_word(key, "login=" + base::printable(w.hop.login, 100));
    if (own) add_word(key, "#" + mark_of(w.hop.sealed_password));
  }
  if (q.require_tls) add_word(key, "requiretls");
  else if (q.tls_optional) add_word(key, "tls-optional");
  if (q.dnssec_required) add_word(key, "dnssec");
  else if (q.dnssec_requested) add_word(key, "dnssec-wanted");
  return key;
}

} // namespace

way home_way(std::uint64_t volume) {
  way w;
  w.what = way::kind::home;
  w.key = std::string(home_prefix) + std::to_string(volume);
  return w;
}

std::optional<std::uint64_t> home_of_key(std::string_view key) noexcept {
  if (!key.starts_with(home_prefix)) return {};
  return base::parse_u64(key.substr(home_prefix.size()));
}

way choose(const delivery_view& view, const route_question& q, const relay& smart_host) {
  way w;
  w.domain = q.domain;
  w.require_tls = q.require_tls;
  w.tls_optional = q.tls_optional && !q.require_tls;
  w.dnssec_required = q.dnssec_required;
  const bool own = q.own != nullptr && !q.own->host.empty();
  if (!own && q.ours) {
    w.what = way::kind::local;
    w.domain.clear();
    w.key = key_of(w, q, false);
    return w;
  }
  // The queue it waits in, or the one that its domain's route names.
  auto queue = view.queue(q.queue);
  w.route = view.route(q.domain);
  const bool in_custom = queue != nullptr && queue->custom;
  const auto gateway = view.gateway(q.domain);
  if (!own && !in_custom && gateway == nullptr && w.route != nullptr && !w.route->queue.empty() && w.route->queue != q.queue) {
    if (const auto other = view.queue(w.route->queue); other != nullptr && other->custom) {
      queue = other;
      w.queue = other->name;
    }
  }
  const bool custom = queue != nullptr && queue->custom;
  if (custom) w.return_path = queue->return_path;
  if (w.route != nullptr) w.tls = w.route->tls;

  if (own) {
    w.tls = tls_use::when_offered; // it wins whole
    w.route = nullptr;
    through(w, *q.own);
  } else if (custom && !queue->way.host.empty()) {
    w.tls = tls_use::when_offered;
    w.route = nullptr;
    through(w, queue->way);
  } else if (gateway != nullptr) {
    w.gateway = gateway->domain;
    w.on_request = gateway->on_request;
    if (!gateway->way.host.empty()) through(w, gateway->way);
    else w.tls = strictest(w.tls, gateway->way.tls);
  } else if (w.route != nullptr && !w.route->way.host.empty()) {
    through(w, w.route->way);
  } else if (!smart_host.host.empty() && w.route == nullptr) {
    // A route without a host means the domain's own MX.
    through(w, smart_host);
  } else if (q.domain.size() > 2 && q.domain.front() == '[' && q.domain.back() == ']') {
    w.what = way::kind::host;
    w.hop.host = q.domain.substr(1, q.domain.size() - 2);
    if (base::istarts_with(w.hop.host, "ipv6:")) w.hop.host.erase(0, 5);
    w.domain.clear();
  }
  if (w.what == way::kind::mx && w.route == nullptr) w.route = view.route(w.domain);
  if (w.route != nullptr && w.route->dnssec_required) w.dnssec_required = true;
  w.dnssec_requested = q.dnssec_requested && !w.dnssec_required;
  if (w.route != nullptr) w.limits = w.route->limits;
  if (custom) w.limits = first_of(queue->limits, w.limits);
  w.key = key_of(w, q, own);
  return w;
}

std::optional<login> login_for(const delivery_view& view, const way& w, std::string_view host) {
  if (!w.hop.login.empty()) return login{w.hop.login, w.hop.sealed_password, false};
  if (const auto known = view.login_for(host); known != nullptr)
    return login{known->login, known->sealed_password, known->without_tls};
  return {};
}

std::optional<std::string> without_require_tls(std::string_view address) {
  const auto at = address.rfind('@');
  if (at == std::string_view::npos) return {};
  std::string kept;
  bool found = false;
  const auto parts = base::split(address.substr(0, at), '+');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0 && base::iequals(parts[i], "requiretls")) {
      found = true;
      continue;
    }
    if (i > 0) kept.push_back('+');
    kept += parts[i];
  }
  if (!found || kept.empty()) return {};
  return kept.append(address.substr(at));
}

} // namespace rookery::delivery
