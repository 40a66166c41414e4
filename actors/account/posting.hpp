/// Mail for the address of a public folder, judged by the rights that stand with the folder.
#pragma once

#include "policy/rights/posting.hpp"
#include "storage/mail/mailbox_view.hpp"

#include <string>
#include <vector>

namespace rookery::actors {

/// A stored list of rights as policy reads it; views into it.
std::vector<rights::entry> entries_of(const storage::mail::mailbox_access&);

/// Null when the mail may be stored, else the reply. `sender`: as rights::posting_refusal has it.
const routing::refusal* folder_refusal(const routing::directory_view&, const storage::mail::account_view&,
                                       const routing::local_delivery&, base::account_id sender);

} // namespace rookery::actors
