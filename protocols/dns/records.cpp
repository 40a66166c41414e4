#include "protocols/dns/records.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace rookery::dns {
namespace {

constexpr std::size_t name_octets_max = 255;
constexpr std::size_t label_octets_max = 63;

std::uint8_t octet(std::string_view s, std::size_t at) { return static_cast<std::uint8_t>(s[at]); }

/// Reads an uncompressed name at the front of `wire` and takes it away.
std::optional<std::string> take_name(std::string_view& wire) {
  std::string out;
  for (std::size_t at = 0;;) {
    if (at >= wire.size() || at >= name_octets_max) return std::nullopt;
    const std::size_t length = octet(wire, at);
    ++at;
    if (length == 0) {
      wire.remove_prefix(at);
      return out;
    }
    if (length > label_octets_max || at + length > wire.size()) return std::nullopt;
    if (!out.empty()) out.push_back('.');
    for (const char c : wire.substr(at, length)) {
      // A dot within a label, or an octet that no host name has, would be read as something else later.
      if (c == '.' || static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f) return std::nullopt;
      out.push_back(base::ascii_lower(c));
    }
    at += length;
  }
}

template <class T, class Read>
std::vector<T> each(const answer& a, Read&& read) {
  std::vector<T> out;
  for (const auto& r : a.records)
    if (auto one = read(r)) out.push_back(std::move(*one));
  return out;
}

} // namespace

std::string_view name(record_type t) noexcept {
  switch (t) {
  case record_type::a: return "A";
  case record_type::cname: return "CNAME";
  case record_type::ptr: return "PTR";
  case record_type::mx: return "MX";
  case record_type::txt: return "TXT";
  case record_type::aaaa: return "AAAA";
  case record_type::srv: return "SRV";
  case record_type::tlsa: return "TLSA";
  }
  return "?";
}

std::string_view name(answer_status s) noexcept {
  static constexpr std::string_view names[] = {"ok", "no data", "no such name", "bogus", "failed"};
  return names[static_cast<std::size_t>(s)];
}

std::optional<std::string> read_address(record_type type, std::string_view rdata) {
  char text[INET6_ADDRSTRLEN];
  if (type == record_type::a && rdata.size() == 4 && ::inet_ntop(AF_INET, rdata.data(), text, sizeof text)) return text;
  if (type == record_type::aaaa && rdata.size() == 16 && ::inet_ntop(AF_INET6, rdata.data(), text, sizeof text)) return text;
  return std::nullopt;
}

std::optional<mx> read_mx(std::string_view rdata) {
  if (rdata.size() < 3) return std::nullopt;
  mx out;
  out.preference = static_cast<std::uint16_t>(octet(rdata, 0) << 8 | octet(rdata, 1));
  rdata.remove_prefix(2);
  auto host = take_name(rdata);
  if (!host || !rdata.empty()) return std::nullopt;
  out.host = std::move(*host);
  return out;
}

std::optional<srv> read_srv(std::string_view rdata) {
  if (rdata.size() < 7) return std::nullopt;
  const auto number = [&](std::size_t at) { return static_cast<std::uint16_t>(octet(rdata, at) << 8 | octet(rdata, at + 1)); };
  srv out{number(0), number(2), number(4), {}};
  rdata.remove_prefix(6);
  auto host = take_name(rdata);
  if (!host || !rdata.empty()) return std::nullopt;
  out.host = std::move(*host);
  return out;
}

std::optional<tlsa> read_tlsa(std::string_view rdata) {
  if (rdata.size() < 4) return std::nullopt;
  return tlsa{octet(rdata, 0), octet(rdata, 1), octet(rdata, 2), std::string(rdata.substr(3))};
}

std::optional<std::string> read_text(std::string_view rdata) {
  if (rdata.empty()) return std::nullopt;
  std::string out;
  while (!rdata.empty()) {
    const std::size_t length = octet(rdata, 0);
    if (length + 1 > rdata.size()) return std::nullopt;
    out.append(rdata.substr(1, length));
    rdata.remove_prefix(length + 1);
  }
  return out;
}

std::optional<std::string> read_name(std::string_view rdata) {
  auto out = take_name(rdata);
  return rdata.empty() ? out : std::nullopt;
}

std::vector<std::string> addresses(record_type type, const answer& a) {
  return each<std::string>(a, [type](const std::string& r) { return read_address(type, r); });
}
std::vector<mx> mxs(const answer& a) {
  return each<mx>(a, [](const std::string& r) { return read_mx(r); });
}
std::vector<srv> srvs(const answer& a) {
  return each<srv>(a, [](const std::string& r) { return read_srv(r); });
}
std::vector<tlsa> tlsas(const answer& a) {
  return each<tlsa>(a, [](const std::string& r) { return read_tlsa(r); });
}
std::vector<std::string> texts(const answer& a) {
  return each<std::string>(a, [](const std::string& r) { return read_text(r); });
}

std::vector<srv> in_order(std::vector<srv> all, std::uint64_t seed) {
  // Those without a weight first among equals, so that they keep their small chance.
  std::stable_sort(all.begin(), all.end(), [](const srv& a, const srv& b) {
    return a.priority != b.priority ? a.priority < b.priority : (a.weight == 0) > (b.weight == 0);
  });
  const auto draw = [&seed](std::uint64_t most) {
    // splitmix64
    auto z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % (most + 1);
  };
  for (auto at = all.begin(); at != all.end(); ++at) {
    std::uint64_t sum = 0;
    auto end = at;
    for (; end != all.end() && end->priority == at->priority; ++end) sum += end->weight;
    const auto lot = draw(sum);
    std::uint64_t running = 0;
    for (auto chosen = at; chosen != end; ++chosen)
      if ((running += chosen->weight) >= lot) {
        std::rotate(at, chosen, chosen + 1);
        break;
      }
  }
  return all;
}

std::optional<std::string> reverse_name(std::string_view address) {
  const std::string text(address);
  unsigned char octets[16];
  std::string out;
  if (::inet_pton(AF_INET, text.c_str(), octets) == 1) {
    for (int i = 3; i >= 0; --i) out += std::to_string(octets[i]) + '.';
    return out + "in-addr.arpa";
  }
  if (::inet_pton(AF_INET6, text.c_str(), octets) != 1) return std::nullopt;
  constexpr char digits[] = "0123456789abcdef";
  for (int i = 15; i >= 0; --i) {
    out += digits[octets[i] & 15];
    out += '.';
    out += digits[octets[i] >> 4];
    out += '.';
  }
  return out + "ip6.arpa";
}

} // namespace rookery::dns
