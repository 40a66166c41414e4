/// A volume's files in a folder that has others too: a node's own volume lies beside its configuration, its keys and its
/// membership, which must stay when the volume is made anew.
///
/// A copy for such a folder, or for one that does not exist yet, is received as `arriving_volume(folder)` and put in its
/// place by `settle_volume`.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace rookery::storage {

/// A name directly in the folder that is the volume's: log, spool, mail-…, chat-…, search.
bool is_volume_file(std::string_view name);

/// Where a copy for the folder is received (copy_receiver's target).
std::string arriving_volume(const std::string& folder);

/// The same, before it is received: what arrived earlier and was not put in its place is received again, and its files are
/// not sent twice.
base::result<std::string> begin_arrival(const std::string& folder);

/// Removes the volume's files and whatever of a copy has arrived; others stay. Nobody has them open. After a crash in the
/// middle it is called again. Fine when there are none.
base::result<void> remove_volume(const std::string& folder);

/// Puts a copy that has arrived whole in the place of the volume's files, with its identity where there is none; nothing
/// when none has. After a crash in the middle
/// the next call goes on. volume_replica::open calls it.
base::result<void> settle_volume(const std::string& folder);

} // namespace rookery::storage
