#include "actors/imap/message_answers.hpp"

#include "actors/search/message_words.hpp"
#include "protocols/imap/date.hpp"
#include "protocols/mime/search.hpp"

#include <algorithm>

namespace rookery::actors {

namespace need = imap::search_need;
using storage::mail::text_column;

void message_answers::begin(const storage::mail::page& page, std::uint32_t row) {
  if (page_ != &page) statics_ = &storage::mail::load_statics(page);
  page_ = &page;
  slot_ = page.slot[row];
  message_ = octets_of(page, *statics_, row);
  have_ = 0;
  words_.reset();
}

std::optional<std::string_view> message_answers::bring_octets(std::uint64_t octets) {
  if (message_.prefix.empty())
    if (const auto found = near_.octets(message_.body, static_cast<std::uint32_t>(octets)); found && found->size() == octets) return *found;
  apart_.resize(octets);
  if (!read(*bodies_, *cell_, message_, 0, apart_.data(), octets)) return std::nullopt;
  return apart_;
}

bool message_answers::bring(std::uint8_t needs) {
  needs = static_cast<std::uint8_t>(needs & ~have_);
  if (text_page_ != page_) {
    sort_keys_.reset();
    parts_.reset();
    text_page_ = page_;
  }
  if (needs & need::sort_keys) {
    if (!sort_keys_) sort_keys_ = storage::mail::load_text(*page_, text_column::sort_keys);
    const auto keys = mime::read_sort_keys(sort_keys_->row(slot_));
    day_ = keys && keys->has_date ? keys->sent_day
                                  : imap::day_of(base::from_milliseconds(statics_->internal_date[slot_]));
    have_ |= need::sort_keys;
    return true;
  }
  if ((needs & need::header) && !(have_ & need::whole)) {
    const auto header = bring_octets(std::min<std::uint64_t>(statics_->header_octets[slot_], message_.size()));
    if (!header) return false;
    header_ = *header;
    have_ |= need::header;
    return true;
  }
  if (needs & need::whole) {
    const auto whole = bring_octets(message_.size());
    if (!whole) return false;
    whole_ = *whole;
    if (!parts_) parts_ = storage::mail::load_text(*page_, text_column::parts);
    auto tree = mime::read_parts(parts_->row(slot_));
    tree_ = tree ? std::move(*tree) : mime::part_tree{};
    header_ = whole_.substr(0, statics_->header_octets[slot_]);
    have_ |= need::whole | need::header;
    return true;
  }
  return false;
}

std::optional<std::int32_t> message_answers::sent_day() const {
  return have_ & need::sort_keys ? day_ : std::nullopt;
}

std::optional<bool> message_answers::header_contains(std::string_view field, std::string_view needle) const {
  if (!(have_ & need::header)) return std::nullopt;
  return mime::search_header(header_, field, needle);
}

std::optional<bool> message_answers::body_contains(std::string_view needle) const {
  if (!(have_ & need::whole)) return std::nullopt;
  return mime::search_text(whole_, tree_, needle, false);
}

std::optional<bool> message_answers::text_contains(std::string_view needle) const {
  if (!(have_ & need::whole)) return std::nullopt;
  return mime::search_text(whole_, tree_, needle, true);
}

std::optional<std::uint8_t> message_answers::relevancy(std::size_t leaf) const {
  if (!(have_ & need::whole)) return std::nullopt;
  if (!fuzzy_[leaf]) { // it has no words: as it is
    const auto& l = leaves_[leaf];
    const auto met = l.in == imap::text_leaf::scope::body   ? body_contains(l.text)
                     : l.in == imap::text_leaf::scope::text ? text_contains(l.text)
                                                            : header_contains(l.field, l.text);
    return *met ? 100 : 0;
  }
  if (!words_) {
    words_ = std::make_unique<storage::search::document>();
    collect_words(*words_, whole_, header_, tree_);
  }
  return storage::search::rank(*words_, *fuzzy_[leaf]);
}

} // namespace rookery::actors
