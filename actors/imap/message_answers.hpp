/// What a search may ask of one message beyond its columns: brought cheapest first.
///
/// Used in a reader's thread: bringing blocks on the disk. Memory: one message at a time.
#pragma once

#include "actors/account/message_octets.hpp"
#include "actors/imap/index_questions.hpp"
#include "protocols/imap/search_matcher.hpp"
#include "protocols/mime/part_tree.hpp"
#include "protocols/mime/summary.hpp"
#include "storage/body/body_window.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::actors {

class message_answers final : public imap::search_answers {
public:
  message_answers(std::shared_ptr<storage::body_reader> bodies, std::shared_ptr<storage::mail::mailbox_cell> cell,
                  const std::vector<imap::text_leaf>& leaves, fuzzy_questions fuzzy)
      : bodies_(std::move(bodies)), cell_(std::move(cell)), leaves_(leaves), fuzzy_(std::move(fuzzy)), near_(bodies_) {}

  /// The message that is asked about from now on: row `row` of `page`.
  void begin(const storage::mail::page& page, std::uint32_t row);
  /// Brings what `needs` (search_need::...) asks for, the cheapest of it. False when nothing more
  /// can be brought: the message cannot be read, or all of it is there already.
  bool bring(std::uint8_t needs);

  std::optional<std::int32_t> sent_day() const override;
  std::optional<bool> header_contains(std::string_view field, std::string_view needle) const override;
  std::optional<bool> body_contains(std::string_view needle) const override;
  std::optional<bool> text_contains(std::string_view needle) const override;
  std::optional<std::uint8_t> relevancy(std::size_t leaf) const override;

private:
  /// The message's first octets; they live until the next message is read.
  std::optional<std::string_view> bring_octets(std::uint64_t octets);

  std::shared_ptr<storage::body_reader> bodies_;
  std::shared_ptr<storage::mail::mailbox_cell> cell_;
  const storage::mail::page* page_ = nullptr;
  const storage::mail::static_columns* statics_ = nullptr;
  std::uint32_t slot_ = 0;
  message_octets message_;
  std::uint8_t have_ = 0;
  std::shared_ptr<const storage::mail::text_rows> sort_keys_, parts_;
  const storage::mail::page* text_page_ = nullptr; ///< of the two above
  std::optional<std::int32_t> day_;
  std::vector<imap::text_leaf> leaves_;
  fuzzy_questions fuzzy_;
  mutable std::unique_ptr<storage::search::document> words_; ///< of the message, once a fuzzy key asks
  storage::body_window near_;
  std::string apart_; ///< of a message that is not one piece of the log, or has been moved
  std::string_view header_, whole_;
  mime::part_tree tree_;
};

} // namespace rookery::actors
