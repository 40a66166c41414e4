/// A sent message as it is remembered, so that it can be recalled: small enough for one of the
/// spool's notes, and in the order in which it was sent.
///
/// Stored: version, then account, time, Message-ID, subject, body, number of recipients, and the recipients with
/// where their copies went (base/codec.hpp). Pure; thread-safe.
#pragma once

#include "policy/recall/recall.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::recall {

/// The space of the notes, and the bound on one.
inline constexpr std::string_view sent_space = "sent";
inline constexpr std::size_t sent_octets_max = 45000;
/// What became known of sent messages later (`later_key`). So many notes stay for each message that is remembered.
inline constexpr std::string_view later_space = "sent-later";
inline constexpr std::size_t later_factor = 4;

/// Where one copy went. The numbers are stored: never renumber.
struct sent_copy {
  enum class where : std::uint8_t {
    mailbox = 0,                       ///< of the account `id`, whatever its folder
    queue = 1,                         ///< recipient `number` of the queued message `id`
    forwarded = 2                      ///< the same, from the recipient's forwarding
  } place = where::mailbox;
  std::uint64_t id = 0;
  std::uint32_t number = 0;
  std::string address;                 ///< of the queued recipient, if it is not the recipient's own
  bool operator==(const sent_copy&) const = default;
};
struct sent_recipient {
  std::string address;                 ///< as accepted
  std::vector<sent_copy> copies;
  bool operator==(const sent_recipient&) const = default;
};

struct sent_record : sent_message {
  std::string body;                         ///< identity of its body, 32 octets: copies in mailboxes have it too
  std::vector<sent_recipient> recipients;   ///< cut where `sent_octets_max` is reached
  std::size_t unremembered = 0;             ///< recipients that were cut
};

/// Sixteen hex digits: in the order of ids, which is that of time.
std::string sent_key(base::message_id);
std::string encode(const sent_record&);
/// Nothing when key or value is malformed or of a newer version.
std::optional<sent_record> decode_sent(std::string_view key, std::string_view value);

/// What is noted later of the queued message `id`, as keys behind `later_prefix(id)`:
///   "b"              value: identity of the body that mailboxes got from the queue
///   "f" number       this recipient was refused for good
///   "o" number "/" sent_key "/" number   this recipient's copy went on as that recipient of that message; value: its address
///   "r"              it was taken out of its queue, by a recall or by the operator
std::string later_prefix(base::message_id id);
std::string later_body_key(base::message_id id);
std::string later_removed_key(base::message_id id);
std::string later_failed_key(base::message_id id, std::uint32_t number);
std::string later_onward_key(base::message_id id, std::uint32_t number, base::message_id onward, std::uint32_t onward_number);

struct later_note {
  enum class kind : std::uint8_t { body, removed, failed, onward } what = kind::body;
  std::string body;
  std::uint32_t number = 0;            ///< failed, onward: recipient of the queued message
  sent_copy onward;
};
/// Nothing when it is malformed.
std::optional<later_note> read_later(std::string_view key, std::string_view value);

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
