/// Where the static and text columns of one page come from: messages not yet flushed
/// from memory, all others from the tree.
///
/// The shard's thread adds messages and says what was flushed; any thread loads. Slots
/// are given once and never change what they hold (a body that moved gets a new source),
/// so a picture taken long ago can still load its columns.
#pragma once

#include "storage/mail/derived_rows.hpp"
#include "storage/mail/keys.hpp"
#include "storage/mail/mail_store.hpp"
#include "storage/mail/page_rows.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace rookery::storage::mail {

class page_source {
public:
  using cold_octets = std::shared_ptr<const std::string>;

  /// `in_tree`: slots that the tree has.
  page_source(std::shared_ptr<mail_store> store, page_id id, std::uint32_t in_tree)
      : store_(std::move(store)), id_(id), first_pending_(in_tree) {}

  const page_id& id() const noexcept { return id_; }

  // For the shard's thread.
  /// The next slot's message.
  void add(cold_octets row);
  /// First slot that is not in the tree, and the rows from there on.
  std::uint32_t first_pending() const;
  std::vector<cold_octets> pending() const;
  /// All pending rows are in the tree now.
  void flushed();
  /// A source of the same page in which the bodies at `slots` lie elsewhere; static columns are loaded.
  std::shared_ptr<page_source> relocated(const std::vector<std::uint32_t>& slots, const body_ref& to) const;

  // For any thread.
  const static_columns* statics() const noexcept { return loaded_.load(std::memory_order_acquire); }
  const static_columns& load_statics();
  /// Static columns without keeping them: `own` is empty when they were loaded already.
  struct lease {
    const static_columns* columns = nullptr;
    std::unique_ptr<static_columns> own;
  };
  lease borrow_statics() const;
  /// The column with at least the first `slots` rows, or null when the disk would be needed.
  std::shared_ptr<const text_rows> text(text_column, std::uint32_t slots);
  std::shared_ptr<const text_rows> load_text(text_column, std::uint32_t slots);
  std::shared_ptr<const derived_rows> derived(const derivation&) const;
  void keep_derived(const derivation&, std::shared_ptr<const derived_rows>) const;

private:
  struct waiting {
    std::uint32_t first = 0;
    std::vector<cold_octets> rows;
    std::uint32_t end() const { return first + static_cast<std::uint32_t>(rows.size()); }
  };
  waiting waiting_rows() const;
  std::unique_ptr<static_columns> read_statics_of(const waiting&) const;
  std::shared_ptr<const text_rows> gather(text_column, const text_cache::entry& known, const waiting&, bool from_tree);

  const std::shared_ptr<mail_store> store_;
  const page_id id_;
  mutable std::mutex lock_;
  std::uint32_t first_pending_;
  std::vector<cold_octets> pending_;
  std::unique_ptr<static_columns> columns_; ///< written under lock_, only in slots nobody has seen
  std::atomic<const static_columns*> loaded_{nullptr};
};

} // namespace rookery::storage::mail
