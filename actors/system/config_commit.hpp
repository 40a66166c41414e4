/// A change of the configuration by an actor that is no connection (connections have `node::commit`).
#pragma once

#include "actors/node.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <string>

namespace rookery::actors {

/// Proposes the change to the cluster, or writes it into the configuration's own log where this node decides alone.
/// `payload`: one encoded storage::directory::config_command. `from` gets a commit_done_ptr with the token when the change is
/// in force here, was refused, or with `try_later` when no majority agreed in time; it may still come then. Any thread.
/// False: nothing is taken now, and nothing will be answered.
bool commit_configuration(caf::local_actor& from, const node&, std::string payload, std::uint64_t token = 0);

} // namespace rookery::actors
