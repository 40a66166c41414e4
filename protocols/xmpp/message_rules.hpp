/// What a server does with a message besides delivering it: copies, archive, keeping it for later.
///
/// Source: RFC 6121 §8.5.2; XEP-0280 §6 (carbons), XEP-0313 §5 (archive), XEP-0160 (offline), XEP-0334 (hints),
/// XEP-0359 (stanza ids), XEP-0203 (delay), XEP-0424 (retraction).
#pragma once

#include "base/clock.hpp"
#include "protocols/xmpp/stanza.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::xmpp {

enum class message_type : std::uint8_t { normal, chat, groupchat, headline, error };
message_type type_of(const element& message) noexcept;

/// Belongs into the archives of both sides.
bool belongs_in_archive(const element& message) noexcept;
/// Is kept for a user who has no client there.
bool is_kept_for_later(const element& message) noexcept;
/// The user's other clients get a copy of it, sent or received.
bool is_copied(const element& message) noexcept;

/// The id of the message that this one takes back (XEP-0424 §3.1); empty: none.
std::string_view retracted_id(const element& message) noexcept;
/// Is the archived message the one of that id, by the same person? Rooms have their own rules.
bool is_taken_back(const element& archived, std::string_view id, const jid& author) noexcept;
/// What stays of it in an archive (XEP-0424 §4.1).
element tombstone(const element& archived, const element& retraction, base::wall_time);

/// Takes away stanza ids that claim to be of `by` (XEP-0359 §6): only we give those.
void drop_stanza_ids(element& message, std::string_view by);
void add_stanza_id(element& message, std::string_view id, std::string_view by);
/// XEP-0203
void add_delay(element& stanza, base::wall_time, std::string_view from);
/// XEP-0297: a stanza within another.
element forwarded(const element& stanza, const base::wall_time* when = nullptr);
/// The copy of a message for another client of the same user; `kind`: "sent" or "received".
element carbon(const element& message, std::string_view kind, const jid& client);

} // namespace rookery::xmpp
