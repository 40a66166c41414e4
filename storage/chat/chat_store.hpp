/// The rows of a chat shard: changed ones in memory over the tree, and all reads.
///
/// The machine's thread changes and flushes; any thread reads.
#pragma once

#include "storage/chat/chat_view.hpp"
#include "storage/chat/rows.hpp"
#include "storage/tree/pending_rows.hpp"
#include "storage/tree/tree.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::chat {

class chat_store final : public chat_view {
public:
  explicit chat_store(std::unique_ptr<tree> rows) : tree_(std::move(rows)), rows_(*tree_) {}

  std::optional<owner_facts> find(std::string_view owner) const override;
  std::optional<stored_record> record(std::string_view owner, record_kind, std::string_view key) const override;
  std::vector<stored_record> records(std::string_view owner, record_kind, std::size_t max, std::string_view after,
                                     std::string_view prefix) const override;
  stream_page page(std::string_view owner, stream_kind, const stream_query&) const override;
  std::optional<entry> find_entry(std::string_view owner, stream_kind, std::uint64_t id) const override;
  std::vector<owner_row> owners(std::string_view prefix, std::size_t max, std::string_view after) const override;

  std::optional<owner_head> head(std::string_view owner) const;
  std::optional<std::string> get(std::string_view key) const { return rows_.get(key); }
  const pending_rows& rows() const noexcept { return rows_; }
  const tree& records() const noexcept { return *tree_; }

  // The machine's thread only.
  void put(std::string key, std::string value);
  void remove(std::string key);
  /// Its rows are cleared away by later flushes.
  void doom(std::uint64_t number);
  void load_doomed();
  std::size_t unflushed_octets() const noexcept { return waiting_octets_ + (doomed_.empty() ? 0 : 1); }
  base::result<void> flush(bool durable);

private:
  /// Rows of doomed owners that lie in the tree, some thousands at a time; gives how many of them are done with.
  std::size_t clear_away(tree::batch&) const;

  std::unique_ptr<tree> tree_;
  pending_rows rows_;
  std::size_t waiting_octets_ = 0;
  std::vector<std::uint64_t> doomed_;       ///< all of their rows are in the tree
  std::vector<std::uint64_t> doomed_since_; ///< since the last flush
};

} // namespace rookery::storage::chat
