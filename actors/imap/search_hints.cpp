#include "actors/imap/search_hints.hpp"

#include "actors/search/search_service.hpp"
#include "base/metrics.hpp"
#include "storage/mail/account_list.hpp"
#include "storage/mail/page_source.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

namespace index = storage::search;

/// A search that reads more messages than indexers leave to searches.
constexpr std::uint32_t many_messages = 256;

} // namespace

search_hints::search_hints(const node& n, const storage::mail::mailbox_view& view, std::shared_ptr<storage::mail::mailbox_cell> cell,
                           const std::vector<imap::text_leaf>& leaves, fuzzy_questions fuzzy)
    : account_(storage::mail::owner_of(view)), mailbox_(view.status.id), leaves_(leaves), fuzzy_(std::move(fuzzy)) {
  if (!leaves_.empty() && account_ && n.search && n.settings->get()->search_index) service_ = n.search;
  if (service_ && view.pages.front()->source->id().mailbox != mailbox_) composed_ = std::move(cell);
}

void search_hints::prepare() {
  if (std::exchange(prepared_, true) || !service_) return;
  static auto& asked = base::counter_named("rookery_search_index_asked_total", "", "Searches that asked the index");
  index_ = service_->store.open(account_);
  if (!index_) return;
  const auto damaged = [this](const base::error& e) {
    service_->store.tell_damage(account_, index_, e);
    service_->board_of(account_).changed(account_);
    known_.clear();
  };
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    auto& one = known_.emplace_back();
    if (fuzzy_[i]) {
      auto ranked = index::rank(*index_, *fuzzy_[i]);
      if (!ranked) return damaged(ranked.error());
      one.ranked = std::move(*ranked);
    } else {
      auto answer = index_->ask(index_question(leaves_[i]));
      if (!answer) return damaged(answer.error());
      one.exact = std::move(*answer);
    }
  }
  if (!composed_) places_ = index_->places_of(mailbox_);
  asked_ = true;
  of_message_.resize(leaves_.size());
  scores_.resize(leaves_.size(), 100);
  asked.add();
}

std::uint32_t search_hints::document_of(std::uint32_t uid) {
  if (places_ == nullptr) return 0;
  const auto& all = *places_;
  if (next_ < all.size() && all[next_].uid < uid) {
    // Near, as a rule.
    for (int i = 0; i < 8 && next_ < all.size() && all[next_].uid < uid; ++i) ++next_;
    if (next_ < all.size() && all[next_].uid < uid)
      next_ = static_cast<std::size_t>(std::lower_bound(all.begin() + static_cast<std::ptrdiff_t>(next_), all.end(), uid,
                                                        [](const index::place& p, std::uint32_t u) { return p.uid < u; }) - all.begin());
  } else if (next_ >= all.size() || all[next_].uid > uid) {
    next_ = static_cast<std::size_t>(std::lower_bound(all.begin(), all.end(), uid,
                                                      [](const index::place& p, std::uint32_t u) { return p.uid < u; }) - all.begin());
  }
  return next_ < all.size() && all[next_].uid == uid ? all[next_].document : 0;
}

std::uint32_t search_hints::document_elsewhere(std::uint32_t shown_uid) {
  const auto found = composed_->find_message(shown_uid);
  if (found.index >= found.view->size()) return 0;
  // Neighbours lie in one mailbox, as a rule.
  if (const auto there = found.view->status.id; there != mailbox_ || places_ == nullptr) {
    mailbox_ = there;
    places_ = index_->places_of(there);
    next_ = 0;
  }
  const auto at = found.view->at(found.index);
  return document_of(at.in->uid[at.row]);
}

std::span<const imap::leaf_verdict> search_hints::of(std::uint32_t uid) {
  if (!any()) return {};
  const auto document = composed_ ? document_elsewhere(uid) : document_of(uid);
  if (document == 0) return {};
  for (std::size_t i = 0; i < known_.size(); ++i) {
    if (fuzzy_[i]) {
      scores_[i] = document < known_[i].ranked.size() ? known_[i].ranked[document] : 0;
      of_message_[i] = scores_[i] != 0 ? imap::leaf_verdict::yes : imap::leaf_verdict::no;
      continue;
    }
    const auto v = known_[i].exact.of(document);
    of_message_[i] = v == index::verdict::yes  ? imap::leaf_verdict::yes
                     : v == index::verdict::no ? imap::leaf_verdict::no
                                               : imap::leaf_verdict::open;
  }
  return of_message_;
}

void search_hints::tell(std::uint32_t messages_read) const {
  static auto& read = base::counter_named("rookery_search_messages_read_total", "", "Messages that searches read because the index did not decide");
  read.add(messages_read);
  if (messages_read > many_messages && service_) service_->board_of(account_).changed(account_);
}

} // namespace rookery::actors
