/// Which way a recipient's mail goes out, and the string that names this way to the dispatcher.
///
/// In this order: the message's own route, its custom queue, the gateway or the route of the recipient's
/// domain, the smart host, the domain's own MX hosts. What goes the same way has the same string, whatever
/// queue it waits in; another login or other wishes for TLS make another string.
///
/// Source: RFC 5321 §3.6, §5.1; RFC 8689. Pure; thread-safe.
#pragma once

#include "policy/delivery/delivery_view.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::delivery {

struct route_question {
  std::string_view domain;          ///< of the recipient: canonical, or an address literal "[192.0.2.1]"
  bool ours = false;                ///< a domain of this server
  std::string_view queue;           ///< in which it waits
  const relay* own = nullptr;       ///< the message's own route; null: none
  bool require_tls = false, tls_optional = false, dnssec_required = false, dnssec_requested = false; ///< of the message
};

struct way {
  enum class kind : std::uint8_t {
    local,  ///< into mailboxes here
    home,   ///< to another node of the cluster, where the mailbox is
    mx,     ///< the MX hosts of `domain`
    host    ///< `hop.host`, without asking for MX
  } what = kind::mx;
  std::string domain;               ///< whose MX and whose policies (MTA-STS) count; "" for `host`
  relay hop;                        ///< port, TLS, login; `host` with `kind::host`
  std::string queue;                ///< where it waits if that is another queue than asked for; else ""
  tls_use tls = tls_use::when_offered; ///< the strictest of all that is written
  std::shared_ptr<const route_record> route;  ///< of the domain, for DANE, source addresses, EHLO name; may be null
  std::string return_path;          ///< replaces the envelope sender; "": none does
  own_limits limits;
  std::string gateway;              ///< the domain, when it is one; such a way is for this domain alone
  bool on_request = false;          ///< only when its server asks, or is connected to us
  bool require_tls = false, tls_optional = false, dnssec_required = false; ///< all its mail wants it
  bool dnssec_requested = false;    ///< and it had better be validated; not together with `dnssec_required`
  std::string key;                  ///< the dispatcher's destination
};

/// The way to a volume of another node: "home:4".
way home_way(std::uint64_t volume);
/// The volume of such a key; nothing: another kind of way.
std::optional<std::uint64_t> home_of_key(std::string_view key) noexcept;

/// `smart_host` with an empty host: none. The answer holds until the view changes.
way choose(const delivery_view&, const route_question&, const relay& smart_host);

struct login {
  std::string name, sealed_password;
  bool without_tls = false;
};
/// The way's own login, else that written for the host. Nothing: none is known.
std::optional<login> login_for(const delivery_view&, const way&, std::string_view host);

/// "ann+requiretls@b.example" → "ann@b.example"; nothing when no part of the detail asks for TLS
/// (any case). For recipients written by a sender who cannot set REQUIRETLS.
std::optional<std::string> without_require_tls(std::string_view address);

} // namespace rookery::delivery
