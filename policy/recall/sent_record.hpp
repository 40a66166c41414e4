/// A sent message as it is remembered, so that it can be recalled: small enough for one of the
/// spool's notes, and in the order in which it was sent.
///
/// Stored: version, then account, time, Message-ID, subject, recipients (base/codec.hpp). Pure; thread-safe.
#pragma once

#include "policy/recall/recall.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::recall {

/// The space of the notes, and the bound on one.
inline constexpr std::string_view sent_space = "sent";
inline constexpr std::size_t sent_octets_max = 60000;

struct sent_record : sent_message {
  std::vector<std::string> recipients;  ///< as accepted; cut where `sent_octets_max` is reached
};

/// Sixteen hex digits: in the order of ids, which is that of time.
std::string sent_key(base::message_id);
std::string encode(const sent_record&);
/// Nothing when key or value is malformed or of a newer version.
std::optional<sent_record> decode_sent(std::string_view key, std::string_view value);

/// How many of the oldest go when `remembered` are there and `max` may be.
constexpr std::size_t excess(std::size_t remembered, std::size_t max) noexcept { return remembered > max ? remembered - max : 0; }

/// Looks for what a request means: fed with the remembered messages, oldest first.
class sent_search {
public:
  sent_search(const request& asked, base::account_id requester) : asked_(asked), requester_(requester) {}
  void look_at(const sent_record&);
  /// The account's own before another's of the same Message-ID; the latest of several.
  const std::optional<sent_record>& found() const noexcept { return found_; }

private:
  request asked_;
  base::account_id requester_;
  std::optional<sent_record> found_;
};

} // namespace rookery::recall
