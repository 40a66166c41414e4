/// What a domain of ours answers for itself to whoever asks: its abilities, its services, ping, version, time.
///
/// Source: XEP-0030, XEP-0115, XEP-0199, XEP-0092, XEP-0202, XEP-0012.
#pragma once

#include "protocols/xmpp/stanza.hpp"

#include <optional>
#include <string_view>
#include <variant>

namespace rookery::actors {

struct node;
class chat_router;

/// `iq`: a request to the domain; any thread. An error, or nothing: this is not answered here.
std::variant<std::monostate, xmpp::element, xmpp::condition> answer_of_domain(const node&, const chat_router&, std::string_view domain,
                                                                              const xmpp::element& iq);

} // namespace rookery::actors
