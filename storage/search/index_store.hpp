/// The search indexes of all accounts of a node: a directory each, and the ones in use in memory.
///
///   search/<account>/manifest        what counts: segments, how far mailboxes were looked at
///   search/<account>/N.terms .words .docs   a segment; N is never used again
///   search/<account>/N.places               which message of which mailbox has which document
///
/// Everything here is derived from mail and may be removed at any time; nothing is a source of truth.
/// A change writes new files, syncs them, and then replaces the manifest: after a crash the index is
/// the old one or the new one, and files that no manifest names are removed at the next change.
///
/// Any thread may read; one thread at a time changes one account (its shard's indexer).
#pragma once

#include "base/id.hpp"
#include "base/result.hpp"
#include "storage/file/file_system.hpp"
#include "storage/search/account_index.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rookery::storage::search {

struct index_store_settings {
  std::size_t memory_octets_max = 192u << 20; ///< of indexes kept in memory; those that searches hold are beside them
  std::size_t segments_max = 8;               ///< of an account, before neighbours are merged
};

/// What goes into an account's index at once.
class index_batch {
public:
  /// The document of this content when it is in the batch or in the index: no need to read it again.
  std::optional<std::uint32_t> find(const content_key&) const;
  base::result<std::uint32_t> add(const content_key&, const document&);
  void place(base::mailbox_id, std::uint32_t uid, std::uint32_t document);
  /// Messages of the mailbox below `uid` were looked at.
  void reached(base::mailbox_id, std::uint32_t uid);
  /// Documents that are new, and octets of their words in memory.
  std::uint32_t documents() const noexcept { return static_cast<std::uint32_t>(keys_.size()); }
  std::size_t octets() const noexcept { return builder_ ? builder_->word_octets() : 0; }

private:
  friend class index_store;
  std::shared_ptr<const account_index> before_;
  std::unordered_map<std::string, std::uint32_t> known_; ///< contents asked about
  std::string scratch_;
  std::unique_ptr<segment_builder> builder_;
  std::vector<content_key> keys_;
  std::vector<std::uint32_t> partial_;
  std::vector<std::pair<std::uint32_t, struct place>> places_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> reached_;
  std::uint32_t next_ = 1;
  std::optional<base::error> failed_; ///< told by `add` and `commit`
};

class index_store {
public:
  /// `store`: identity of the mail store. Indexes of another one, and those that know of log positions
  /// behind `log_end` (the store is an older copy), are not used.
  index_store(file_system&, std::string directory, std::string store, log_position log_end, index_store_settings = {});

  /// Null when the account has none. Damage is taken for none, and told by `take_damaged`.
  std::shared_ptr<const account_index> open(base::account_id);
  /// Accounts whose indexes were found damaged since the last call; their changers remove them.
  std::vector<std::pair<base::account_id, base::error>> take_damaged();
  /// A search met an error in this picture of it. Nothing happens when there is a newer one: files of
  /// older ones may be gone.
  void tell_damage(base::account_id, const std::shared_ptr<const account_index>&, base::error);

  /// Begins a change. `contents` are what `find` will be asked about.
  index_batch begin(base::account_id, const std::vector<content_key>& contents);
  /// Makes it durable and visible; `at`: the log's position that the mailboxes were read at. Merges small
  /// segments when there are too many.
  base::result<void> commit(base::account_id, index_batch, log_position at);
  /// For quiet hours: forgets places for which `alive` is false and makes one segment of all. True when
  /// more than half of the documents have no place left: better `remove` and index again.
  base::result<bool> tidy(base::account_id, const std::function<bool(base::mailbox_id, std::uint32_t uid)>& alive);
  base::result<void> remove(base::account_id);
  /// Those with a directory.
  base::result<std::vector<base::account_id>> accounts() const;

private:
  struct kept {
    std::shared_ptr<const account_index> index; ///< null: known to have none
    std::list<std::uint64_t>::iterator use;
    std::size_t octets = 0;
  };
  std::string directory_of(base::account_id) const;
  std::string path_of(base::account_id, std::uint32_t file) const;
  base::result<std::shared_ptr<const account_index>> load(base::account_id) const;
  void keep(base::account_id, std::shared_ptr<const account_index>);
  base::result<void> put_segment(base::account_id, account_index&, std::uint32_t file, segment_range, std::uint64_t octets,
                                 std::vector<content_key>, std::vector<std::uint32_t> partial) const;
  base::result<void> merge(base::account_id, account_index&, std::size_t first) const;
  base::result<void> put_all_places(base::account_id, account_index&) const;
  /// Makes `now` the account's index.
  base::result<void> publish(base::account_id, std::shared_ptr<account_index> now, log_position);
  void remove_strays(base::account_id, const account_index&) const;

  file_system& files_;
  const std::string directory_, store_;
  const log_position log_end_;
  const index_store_settings settings_;
  std::mutex lock_;
  std::unordered_map<std::uint64_t, kept> kept_;
  std::list<std::uint64_t> by_use_; ///< latest first
  std::size_t kept_octets_ = 0;
  std::vector<std::pair<base::account_id, base::error>> damaged_;
};

} // namespace rookery::storage::search
