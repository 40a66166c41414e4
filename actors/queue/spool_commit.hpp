/// Commits by actors that are no connections: commands of a volume, and changes of the configuration.
#pragma once

#include "actors/node.hpp"
#include "storage/queue/command.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace rookery::actors {

/// One group with these commands for the spool, in their order.
storage::commit_group spool_group(base::wall_time now, std::vector<storage::queue::any_command>);

/// Adds a message that the server itself has written: its octets, and the command that accepts it.
void add_written(storage::commit_group&, base::wall_time now, storage::queue::envelope, std::string octets);

/// Sends it off, to the volume's log: no commands of the configuration. `from` gets a commit_done_ptr with the token.
/// False: the log takes nothing now.
bool commit_group_of(caf::local_actor& from, node&, storage::commit_group, std::uint64_t token = 0, ack = ack::applied,
                     std::shared_ptr<void> keep = nullptr);

/// For threads that may block: sends it off and waits. Null: the log takes nothing, or has not answered in `most`; what becomes of it is
/// not known then.
commit_done_ptr commit_and_wait(node&, storage::commit_group, std::chrono::milliseconds most, std::uint64_t token = 0, std::shared_ptr<void> keep = nullptr);

/// Commits of one actor, and what each of them is waited for. Its handler of commit_done_ptr calls `done`.
class awaited_commits {
public:
  using continuation = std::function<void(const commit_done&)>;
  /// `then` is called once: now, with an error, when the log takes nothing.
  void send(caf::local_actor& from, node&, storage::commit_group, continuation then);
  /// The same for one encoded config_command (actors/system/config_commit.hpp).
  void send_configuration(caf::local_actor& from, const node&, std::string payload, continuation then);
  void done(const commit_done&);

private:
  void refused(std::uint64_t token);

  std::map<std::uint64_t, continuation> waiting_;
  std::uint64_t last_token_ = 0;
};

} // namespace rookery::actors
