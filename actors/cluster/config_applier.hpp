/// Puts what the cluster has agreed on into this node's log, in order: one actor a member.
#pragma once

#include "actors/node.hpp"
#include "cluster/node/control_plane.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace rookery::actors {

/// One at a time: the next is sent when `done` was called.
struct apply_agreed {
  std::shared_ptr<const std::vector<cluster::agreed_item>> items;
  std::function<void(std::vector<storage::command_result>)> done;
};
using apply_agreed_ptr = std::shared_ptr<const apply_agreed>;

/// `changed`: called in the actor's thread after each group is in force.
caf::actor spawn_config_applier(actors::node&, std::function<void()> changed);

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::apply_agreed_ptr)
