/// Taking back what was sent: the words that ask for it, what may be taken back, and the report.
///
/// A user writes to the system account with the subject "RECALL" (the last message he sent),
/// "RECALL <id@host>", or with the original attached. Pure; thread-safe.
///
/// Source: RFC 5322 §3.6.4 (Message-ID), §3.6.5 (Subject and its prefixes).
#pragma once

#include "base/clock.hpp"
#include "base/id.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::recall {

inline constexpr std::size_t message_id_octets_max = 250;
inline constexpr std::size_t subject_octets_max = 2000;

struct request {
  enum class kind : std::uint8_t {
    none,      ///< the mail asks for something else
    last,      ///< the last message the account sent
    message,   ///< `message_id`
    malformed  ///< it is a recall, but what shall be taken back cannot be read
  } what = kind::none;
  std::string message_id;   ///< with angle brackets
};
/// `subject` decoded; `attached` are the Message-IDs of attached messages, with brackets. The subject's own
/// id comes first. "Re:", "Fwd:" and the like in front and any case are taken.
request read_request(std::string_view subject, const std::vector<std::string>& attached);

/// A message that was sent, as it is remembered.
struct sent_message {
  base::account_id account;
  base::message_id id;
  std::string message_id;              ///< field, with brackets
  std::string subject;                 ///< at most 200 octets
  base::wall_time time{};
};
struct recall_rules {
  bool enabled = true;
  bool also_read = false;              ///< out of mailboxes though it was read
  std::chrono::seconds age_max{0};     ///< 0: as long as it is remembered
};
enum class permission : std::uint8_t {
  allowed,
  off,          ///< switched off
  not_yours,    ///< another account sent it; answered as `unknown`
  unknown,      ///< not remembered
  too_old
};
permission may_recall(const recall_rules&, base::account_id requester, const std::optional<sent_message>&, base::wall_time now) noexcept;

/// What became of one recipient's copy. Stored while an order runs: never renumber.
enum class fate : std::uint8_t {
  stopped,        ///< it had not left a queue
  removed_unread,
  removed_read,
  kept_read,      ///< read, and the rules let it stay
  already_sent,   ///< it has left for another server
  in_flight,      ///< being handed over at this moment: taken as sent
  returned,       ///< refused for good before; a report has told so
  not_found,      ///< deleted, moved out of sight, or never delivered
  unreached       ///< its mailbox is on another node of the cluster, which does not answer
};
std::string_view word(fate) noexcept;
/// A user who has several copies has read the message when one of them was read.
fate of_several(fate, fate) noexcept;
/// What an earlier run did counts where the present one finds nothing any more.
fate of_two_runs(fate before, fate now) noexcept;

struct recipient_report {
  std::string address;
  std::vector<fate> copies;            ///< an alias leads to several mailboxes
  std::vector<fate> forwarded;         ///< copies that went on from there
};

/// What to do with a copy in a mailbox.
fate of_mailbox_copy(bool found, bool seen, const recall_rules&) noexcept;
/// What to do with a recipient in a queue. `delivered_here`: into a mailbox of this node.
enum class queue_step : std::uint8_t { stop, look_into_mailbox, report_sent, report_in_flight, report_gone };
queue_step of_queued(bool waits, bool in_flight, bool delivered, bool delivered_here) noexcept;

struct report_text {
  std::string subject, body;           ///< UTF-8, lines end with CRLF
};
/// Answer to the sender. At most 1,000 recipients are listed, the others counted; `unremembered` were cut when
/// the message was noted, and nothing is known of them.
report_text write_report(const request&, permission, const std::optional<sent_message>&, const std::vector<recipient_report>&,
                         std::size_t unremembered = 0);

} // namespace rookery::recall
