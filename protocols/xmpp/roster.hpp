/// One contact of a roster, and what presence of the types of subscription does to it.
///
/// Source: RFC 6121 §2.1.2 (items), §3 (subscriptions), appendix A (states).
#pragma once

#include "protocols/xml/element.hpp"
#include "protocols/xmpp/jid.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::xmpp {

struct roster_limits {
  std::size_t items = 5'000;
  std::size_t name_octets = 1023;   ///< RFC 6121 §2.1.2.4, §2.1.2.6
  std::size_t groups = 100;         ///< of one item
};

struct roster_item {
  jid contact;                      ///< bare
  std::string name;
  std::vector<std::string> groups;  ///< none twice
  bool to = false;                  ///< we see the contact's presence
  bool from = false;                ///< the contact sees ours
  bool ask = false;                 ///< we asked, no answer yet
  bool pending_in = false;          ///< the contact asked, no answer yet
  bool approved = false;            ///< the contact needs no answer when he asks (RFC 6121 §3.4)
  bool listed = false;              ///< in the roster as clients see it; else only an open question of the contact
  std::string request;              ///< what the contact said when he asked: a status text

  bool operator==(const roster_item&) const = default;
  bool has_state() const noexcept { return to || from || ask || pending_in || approved || listed; }
};

/// "none", "to", "from", "both".
std::string_view subscription(const roster_item&) noexcept;
/// As a client sees it (RFC 6121 §2.1).
xml::element shown(const roster_item&);
/// As it is stored, and read again; nothing for what is no item.
std::string encode(const roster_item&);
std::optional<roster_item> read_roster_item(std::string_view stored);

/// What a client sets (RFC 6121 §2.3): the item's name and groups, or its removal.
struct roster_change {
  jid contact;
  std::string name;
  std::vector<std::string> groups;
  bool remove = false;
};
enum class roster_fault : std::uint8_t { bad_request, not_acceptable };
/// Reads the query of an IQ set. RFC 6121 §2.3.3: one item; no group empty, doubled or too long.
std::optional<roster_change> read_roster_change(const xml::element& query, const roster_limits&, roster_fault& why);

enum class subscription_step : std::uint8_t { subscribe, subscribed, unsubscribe, unsubscribed };
/// The type of a presence stanza.
std::optional<subscription_step> subscription_step_of(std::string_view type) noexcept;
std::string_view name(subscription_step) noexcept;

/// What comes of it for the side whose item it is.
struct subscription_outcome {
  bool changed = false;   ///< the item is another now: store it, and push it if it is listed
  bool pass_on = false;   ///< outbound: to the contact; inbound: to the user's clients
  bool answer = false;    ///< inbound: the contact gets "subscribed" at once (appendix A.3.1 note, §3.4)
  bool shows = false;     ///< the contact may see our presence from now on: it is sent
  bool hides = false;     ///< and not any more: unavailable is sent
};
/// The user says it to the contact (RFC 6121 appendix A.2).
subscription_outcome say(roster_item&, subscription_step);
/// The contact says it to the user (RFC 6121 appendix A.3).
subscription_outcome hear(roster_item&, subscription_step);

} // namespace rookery::xmpp
