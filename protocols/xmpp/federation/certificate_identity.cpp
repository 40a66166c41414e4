#include "protocols/xmpp/federation/certificate_identity.hpp"

#include "protocols/charset/idna.hpp"
#include "protocols/xmpp/jid.hpp"

#include <algorithm>
#include <string>

namespace rookery::xmpp::federation {
namespace {

bool name_fits(std::string_view name, std::string_view domain) {
  if (!name.starts_with("*.")) return name == domain;
  const auto rest = name.substr(1), dot = domain.substr(std::min(domain.find('.'), domain.size()));
  return rest == dot && rest.find('.', 1) != std::string_view::npos && rest.find('*') == std::string_view::npos && domain.size() > rest.size();
}

} // namespace

bool speaks_for(const client_certificate& c, std::string_view domain) {
  const auto unicode = normal_domain(domain);
  const auto ascii = unicode ? charset::domain_to_ascii(*unicode) : std::nullopt;
  if (!ascii) return false;
  if (std::any_of(c.xmpp_addresses.begin(), c.xmpp_addresses.end(), [&](const std::string& a) {
        const auto j = read_jid(a);
        return j && j->is_domain() && j->domain == *unicode;
      }))
    return true;
  if (std::find(c.services.begin(), c.services.end(), "_xmpp-server." + *ascii) != c.services.end()) return true;
  return std::any_of(c.domains.begin(), c.domains.end(), [&](const std::string& n) { return name_fits(n, *ascii); });
}

} // namespace rookery::xmpp::federation
