/// The messages of OAUTHBEARER and XOAUTH2: a bearer token and whom it is for.
///
/// Source: RFC 7628 §3.1 (client's message), §3.2.2 (error); RFC 6750 §2.1 (the token); XOAUTH2 as
/// Google and Microsoft document it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rookery::sasl {

/// `authzid` may be empty with OAUTHBEARER: the token says who it is. So may `token`: such a client
/// wants to hear where it gets one (RFC 7628 §4.3).
struct bearer_message { std::string authzid, token; };

/// "n,a=user@example.org,^Ahost=…^Aport=143^Aauth=Bearer …^A^A". Nothing for a message that breaks the
/// syntax, uses channel binding, or has another scheme than Bearer.
std::optional<bearer_message> read_oauthbearer(std::string_view);
/// "user=someuser@example.org^Aauth=Bearer …^A^A".
std::optional<bearer_message> read_xoauth2(std::string_view);

/// {"status":"invalid_token","scope":…,"openid-configuration":…}; what is empty is left out.
std::string bearer_refusal(std::string_view scope, std::string_view discovery);
/// {"status":"401","schemes":"bearer","scope":…}
std::string xoauth2_refusal(std::string_view scope);

} // namespace rookery::sasl
