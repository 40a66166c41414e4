/// The search index of one account as it is at a moment: immutable, used from any thread.
///
/// A document is one content (octets of a message as a client sees them), numbered from 1; a place says
/// that a message of a mailbox has that content. A copy or a move gives a place, not a document.
/// Contents that are gone from all mailboxes keep their documents until the index is made anew.
#pragma once

#include "base/id.hpp"
#include "base/result.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/search/segment.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::search {

/// Which content: as good as the whole of it.
using content_key = std::array<char, 16>;
content_key key_of(const body_id&, std::string_view prefix);

/// A message that has a document.
struct place {
  std::uint32_t uid = 0;
  std::uint32_t document = 0;
  bool operator==(const place&) const = default;
};
using places = std::vector<place>; ///< of one mailbox, by UID

/// What a search asks of a message's texts; all texts folded.
struct question {
  enum class scope : std::uint8_t { body, text, subject, from, to, cc, bcc, header };
  scope in = scope::text;
  std::string field; ///< header: its name
  std::string text;
};

/// Classes of the words of a header field, for all scopes but body and text.
const std::vector<word_class>& field_classes(question::scope);

enum class verdict : std::uint8_t { no, yes, undecided };

/// The verdicts on all documents of an account.
class verdicts {
public:
  verdict of(std::uint32_t document) const noexcept;
  /// Documents that may be found.
  std::size_t count() const noexcept;

private:
  friend class account_index;
  struct part {
    segment_range range;
    found_documents found;
  };
  std::vector<part> parts_;
};

/// One segment as the account knows it.
struct index_segment {
  std::uint32_t file = 0;
  std::uint64_t octets = 0; ///< on disk
  std::shared_ptr<const segment> words;
  std::shared_ptr<const std::vector<content_key>> keys; ///< of its documents
  std::shared_ptr<const std::vector<std::uint32_t>> partial; ///< documents that were not read whole
};

class account_index {
public:
  /// Where the message's words are; nothing: ask the message itself.
  static std::optional<std::uint32_t> document_of(const places&, std::uint32_t uid);
  /// Null when the mailbox has none.
  const places* places_of(base::mailbox_id) const;
  /// Messages of the mailbox below this UID were looked at.
  std::uint32_t reached(base::mailbox_id) const;
  /// Loads words when they are asked for the first time. Errors: damaged, io.
  base::result<verdicts> ask(const question&) const;

  std::uint32_t documents() const noexcept { return next_document_ - 1; }
  std::uint64_t placed() const noexcept;
  std::uint64_t octets() const noexcept; ///< on disk
  std::size_t memory_octets() const noexcept; ///< with all words loaded
  const std::vector<index_segment>& segments() const noexcept { return segments_; }

private:
  friend class index_store;
  std::vector<index_segment> segments_; ///< by document number
  std::map<std::uint32_t, std::shared_ptr<const places>> places_; ///< by mailbox
  std::map<std::uint32_t, std::uint32_t> reached_;
  std::vector<std::uint32_t> place_files_;
  std::uint32_t next_document_ = 1, next_file_ = 1;
};

} // namespace rookery::storage::search
