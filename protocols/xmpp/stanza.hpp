/// Stanzas: their kinds, errors and answers.
///
/// Source: RFC 6120 §8.
#pragma once

#include "protocols/xml/element.hpp"
#include "protocols/xmpp/jid.hpp"
#include "protocols/xmpp/namespaces.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::xmpp {

using xml::element;

enum class stanza_kind : std::uint8_t { message, presence, iq };
/// Nothing when it is no stanza of a client's stream.
std::optional<stanza_kind> kind_of(const element&) noexcept;

/// RFC 6120 §8.3.3, in its order.
enum class condition : std::uint8_t {
  bad_request, conflict, feature_not_implemented, forbidden, gone, internal_server_error, item_not_found, jid_malformed,
  not_acceptable, not_allowed, not_authorized, policy_violation, recipient_unavailable, redirect, registration_required,
  remote_server_not_found, remote_server_timeout, resource_constraint, service_unavailable, subscription_required,
  undefined_condition, unexpected_request
};
/// "bad-request" and so on.
std::string_view name(condition) noexcept;
/// "cancel", "modify", "auth" or "wait": what RFC 6120 §8.3.3 says for it.
std::string_view usual_type(condition) noexcept;

/// An error as it stands in a stanza of the namespace `stanza_space`.
element error_element(condition, std::string_view text = {}, std::string_view type = {},
                      std::string_view stanza_space = space::client);
/// The answer to a stanza: same kind and id, addresses turned, type "error". RFC 6120 §8.3.1: what was sent is not repeated.
element error_reply(const element& stanza, condition, std::string_view text = {}, std::string_view type = {});
/// The answer to an IQ request: same id, addresses turned, type "result".
element iq_result(const element& iq);
/// Type "get" or "set".
bool is_request(const element& iq) noexcept;
/// An error or a result: nobody answers those.
bool is_answer(const element& stanza) noexcept;

/// A new IQ of the client namespace.
element make_iq(std::string_view type, std::string_view id);
element make_message(std::string_view type);
element make_presence(std::string_view type = {});

/// What was encoded without its namespace, as stanzas are within a stream, gets it back.
void adopt_client_space(element&);

/// RFC 6120 §8.2.3: an IQ has an id and one of four types; a request has exactly one child, a result one at most.
/// Message and presence have a type that RFC 6121 knows, or a type of message that counts as "normal".
bool well_shaped(const element& stanza) noexcept;

} // namespace rookery::xmpp
