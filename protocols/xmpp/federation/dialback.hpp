/// Keys of dialback: by them a server says that a stream is its own, when it is asked at the place that the domain name
/// system gives.
///
/// Source: XEP-0220 §2; XEP-0185 §3 (how a key is made, so that whoever has the secret can judge it without memory).
#pragma once

#include <string>
#include <string_view>

namespace rookery::xmpp::federation {

/// `receiving`: the domain that is to believe it; `originating`: whose stream it is; `id`: of the stream, as the receiving
/// server gave it. 64 characters.
std::string dialback_key(std::string_view secret, std::string_view receiving, std::string_view originating, std::string_view id);
/// In a time that says nothing about where they differ.
bool is_dialback_key(std::string_view key, std::string_view secret, std::string_view receiving, std::string_view originating, std::string_view id);

} // namespace rookery::xmpp::federation
