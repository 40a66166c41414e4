#include "actors/queue/client_tls.hpp"

#include "base/clock.hpp"
#include "storage/file/file_system.hpp"

#include <algorithm>
#include <mutex>

namespace rookery::actors {
namespace {

constexpr std::uint64_t ca_file_octets_max = 16u << 20;
constexpr std::chrono::hours ca_file_age{1};

/// The contexts that all outgoing connections share. A context is immutable; here is only which is the present one.
class contexts {
public:
  base::result<std::shared_ptr<const tls::tls_context>> any() {
    const std::lock_guard hold(lock_);
    if (!any_) {
      tls::client_settings s;
      s.opportunistic = true;
      auto made = tls::tls_context::make_client(std::move(s));
      if (!made) return made;
      any_ = std::move(*made);
    }
    return any_;
  }

  base::result<std::shared_ptr<const tls::tls_context>> trusting(const std::string& ca_file) {
    const std::lock_guard hold(lock_);
    const auto now = base::system_clock().now();
    if (trusting_ && ca_file == ca_file_ && now - read_ < ca_file_age) return trusting_;
    auto pem = storage::posix_file_system().read_all(ca_file, ca_file_octets_max);
    if (!pem) return base::fail(base::error_kind::io, "the trusted certificates cannot be read", pem.error().log.value);
    tls::client_settings s;
    s.trusted_pem = std::move(*pem);
    auto made = tls::tls_context::make_client(std::move(s));
    if (!made) return made;
    trusting_ = std::move(*made);
    ca_file_ = ca_file;
    read_ = now;
    return trusting_;
  }

private:
  std::mutex lock_;
  std::shared_ptr<const tls::tls_context> any_, trusting_;
  std::string ca_file_;
  base::instant read_{};
};

contexts& shared() {
  static contexts all;
  return all;
}

way_failure failure_of(const delivery::tls_verdict& v, const std::string& host, const std::string& text) {
  way_failure out;
  out.as = delivery::of_trouble(v.otherwise, text);
  out.host = host;
  out.in_the_clear = v.what == delivery::tls_step::in_the_clear;
  return out;
}

} // namespace

base::result<client_tls> tls_for(const delivery::tls_demand& demand, const tls_peer& peer, const std::string& ca_file) {
  client_tls out;
  const bool dane = demand.proof == delivery::tls_proof::dane;
  const bool name = demand.proof == delivery::tls_proof::name;
  auto context = name ? shared().trusting(ca_file) : shared().any();
  if (!context) return base::fail(context.error());
  out.context = std::move(*context);
  out.check.mode = dane ? tls::check_mode::dane : name ? tls::check_mode::names : tls::check_mode::none;
  out.server_name = dane ? peer.tls_name : peer.host;
  out.check.names.push_back(out.server_name);
  if (dane) {
    // RFC 7672 §3.2.2: for usage 2 the host's own name and the domain that it serves are right too.
    for (const auto* more : {&peer.host, &peer.next_hop})
      if (!more->empty() && std::find(out.check.names.begin(), out.check.names.end(), *more) == out.check.names.end()) out.check.names.push_back(*more);
    out.check.tlsa = peer.tlsas;
  }
  return out;
}

delivery::tls_result result_of(const connection_facts& f, const smtp::capabilities& c) {
  delivery::tls_result got;
  got.offered = f.tls || c.starttls;
  got.established = f.tls;
  got.proved = f.tls_peer == peer_trust::dane   ? delivery::tls_proof::dane
               : f.tls_peer == peer_trust::pkix ? delivery::tls_proof::name
                                                : delivery::tls_proof::nothing;
  got.failure = f.tls_peer_failure;
  // Whether REQUIRETLS is offered is known after EHLO: smtp::client_session refuses such a transaction without it.
  got.keyword = c.require_tls || !c.extended;
  return got;
}

std::optional<way_failure> judge_peer(const delivery::tls_demand& demand, const std::string& host, const connection_facts& f,
                                      const smtp::capabilities& c) {
  const auto verdict = delivery::judge(demand, result_of(f, c));
  if (verdict.what == delivery::tls_step::go_on) return std::nullopt;
  std::string text = host;
  if (!f.tls) text += " offers no TLS, which is required";
  else text += f.tls_peer_text.empty() ? ": its certificate is not the one that is required" : ": " + f.tls_peer_text;
  return failure_of(verdict, host, text);
}

way_failure tls_broken(const delivery::tls_demand& demand, const std::string& host, bool offered, std::string_view why) {
  delivery::tls_result got;
  got.offered = offered;
  return failure_of(delivery::judge(demand, got), host, host + ": " + std::string(why));
}

} // namespace rookery::actors
