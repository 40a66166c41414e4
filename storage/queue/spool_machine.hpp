/// The spool: accepted messages that are not in a mailbox of this node.
///
/// One thread owns the machine (apply, publish, flush). Its `view()` may be read from
/// any thread and shows what is applied; it lives as long as somebody holds it.
/// On disk: one tree; docs/formats/spool.md.
#pragma once

#include "storage/queue/command.hpp"
#include "storage/shard/machine.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rookery::storage {
class tree;
}

namespace rookery::storage::queue {

struct queue_counts {
  std::string queue;
  std::uint64_t messages = 0;
  std::uint64_t held = 0;
  std::uint64_t recipients = 0; ///< that wait
  std::uint64_t octets = 0;
};

/// Which messages to list. Empty fields do not restrict; texts are compared without ASCII case.
struct spool_filter {
  std::string queue;
  std::string sender;              ///< whole address; "<>" is the null sender
  std::string recipient;           ///< whole address of any recipient
  std::string domain;              ///< of any recipient that waits
  std::optional<bool> held;
};

struct spool_page {
  std::vector<envelope> messages;  ///< in order of their ids
  base::message_id next;           ///< where to go on; 0: that was all
};

/// Reads the spool from any thread; may block on the disk. Throws base::broken on damage.
class spool_view {
public:
  virtual ~spool_view() = default;
  virtual std::optional<envelope> find(base::message_id) const = 0;
  /// At most `max` messages with ids from `from` on. Looks at no more than `looked_at_max` messages,
  /// so that a filter which matches little gives short pages instead of long waits.
  virtual spool_page list(const spool_filter&, base::message_id from, std::size_t max,
                          std::size_t looked_at_max = 10000) const = 0;
  virtual std::vector<queue_counts> counts() const = 0;
};

struct spool_settings {
  std::uint64_t messages_max = 10'000'000; ///< beyond it `accepted` is over_limit
};

class spool_machine : public machine {
public:
  static base::result<std::unique_ptr<spool_machine>> open(std::unique_ptr<tree>, spool_settings = {});

  virtual std::shared_ptr<const spool_view> view() const = 0;
  /// The greatest id ever accepted: where giving new ids goes on after a start.
  virtual base::message_id last_id() const = 0;
  /// Every body reference in `segment`, in order of offset; blocks.
  virtual void for_each_body(std::uint32_t segment, const std::function<void(const body_ref&)>&) const = 0;
  /// Verifies records against each other (counts, body index, order); gives one line a fault.
  virtual std::vector<std::string> check() const = 0;
};

} // namespace rookery::storage::queue
