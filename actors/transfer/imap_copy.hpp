/// Copies the folders of an account on another server, over one connection of IMAP. Blocks; belongs to one thread.
///
/// The first pass brings everything, later ones what is new, changed flags, and by order what was removed there.
#pragma once

#include "actors/net/reactor.hpp"
#include "actors/transfer/copy_target.hpp"
#include "base/result.hpp"

#include <caf/all.hpp>

#include <memory>
#include <string>

namespace rookery::actors {

/// `password` lives until it returns.
base::result<void> copy_over_imap(caf::scoped_actor& self, node& n, net::reactor& home, copy_target& to, const transfer_run_ptr& run,
                                  const std::string& password);

} // namespace rookery::actors
