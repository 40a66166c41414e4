/// An XMPP address: local@domain/resource.
///
/// Source: RFC 7622; the profiles of RFC 8265 (PRECIS), IDNA 2008 for domains.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::xmpp {

/// Each part in its one normal form, so that equal addresses are equal octets. A domain is in lower case and
/// Unicode form.
struct jid {
  std::string local, domain, resource; ///< only the domain is always there

  bool is_bare() const noexcept { return resource.empty(); }
  bool is_domain() const noexcept { return local.empty() && resource.empty(); }
  bool empty() const noexcept { return domain.empty(); }
  jid bare() const { return {local, domain, {}}; }
  jid with_resource(std::string_view r) const { return {local, domain, std::string(r)}; }
  bool same_bare(const jid& other) const noexcept { return local == other.local && domain == other.domain; }
  std::string text() const;
  std::string bare_text() const;
  auto operator<=>(const jid&) const = default;
};

/// Reads and normalises. Nothing when a part is empty where its separator stands, longer than 1,023 octets, or has
/// characters it may not have.
std::optional<jid> read_jid(std::string_view text);
/// The parts alone. `domain`: a name, an IPv4 address or an IPv6 address in brackets.
std::optional<std::string> normal_local(std::string_view text);
std::optional<std::string> normal_domain(std::string_view text);
std::optional<std::string> normal_resource(std::string_view text);

/// XEP-0106: a text of any characters (an address of mail) as a local part, and back.
std::string escape_local(std::string_view text);
std::string unescape_local(std::string_view local);

} // namespace rookery::xmpp

template <>
struct std::hash<rookery::xmpp::jid> {
  std::size_t operator()(const rookery::xmpp::jid& j) const noexcept {
    const std::hash<std::string> of;
    return (of(j.local) * 31 + of(j.domain)) * 31 + of(j.resource);
  }
};
