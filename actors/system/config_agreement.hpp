/// How the configuration of a cluster's member changes: proposed to all, and answered when it is in force here.
#pragma once

#include "base/result.hpp"
#include "storage/shard/machine.hpp"

#include <functional>
#include <memory>
#include <string>

namespace rookery::actors {

class config_agreement {
public:
  using agreed = std::function<void(base::result<storage::command_result>)>;
  virtual ~config_agreement() = default;
  /// `payload`: a command of the configuration. `done` is called once, in another thread: after this node's own
  /// views show the change, or with `try_later` when no majority has agreed in time; it may still come then.
  virtual void propose(std::string payload, agreed done) = 0;
};

struct node;
/// From now on `node::commit` proposes changes of the configuration; null: the node decides alone again.
void set_agreement(const node&, std::shared_ptr<config_agreement>);
/// Null: it decides alone. Thread-safe, and cheap for a node without a cluster.
std::shared_ptr<config_agreement> agreement_of(const node&);

} // namespace rookery::actors
