/// Mail to the address of a public folder: may its sender put it there?
///
/// Pure; thread-safe.
///
/// Source: RFC 4314 §4 (the right p: "send mail to submission address for mailbox"), RFC 3463 (codes).
#pragma once

#include "base/id.hpp"
#include "policy/rights/access_list.hpp"
#include "policy/routing/recipient_route.hpp"

#include <span>

namespace rookery::rights {

/// Null when it may, else the reply. `sender`: the account that sent it with a login, or 0 for mail from elsewhere,
/// which has what is given to "anyone".
const routing::refusal* posting_refusal(const routing::directory_view&, std::span<const entry>, base::account_id owner,
                                        base::account_id sender);

/// The folder is not there.
const routing::refusal* no_folder_refusal() noexcept;

} // namespace rookery::rights
