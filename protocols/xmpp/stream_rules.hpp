/// What streams of clients and of servers have in common: how fast they are read, versions, how errors are said.
///
/// Source: RFC 6120 §4.7.5, §4.9.
#pragma once

#include "base/clock.hpp"
#include "protocols/xml/reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::xmpp {

/// RFC 6120 §4.9.3, those that are used.
enum class stream_fault : std::uint8_t {
  bad_format, conflict, connection_timeout, host_gone, host_unknown, improper_addressing, internal_server_error, invalid_from,
  invalid_namespace, invalid_xml, not_authorized, not_well_formed, policy_violation, remote_connection_failed, reset,
  resource_constraint, restricted_xml, system_shutdown, undefined_condition, unsupported_encoding,
  unsupported_feature, unsupported_stanza_type, unsupported_version
};
/// "bad-format" and so on.
std::string_view name(stream_fault) noexcept;
/// What is said for XML that is refused.
stream_fault fault_of(xml::fault) noexcept;
/// `<stream:error>` with its content, for a place where `stream` is a prefix.
std::string stream_error(stream_fault, std::string_view text);
/// RFC 6120 §4.7.5: 1.0 or a later minor of it, or a greater major number.
bool version_fits(std::string_view version) noexcept;

/// A stream may send so many octets a second after a burst; a faster one is read more slowly.
class stream_pace {
public:
  /// A rate of 0: no bound.
  stream_pace(std::uint64_t octets_a_second, std::uint64_t burst_octets, base::instant now)
      : rate_(octets_a_second), burst_(static_cast<std::int64_t>(burst_octets)), allowance_(burst_), refilled_(now) {}
  void refill(base::instant now) noexcept;
  /// Octets were read. They are paid for when what they belong to is `complete`: when it stops does not depend on
  /// how it was cut.
  void spend(std::size_t octets, bool complete) noexcept;
  bool throttled() const noexcept { return rate_ != 0 && allowance_ < 0; }
  /// When reading goes on, if it is throttled.
  std::optional<base::instant> until() const noexcept;

private:
  std::uint64_t rate_;
  std::int64_t burst_, allowance_; ///< octets that may come at once; below 0: wait
  std::size_t unpaid_ = 0;
  base::instant refilled_;
};

} // namespace rookery::xmpp
