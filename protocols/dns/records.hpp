/// What the domain name system answers, as values; reading the octets of resource records.
///
/// Source: RFC 1035 §3 (names, MX, TXT, PTR), RFC 2782 (SRV), RFC 3596 (AAAA), RFC 6698 §2 (TLSA), RFC 7505 (null MX).
/// Names are in lower case without a final dot; the root is "". Pure; nothing throws but bad_alloc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::dns {

/// Numbers as IANA gives them.
enum class record_type : std::uint16_t { a = 1, cname = 5, ptr = 12, mx = 15, txt = 16, aaaa = 28, srv = 33, tlsa = 52 };
std::string_view name(record_type) noexcept;

enum class answer_status : std::uint8_t {
  ok,       ///< there are records
  no_data,  ///< the name exists, but has none of this type
  no_name,  ///< NXDOMAIN
  bogus,    ///< DNSSEC validation failed: as if nobody had answered, but never to be ignored
  failed    ///< no answer, SERVFAIL, refused, timed out
};
std::string_view name(answer_status) noexcept;

/// The answer to one question.
struct answer {
  answer_status status = answer_status::failed;
  bool secure = false;               ///< validated by DNSSEC, also that there is nothing
  std::uint32_t ttl = 0;             ///< seconds
  std::string canonical_name;        ///< at the end of the CNAMEs; the name asked for when there are none
  std::vector<std::string> records;  ///< RDATA octets, names in them uncompressed
  std::string why;                   ///< of `bogus` and `failed`; for logs

  /// Nobody knows: ask again later.
  bool try_later() const noexcept { return status == answer_status::bogus || status == answer_status::failed; }
};

struct mx {
  std::uint16_t preference = 0;
  std::string host;                  ///< "" is the null MX: the domain takes no mail
  bool operator==(const mx&) const = default;
};
struct srv {
  std::uint16_t priority = 0, weight = 0, port = 0;
  std::string host;                  ///< "": the service is decidedly not there
  bool operator==(const srv&) const = default;
};
struct tlsa {
  std::uint8_t usage = 0, selector = 0, matching = 0;
  std::string data;
  bool operator==(const tlsa&) const = default;
};

// Nothing when the octets are no such record.
std::optional<std::string> read_address(record_type, std::string_view rdata);  ///< A, AAAA: text form
std::optional<mx> read_mx(std::string_view rdata);
std::optional<srv> read_srv(std::string_view rdata);
std::optional<tlsa> read_tlsa(std::string_view rdata);
std::optional<std::string> read_text(std::string_view rdata);                  ///< TXT: its strings joined (RFC 7208 §3.3)
std::optional<std::string> read_name(std::string_view rdata);                  ///< PTR, CNAME

/// All records of an answer that can be read; others are left out.
std::vector<std::string> addresses(record_type, const answer&);
std::vector<mx> mxs(const answer&);
std::vector<srv> srvs(const answer&);
std::vector<tlsa> tlsas(const answer&);
std::vector<std::string> texts(const answer&);

/// In the order of attempts (RFC 2782): by priority, within one by weighted lot; the same for the same `seed`.
std::vector<srv> in_order(std::vector<srv>, std::uint64_t seed);

/// "4.3.2.1.in-addr.arpa" and its IPv6 form (RFC 1035 §3.5, RFC 3596 §2.5); nothing when it is no address.
std::optional<std::string> reverse_name(std::string_view address);

} // namespace rookery::dns
