/// The spool: accepted messages that are not in a mailbox of this node.
///
/// One thread owns the machine (apply, publish, flush). Its `view()` may be read from
/// any thread and shows what is applied; it lives as long as somebody holds it.
/// On disk: one tree; docs/formats/spool.md.
#pragma once

#include "storage/queue/command.hpp"
#include "storage/queue/notes.hpp"
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
  std::string sender_domain{};
  std::string reason{};            ///< part of why it is held or of a waiting recipient's last answer
  base::wall_time received_from{}; ///< 0: from the beginning
  base::wall_time received_before{}; ///< 0: until now
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
  /// Every message with an id from `from` on, in their order, until `each` gives false: for the start,
  /// some microseconds a message. What `each` is given changes with the next one.
  virtual void for_each(base::message_id from, const std::function<bool(const envelope&)>& each) const = 0;
  virtual std::optional<queue::note> note(std::string_view space, std::string_view key) const = 0;
  /// At most `max` whose keys begin with `prefix` and come behind `after`, in order.
  virtual std::vector<queue::note> notes(std::string_view space, std::string_view prefix, std::size_t max,
                                         std::string_view after = {}) const = 0;
};

/// A message came ("" before), went ("" after), or changed.
struct spool_change {
  base::message_id id;
  std::string queue_before, queue_after;
  bool operator==(const spool_change&) const = default;
};

struct spool_settings {
  std::uint64_t messages_max = 10'000'000; ///< beyond it `accepted` is over_limit
  std::uint64_t notes_max = 1'000'000;
  std::uint64_t note_octets_max = 256u << 20; ///< keys and values
};

class spool_machine : public machine {
public:
  static base::result<std::unique_ptr<spool_machine>> open(std::unique_ptr<tree>, spool_settings = {});

  virtual std::shared_ptr<const spool_view> view() const = 0;
  /// The greatest id ever accepted: where giving new ids goes on after a start.
  virtual base::message_id last_id() const = 0;
  /// What changed since the last call, each message once, in no order. The first call only begins it:
  /// before that, changes are not kept.
  virtual std::vector<spool_change> take_changes() = 0;
  /// Every body reference in `segment`, in order of offset; blocks.
  virtual void for_each_body(std::uint32_t segment, const std::function<void(const body_ref&)>&) const = 0;
  /// Verifies records against each other (counts, body index, order); gives one line a fault.
  virtual std::vector<std::string> check() const = 0;
};

} // namespace rookery::storage::queue
