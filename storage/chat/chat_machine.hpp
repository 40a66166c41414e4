/// The machine of a chat shard: records and stanza streams of accounts, rooms and services.
///
/// One thread owns it (apply, publish, flush). Its `view()` may be read from any thread and lives as long as
/// somebody holds it. On disk: one tree; docs/formats/chat.md.
#pragma once

#include "storage/chat/chat_view.hpp"
#include "storage/chat/command.hpp"
#include "storage/shard/machine.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rookery::storage {
class tree;
}

namespace rookery::storage::chat {

class chat_machine : public machine {
public:
  static base::result<std::unique_ptr<chat_machine>> open(base::shard_id, std::unique_ptr<tree>);

  virtual std::shared_ptr<const chat_view> view() const = 0;
  /// Verifies the rows of the tree against each other; gives one line a fault.
  virtual std::vector<std::string> check() const = 0;
};

} // namespace rookery::storage::chat
