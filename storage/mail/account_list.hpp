/// The accounts of a mail shard, from its tree as of the last flush; and whose a mailbox is.
#pragma once

#include "base/id.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <functional>

namespace rookery::storage {
class tree;
}

namespace rookery::storage::mail {

struct mailbox_view;

/// The account that a mailbox belongs to; 0 when it shows no messages.
base::account_id owner_of(const mailbox_view&) noexcept;

struct account_use {
  base::account_id account;
  std::uint64_t octets = 0, messages = 0;
};

/// Those behind `after`, by id, until `f` gives false. Any thread; blocks on the disk.
base::result<void> list_accounts(const tree& records, base::account_id after, const std::function<bool(const account_use&)>& f);

} // namespace rookery::storage::mail
