/// What the search index says of a mailbox's messages before they are read: for each text key of a
/// search yes, no, or nothing; of a fuzzy one how well it is met.
///
/// The index narrows and the text decides: messages that are not in the index, or that words say nothing of,
/// are open. Prepared in a reader's thread (it blocks on the disk), used by one thread at a time.
#pragma once

#include "actors/imap/index_questions.hpp"
#include "actors/node.hpp"
#include "protocols/imap/search_matcher.hpp"
#include "storage/search/account_index.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace rookery::actors {

class search_hints {
public:
  /// `cell`: of the view; a virtual mailbox says by it where a message lies.
  search_hints(const node&, const storage::mail::mailbox_view&, std::shared_ptr<storage::mail::mailbox_cell> cell,
               const std::vector<imap::text_leaf>&, fuzzy_questions);

  /// Asks the index, once. Nothing is known when there is none, or when it cannot be read.
  void prepare();
  bool any() const noexcept { return places_ != nullptr || (composed_ != nullptr && asked_); }
  /// One for each leaf, or none. The span lives until the next call. Cheap when UIDs ascend.
  std::span<const imap::leaf_verdict> of(std::uint32_t uid);
  /// Of the message that `of` was asked about last: how well it meets the fuzzy keys.
  std::span<const std::uint8_t> relevancies() const noexcept { return scores_; }
  /// The search ends, and has read so many messages: if that were many, the indexer is reminded.
  void tell(std::uint32_t messages_read) const;

private:
  /// The document of a message in `places_`; 0 when it has none.
  std::uint32_t document_of(std::uint32_t uid);
  /// The same for a message of a virtual mailbox, by its UID there.
  std::uint32_t document_elsewhere(std::uint32_t shown_uid);

  std::shared_ptr<search_service> service_;
  std::shared_ptr<storage::mail::mailbox_cell> composed_; ///< null but for a virtual mailbox
  bool asked_ = false;
  base::account_id account_;
  base::mailbox_id mailbox_;
  std::vector<imap::text_leaf> leaves_;
  fuzzy_questions fuzzy_;
  bool prepared_ = false;
  std::shared_ptr<const storage::search::account_index> index_;
  const storage::search::places* places_ = nullptr;
  std::size_t next_ = 0;              ///< place behind the last UID asked about
  /// What is known of one leaf's documents: verdicts, or relevancies by number.
  struct known {
    storage::search::verdicts exact;
    std::vector<std::uint8_t> ranked;
  };
  std::vector<known> known_;
  std::vector<imap::leaf_verdict> of_message_;
  std::vector<std::uint8_t> scores_;
};

} // namespace rookery::actors
