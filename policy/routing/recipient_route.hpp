/// Where mail for one recipient goes: into mailboxes here, onwards, or back with a reason.
///
/// Source: RFC 5321 §3.6.2, §4.5.1 (postmaster), RFC 3463 (enhanced codes), RFC 5233
/// (detail). Never an open relay: only an authenticated sender's mail goes onwards;
/// the exceptions are a target that an administrator wrote into an alias, and the domains of gateways.
#pragma once

#include "policy/delivery/delivery_view.hpp"
#include "policy/routing/directory_view.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::routing {

/// What is known when RCPT TO is judged.
struct recipient_facts {
  bool authenticated = false;         ///< the session has logged in (submission)
  bool lmtp = false;                  ///< RFC 2033: what is not ours never goes onwards
  std::string_view system_name = {};  ///< local part of the system account of every domain here; "": there is none
  bool obeyed = false;                ///< the system account takes orders from this sender
  const delivery::delivery_view* delivery = nullptr; ///< knows the gateways; null: there are none
};

/// A reply as SMTP gives it.
struct refusal {
  std::uint16_t code = 550;
  std::string_view enhanced;          ///< "5.1.1"
  std::string_view text;              ///< one line; a literal
};

/// One copy into one account.
struct local_delivery {
  account_ptr account;
  std::string folder = "INBOX";       ///< of `storage::mail::deliver`
  bool create_folder = false;
  bool by_right = false;              ///< a public folder: the sender needs the right p (policy/rights/posting.hpp)
  std::string delivered_to;           ///< the address for the Delivered-To field
};

struct recipient_route {
  enum class kind : std::uint8_t {
    deliver, ///< `local` and `remote`
    system,  ///< to the system account: no mailbox, the server does what it says
    refuse
  } what = kind::refuse;
  std::vector<local_delivery> local;
  std::vector<std::string> remote;    ///< canonical addresses for other servers
  std::shared_ptr<const delivery::gateway_record> gateway; ///< whose recipient it is; `call_forward` is yet to be done
  refusal reason;                     ///< when refused
  bool accepted() const noexcept { return what != kind::refuse; }
};

/// Whether a canonical address is that of the system account; "rookery+x@" is it too.
bool is_system(std::string_view address, std::string_view system_name) noexcept;

/// `address` as in RCPT TO, without angle brackets.
recipient_route route(const directory_view&, std::string_view address, const recipient_facts&);

/// Has the account room for `message_octets` more? Null when it has, else why not
/// (452 4.2.2 for LMTP and RCPT). A limit of 0 is none.
struct mailbox_use {
  std::uint64_t octets = 0, messages = 0;
};
const refusal* quota_refusal(const account_record&, mailbox_use, std::uint64_t message_octets) noexcept;

/// The folder that user+detail asks for, or "" when the detail is not fit for a mailbox
/// name (control octets, wildcards, separators at its ends, more than 64 octets).
std::string folder_of_detail(std::string_view detail);

/// May a public folder be called so?
inline constexpr std::size_t public_folder_octets_max = 255;
bool is_folder_name(std::string_view) noexcept;

} // namespace rookery::routing
