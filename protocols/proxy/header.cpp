#include "protocols/proxy/header.hpp"

#include "base/text.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace rookery::proxy {

namespace {

constexpr std::string_view signature_2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view signature_1 = "PROXY ";

using outcome = base::result<header, header_error>;

/// The canonical text of an address in text or network form; empty when it is none.
std::string canonical(int family, const void* octets) {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(family, octets, text, sizeof text) != nullptr ? text : "";
}

std::string canonical(int family, std::string_view text) {
  unsigned char octets[16];
  return inet_pton(family, std::string(text).c_str(), octets) == 1 ? canonical(family, octets) : "";
}

bool read_port(std::string_view text, std::uint16_t& port) {
  const auto number = base::parse_u32(text);
  if (!number || *number > 65535 || (text.size() > 1 && text[0] == '0')) return false;
  port = static_cast<std::uint16_t>(*number);
  return true;
}

outcome read_1(base::const_bytes input) {
  // The first LF decides: either it ends the line, or this is no header.
  const auto lf = input.substr(0, line_octets_max).find('\n');
  if (lf == base::const_bytes::npos)
    return base::fail(input.size() < line_octets_max ? header_error::incomplete : header_error::malformed);
  if (input[lf - 1] != '\r') return base::fail(header_error::malformed);
  const auto end = lf - 1;
  header h;
  h.octets = end + 2;
  const auto words = base::split(input.substr(signature_1.size(), end - signature_1.size()), ' ');
  if (words[0] == "UNKNOWN") {
    h.local = true;
    return h;
  }
  if (words.size() != 5 || (words[0] != "TCP4" && words[0] != "TCP6")) return base::fail(header_error::malformed);
  const int family = words[0] == "TCP4" ? AF_INET : AF_INET6;
  h.source_address = canonical(family, words[1]);
  h.destination_address = canonical(family, words[2]);
  if (h.source_address.empty() || h.destination_address.empty() || !read_port(words[3], h.source_port) ||
      !read_port(words[4], h.destination_port))
    return base::fail(header_error::malformed);
  return h;
}

outcome read_2(base::const_bytes input) {
  if (input.size() < 16) return base::fail(header_error::incomplete);
  const auto octet = [&input](std::size_t at) { return static_cast<unsigned char>(input[at]); };
  const auto number = [&octet](std::size_t at) { return static_cast<std::uint16_t>(octet(at) << 8 | octet(at + 1)); };
  const unsigned version = octet(12) >> 4, command = octet(12) & 15, family = octet(13) >> 4, transport = octet(13) & 15;
  const std::size_t length = number(14);
  if (version != 2 || command > 1 || 16 + length > header_octets_max) return base::fail(header_error::malformed);
  if (input.size() < 16 + length) return base::fail(header_error::incomplete);
  header h;
  h.octets = 16 + length;
  h.local = command == 0 || transport != 1 || (family != 1 && family != 2);
  if (h.local) return h;
  const std::size_t size = family == 1 ? 4 : 16;
  if (length < 2 * size + 4) return base::fail(header_error::malformed);
  const int af = family == 1 ? AF_INET : AF_INET6;
  h.source_address = canonical(af, static_cast<const void*>(input.data() + 16));
  h.destination_address = canonical(af, static_cast<const void*>(input.data() + 16 + size));
  h.source_port = number(16 + 2 * size);
  h.destination_port = number(18 + 2 * size);
  return h;
}

} // namespace

outcome read_header(base::const_bytes input) {
  const auto begins = [&input](std::string_view signature) {
    const auto n = std::min(input.size(), signature.size());
    return input.substr(0, n) == signature.substr(0, n);
  };
  for (const auto signature : {signature_1, signature_2}) {
    if (!begins(signature)) continue;
    if (input.size() < signature.size()) return base::fail(header_error::incomplete);
    return signature == signature_1 ? read_1(input) : read_2(input);
  }
  return base::fail(header_error::malformed);
}

long apply_header(base::const_bytes input, connection_facts& facts) {
  const auto h = read_header(input);
  if (!h) return h.error() == header_error::incomplete ? 0 : -1;
  if (!h->local) {
    facts.peer_address = h->source_address;
    facts.peer_port = h->source_port;
    facts.peer_is_loopback = h->source_address.starts_with("127.") || h->source_address == "::1";
  }
  return static_cast<long>(h->octets);
}

} // namespace rookery::proxy
