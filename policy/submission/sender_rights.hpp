/// May this account send as this address? (RFC 6409 §6.1)
///
/// An account may use its own address, its own address with +detail, an alias that
/// leads to it alone (also with +detail), a group that allows its members, and what
/// its `may_send_as` lists.
#pragma once

#include "policy/routing/directory_view.hpp"
#include "policy/routing/recipient_route.hpp"

#include <string_view>

namespace rookery::submission {

/// `address` as in MAIL FROM or From, without angle brackets. The null sender ("") is
/// allowed: a client's own notification (RFC 8098 §3) has it.
bool may_send_as(const routing::directory_view&, const routing::account_record&, std::string_view address);

/// MAIL FROM on submission. Null when allowed.
const routing::refusal* envelope_sender_refusal(const routing::directory_view&, const routing::account_record&,
                                                std::string_view address);
/// One address of the From field, at the end of the data. Null when allowed.
const routing::refusal* header_from_refusal(const routing::directory_view&, const routing::account_record&,
                                            std::string_view address);

} // namespace rookery::submission
