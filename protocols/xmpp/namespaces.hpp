/// The namespaces of XMPP that more than one file needs.
#pragma once

#include <string_view>

namespace rookery::xmpp::space {

inline constexpr std::string_view client = "jabber:client";
inline constexpr std::string_view server = "jabber:server";
inline constexpr std::string_view dialback = "jabber:server:dialback";           // XEP-0220
inline constexpr std::string_view dialback_feature = "urn:xmpp:features:dialback";
inline constexpr std::string_view bidi = "urn:xmpp:bidi";                        // XEP-0288
inline constexpr std::string_view bidi_feature = "urn:xmpp:features:bidi";
inline constexpr std::string_view streams = "http://etherx.jabber.org/streams";
inline constexpr std::string_view framing = "urn:ietf:params:xml:ns:xmpp-framing"; // RFC 7395
inline constexpr std::string_view stream_errors = "urn:ietf:params:xml:ns:xmpp-streams";
inline constexpr std::string_view stanzas = "urn:ietf:params:xml:ns:xmpp-stanzas";
inline constexpr std::string_view tls = "urn:ietf:params:xml:ns:xmpp-tls";
inline constexpr std::string_view sasl = "urn:ietf:params:xml:ns:xmpp-sasl";
inline constexpr std::string_view channel_binding = "urn:xmpp:sasl-cb:0";       // XEP-0440
inline constexpr std::string_view bind = "urn:ietf:params:xml:ns:xmpp-bind";
inline constexpr std::string_view session = "urn:ietf:params:xml:ns:xmpp-session";
inline constexpr std::string_view stream_management = "urn:xmpp:sm:3";           // XEP-0198
inline constexpr std::string_view client_state = "urn:xmpp:csi:0";               // XEP-0352
inline constexpr std::string_view pre_approval = "urn:xmpp:features:pre-approval";
inline constexpr std::string_view roster_versions = "urn:xmpp:features:rosterver";
inline constexpr std::string_view roster = "jabber:iq:roster";
inline constexpr std::string_view private_xml = "jabber:iq:private";             // XEP-0049
inline constexpr std::string_view registration = "jabber:iq:register";           // XEP-0077
inline constexpr std::string_view registration_feature = "http://jabber.org/features/iq-register";
inline constexpr std::string_view vcard_temp = "vcard-temp";                     // XEP-0054
inline constexpr std::string_view last_activity = "jabber:iq:last";              // XEP-0012
inline constexpr std::string_view version = "jabber:iq:version";                 // XEP-0092
inline constexpr std::string_view ping = "urn:xmpp:ping";                        // XEP-0199
inline constexpr std::string_view time = "urn:xmpp:time";                        // XEP-0202
inline constexpr std::string_view disco_info = "http://jabber.org/protocol/disco#info"; // XEP-0030
inline constexpr std::string_view disco_items = "http://jabber.org/protocol/disco#items";
inline constexpr std::string_view caps = "http://jabber.org/protocol/caps";      // XEP-0115
inline constexpr std::string_view carbons = "urn:xmpp:carbons:2";                // XEP-0280
inline constexpr std::string_view forward = "urn:xmpp:forward:0";                // XEP-0297
inline constexpr std::string_view delay = "urn:xmpp:delay";                      // XEP-0203
inline constexpr std::string_view archive = "urn:xmpp:mam:2";                    // XEP-0313
inline constexpr std::string_view stanza_ids = "urn:xmpp:sid:0";                 // XEP-0359
inline constexpr std::string_view hints = "urn:xmpp:hints";                      // XEP-0334
inline constexpr std::string_view blocking = "urn:xmpp:blocking";                // XEP-0191
inline constexpr std::string_view blocking_errors = "urn:xmpp:blocking:errors";
inline constexpr std::string_view result_sets = "http://jabber.org/protocol/rsm"; // XEP-0059
inline constexpr std::string_view forms = "jabber:x:data";                       // XEP-0004
inline constexpr std::string_view muc = "http://jabber.org/protocol/muc";        // XEP-0045
inline constexpr std::string_view muc_user = "http://jabber.org/protocol/muc#user";
inline constexpr std::string_view receipts = "urn:xmpp:receipts";                // XEP-0184
inline constexpr std::string_view markers = "urn:xmpp:chat-markers:0";           // XEP-0333
inline constexpr std::string_view chat_states = "http://jabber.org/protocol/chatstates"; // XEP-0085

} // namespace rookery::xmpp::space
