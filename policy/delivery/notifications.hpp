/// Which report is owed to whom when something became of recipients.
///
/// Source: RFC 3461 §4.1 (NOTIFY), §5.2, §6.2 (when reports are made), §6.3 (RET), RFC 3464 §2.3.3 (actions),
/// RFC 2852 §4 (DELIVERBY), RFC 5321 §4.5.5 (null sender), §6.1 (no reports about reports). Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::delivery {

/// What happened to one recipient.
enum class happened : std::uint8_t {
  delivered, ///< into a mailbox, or to a program: final
  relayed,   ///< to a server that sends no reports (it knows no DSN)
  passed_on, ///< to a server that knows DSN: reports are its matter from now on
  expanded,  ///< to several, each without NOTIFY of its own (RFC 3461 §5.2.7)
  delayed,   ///< still trying
  failed     ///< for good
};
/// The Action field: "delivered", "relayed", "expanded", "delayed", "failed"; "" for `passed_on`.
std::string_view action(happened) noexcept;

struct recipient_news {
  std::uint32_t recipient = 0;       ///< its number
  std::uint8_t notify = 0;           ///< smtp::notify, 0: not given
  happened what = happened::failed;
  bool at_postmaster = false;        ///< the recipient is our postmaster
};

struct report_facts {
  bool null_sender = false;
  bool full_asked = false, headers_asked = false; ///< RET
  bool deliver_by_trace = false;     ///< RFC 2852 modifier T
  bool deliver_by_notify = false;    ///< RFC 2852 mode N, for a server without DELIVERBY
  bool sender_is_frozen = false;     ///< an account of ours that may not be written to; goes to the postmaster
};

struct report_rules {
  bool double_bounces = true;        ///< failures of messages with the null sender go to the postmaster
  bool delay_notices = true;
  bool full_by_default = false;      ///< without RET: the whole message, or its header
};

enum class addressee : std::uint8_t { sender, postmaster };
struct report {
  addressee to = addressee::sender;
  bool full = false;                 ///< the whole message is returned, not its header alone
  std::vector<recipient_news> recipients;
};

/// At most one report to each, delays apart from what is final. Nothing when none is owed.
std::vector<report> reports_owed(const std::vector<recipient_news>&, const report_facts&, const report_rules&);

/// NOTIFY for the addresses behind an alias with several, or behind a forwarding: without SUCCESS (RFC 3461
/// §5.2.7.3 c), and never when only that was asked for.
std::uint8_t notify_behind_alias(std::uint8_t notify) noexcept;

/// Does NOTIFY want to hear of this? Without NOTIFY: of failures and delays.
bool notifies(std::uint8_t notify, happened) noexcept;

} // namespace rookery::delivery
