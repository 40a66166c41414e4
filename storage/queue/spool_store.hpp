/// The spool's records: those in the tree, and on top of them those not flushed yet.
///
/// One thread changes it; any thread reads it. Keys (docs/formats/spool.md):
///   m id            head of a message with its first recipients
///   r id page       further recipients, `recipients_a_page` each
///   b segment offset id   a message has its body there; no value
///   q name          counts of a queue
///   n space 0 key   a note
///   t until space 0 key   a note that ends then; no value
///   s               position reached, greatest id, notes, version
#pragma once

#include "storage/queue/spool_machine.hpp"
#include "storage/tree/tree.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rookery::storage::queue {

inline constexpr std::size_t recipients_a_page = 64;

/// What 'm' holds.
struct message_record {
  envelope head;               ///< with the recipients of page 0
  std::uint32_t recipients = 0;
  std::uint32_t waiting = 0;
};

class spool_store final : public spool_view {
public:
  explicit spool_store(std::unique_ptr<tree> records) : tree_(std::move(records)) {}
  const tree& records() const noexcept { return *tree_; }

  // Any thread.
  std::optional<envelope> find(base::message_id) const override;
  spool_page list(const spool_filter&, base::message_id from, std::size_t max, std::size_t looked_at_max) const override;
  std::vector<queue_counts> counts() const override;
  void for_each(base::message_id from, const std::function<bool(const envelope&)>& each) const override;
  std::optional<queue::note> note(std::string_view space, std::string_view key) const override;
  std::vector<queue::note> notes(std::string_view space, std::string_view prefix, std::size_t max,
                                 std::string_view after) const override;
  /// Rows with the prefix, from the key `from` on, in order, until `each` gives false. Throws
  /// base::broken when the tree cannot be read.
  void scan(std::string_view prefix, std::string from,
            const std::function<bool(std::string_view, std::string_view)>& each) const;
  std::optional<std::string> get(std::string_view key) const;
  std::optional<message_record> message(base::message_id) const;
  std::vector<recipient> page(base::message_id, std::uint32_t number) const;
  envelope whole(message_record) const;
  /// Adds the further pages.
  void complete(message_record&) const;

  // The owner's thread.
  void put(std::string key, std::optional<std::string> value);
  /// The tree has no such row: when it goes before the next flush, nothing is written of it at all.
  void put_new(std::string key, std::string value);
  void put(const message_record&);
  void put_new(const message_record&);
  void put_page(base::message_id, std::uint32_t number, const std::vector<recipient>&);
  void put_new_page(base::message_id, std::uint32_t number, const std::vector<recipient>&);
  void remove(const message_record&);
  void add_body(base::message_id, const body_ref&);
  void remove_body(base::message_id, const body_ref&);
  octets_by_segment take_lost_bodies() { return std::exchange(lost_bodies_, {}); }
  /// Adds what `after` is more than `before` to the counts of their queues. Null: none.
  void count(const message_record* before, const message_record* after);
  void load_counts();
  std::uint64_t messages() const;
  std::size_t unflushed_octets() const noexcept { return pending_octets_; }
  /// `last`: no message that was put until now has a greater id.
  base::result<void> flush(bool durable, base::message_id last);
  /// No message of the tree has a greater id than this: it is not asked for those.
  void newest(base::message_id id) noexcept { newest_ = id.value; }

private:
  struct unflushed {
    std::optional<std::string> value; ///< nothing: removed
    bool fresh = false;               ///< the tree has no row of this key
  };
  std::size_t octets_of(const std::string& key, const unflushed& c) const noexcept { return key.size() + (c.value ? c.value->size() : 0); }
  void put(std::string key, std::optional<std::string> value, bool fresh);

  mutable std::shared_mutex lock_;
  std::unique_ptr<tree> tree_;
  std::atomic<std::uint64_t> newest_{~std::uint64_t{0}};
  std::map<std::string, unflushed, std::less<>> pending_;
  std::size_t pending_octets_ = 0;
  octets_by_segment lost_bodies_;
  std::map<std::string, queue_counts> counts_;
};

/// Throws base::broken when it is damaged or of an unknown version.
message_record read_message_record(std::string_view octets);
void read_message_record(std::string_view octets, message_record&);
std::string message_key(base::message_id);
std::string page_key(base::message_id, std::uint32_t number);
std::string body_key(std::uint32_t segment, std::uint32_t offset, base::message_id);
/// The parts of a body key; nothing when it is none.
struct body_place { std::uint32_t segment = 0, offset = 0; base::message_id id; };
std::optional<body_place> read_body_key(std::string_view key);

} // namespace rookery::storage::queue
