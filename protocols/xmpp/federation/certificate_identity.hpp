/// Whether a certificate speaks for a domain of XMPP.
///
/// Source: RFC 6120 §13.7.1.2, §13.7.2; RFC 6125 §6.4 (dNSName, wildcards), RFC 4985 (SRVName). Whether the certificate
/// is trusted is another question.
#pragma once

#include "protocols/connection_facts.hpp"

#include <string_view>

namespace rookery::xmpp::federation {

/// `domain` in Unicode form. A "*" is one whole label at the left end of a name of three labels or more.
bool speaks_for(const client_certificate&, std::string_view domain);

} // namespace rookery::xmpp::federation
