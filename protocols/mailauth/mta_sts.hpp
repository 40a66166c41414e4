/// MTA-STS: what a domain says about TLS to its mail hosts, and for how long we believe it.
///
/// Source: RFC 8461 §3 (record, policy file, fetching), §4.1 (names of hosts), §5.1 (a policy in the
/// cache is followed). Pure: who asks name servers and fetches files is elsewhere.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::mailauth {

inline constexpr std::size_t sts_policy_octets_max = 64 * 1024; ///< RFC 8461 §3.2 asks for a limit
inline constexpr std::size_t sts_hosts_max = 500;               ///< "mx" lines; a policy with more is invalid
inline constexpr std::uint32_t sts_age_seconds_max = 31557600;  ///< a year; a longer max_age counts as this

/// "_mta-sts.example.org": where the TXT record is.
std::string sts_record_name(std::string_view domain);
/// "https://mta-sts.example.org/.well-known/mta-sts.txt"
std::string sts_policy_url(std::string_view domain);

/// RFC 8461 §3.1: the id in the one valid TXT record; nothing when there is none, or more than one.
std::optional<std::string> read_sts_records(const std::vector<std::string>& texts);
/// The text of such a record. `id`: 1 to 32 letters and digits.
std::string print_sts_record(std::string_view id);

enum class sts_mode : std::uint8_t { none, testing, enforce };
std::string_view name(sts_mode) noexcept;
std::optional<sts_mode> sts_mode_named(std::string_view) noexcept;

struct sts_policy {
  sts_mode mode = sts_mode::none;
  std::uint32_t max_age_seconds = 0;
  std::vector<std::string> hosts;   ///< lower case; "*." at the front takes one label
  friend bool operator==(const sts_policy&, const sts_policy&) = default;
};

/// RFC 8461 §3.2: a policy file. Fails with `invalid`, or `over_limit`; the text says what is wrong.
base::result<sts_policy> read_sts_policy(std::string_view text);
/// A policy file of our own; `read_sts_policy` reads it back.
std::string print_sts_policy(const sts_policy&);
/// May this stand in an "mx" line?
bool sts_host_pattern(std::string_view) noexcept;
/// RFC 8461 §3.2: is this the media type of a policy, "text/plain" with any parameters?
bool sts_media_type(std::string_view content_type) noexcept;
/// RFC 8461 §4.1: is `host` (any case, with or without final dot) among the policy's?
bool covers(const sts_policy&, std::string_view host);

/// An id that changes with the policy: 32 hex digits.
std::string sts_policy_id(const sts_policy&);

/// What is remembered of a domain: its last good policy, and the last fetch that failed.
struct sts_entry {
  std::string id;                   ///< of the record that `policy` was fetched for
  std::optional<sts_policy> policy;
  base::wall_time fetched{};
  std::string failed_id;            ///< the fetch for this id failed last
  std::string failure;              ///< RFC 8460 §4.3: "sts-policy-fetch-error" …; "" when the last fetch went well
  base::wall_time failed{};

  /// The policy, while it may be followed.
  const sts_policy* valid(base::wall_time now) const noexcept;
  /// When the entry may be forgotten.
  base::wall_time until() const noexcept;
  friend bool operator==(const sts_entry&, const sts_entry&) = default;
};

/// RFC 8461 §3.3: after a failure the same id is not tried again for so long.
inline constexpr std::chrono::minutes sts_retry{5};
/// RFC 8461 §10.2 advises to look at a known policy again about once a day, so that it does not run out.
inline constexpr std::chrono::hours sts_refresh{24};

/// Shall the policy be fetched now? `record_id`: from the TXT record of this moment; nothing when there is
/// none or name servers do not answer: then what is in the cache is followed as long as it is valid.
bool wants_fetch(const sts_entry* known, const std::optional<std::string>& record_id, base::wall_time now);

void note_fetched(sts_entry&, std::string_view id, sts_policy, base::wall_time now);
void note_failed(sts_entry&, std::string_view id, std::string_view failure, base::wall_time now);

/// For a note of the spool. Decoding gives nothing for octets of another version or damaged ones.
std::string encode(const sts_entry&);
std::optional<sts_entry> decode_sts_entry(std::string_view octets);

} // namespace rookery::mailauth
