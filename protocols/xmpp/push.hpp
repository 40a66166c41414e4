/// Notices for phones: what a client asks for, and what the service of its maker is told.
///
/// Source: XEP-0357.
#pragma once

#include "protocols/xmpp/stanza.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace rookery::xmpp {

inline constexpr std::string_view push_space = "urn:xmpp:push:0";

/// Registrations of one account; more are refused. Octets of one, with its form.
inline constexpr std::size_t push_registrations_max = 20;
inline constexpr std::size_t push_registration_octets_max = 4'096;
/// Octets of a message's text in a notice; what is longer is cut.
inline constexpr std::size_t push_text_octets_max = 200;

struct push_registration {
  jid service;
  std::string node;           ///< may be empty
  element options;            ///< the form that goes with each notice; without a name: none
  /// Names it within an account.
  std::string key() const { return service.text() + '\0' + node; }
};

/// Of `<enable/>`, which is also how it is kept.
std::variant<push_registration, condition> read_push_enable(const element& enable);

/// What a notice says.
struct push_summary {
  std::uint64_t messages = 0; ///< since somebody was there to see them
  std::string sender, text;   ///< empty: it is not said
};
/// The notice, without addresses.
element push_notice(const push_registration&, const push_summary&, std::string_view id);

/// An answer of the service that says: do not send these any more (XEP-0357 §7).
bool ends_push(const element& answer);

} // namespace rookery::xmpp
