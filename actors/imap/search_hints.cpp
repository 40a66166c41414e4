#include "actors/imap/search_hints.hpp"

#include "actors/search/search_service.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"
#include "protocols/charset/fold.hpp"
#include "storage/mail/account_list.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

namespace index = storage::search;

/// A search that reads more messages than indexers leave to searches.
constexpr std::uint32_t many_messages = 256;

index::question question_of(const imap::text_leaf& leaf) {
  using scope = index::question::scope;
  index::question q;
  q.text = leaf.text;
  switch (leaf.in) {
    case imap::text_leaf::scope::body: q.in = scope::body; return q;
    case imap::text_leaf::scope::text: q.in = scope::text; return q;
    case imap::text_leaf::scope::header: break;
  }
  static constexpr std::pair<std::string_view, scope> keys[] = {
      {"Subject", scope::subject}, {"From", scope::from}, {"To", scope::to}, {"Cc", scope::cc}, {"Bcc", scope::bcc}};
  q.in = scope::header;
  // Does the field exist? Its name says so, not its words.
  if (!leaf.text.empty())
    for (const auto& [name, s] : keys)
      if (base::iequals(name, leaf.field)) q.in = s;
  q.field = charset::fold_for_search(leaf.field);
  return q;
}

} // namespace

search_hints::search_hints(const node& n, const storage::mail::mailbox_view& view, const std::vector<imap::text_leaf>& leaves)
    : account_(storage::mail::owner_of(view)), mailbox_(view.status.id), leaves_(leaves) {
  if (!leaves_.empty() && account_ && n.search && n.settings->get()->search_index) service_ = n.search;
}

void search_hints::prepare() {
  if (std::exchange(prepared_, true) || !service_) return;
  static auto& asked = base::counter_named("rookery_search_index_asked_total", "", "Searches that asked the index");
  index_ = service_->store.open(account_);
  if (!index_) return;
  for (const auto& leaf : leaves_) {
    auto answer = index_->ask(question_of(leaf));
    if (!answer) {
      service_->store.tell_damage(account_, index_, answer.error());
      service_->board_of(account_).changed(account_);
      verdicts_.clear();
      return;
    }
    verdicts_.push_back(std::move(*answer));
  }
  places_ = index_->places_of(mailbox_);
  of_message_.resize(leaves_.size());
  asked.add();
}

std::span<const imap::leaf_verdict> search_hints::of(std::uint32_t uid) {
  if (places_ == nullptr) return {};
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
  if (next_ >= all.size() || all[next_].uid != uid) return {};
  const auto document = all[next_].document;
  for (std::size_t i = 0; i < verdicts_.size(); ++i) {
    const auto v = verdicts_[i].of(document);
    of_message_[i] = v == index::verdict::yes  ? imap::leaf_verdict::yes
                     : v == index::verdict::no ? imap::leaf_verdict::no
                                               : imap::leaf_verdict::open;
  }
  return of_message_;
}

void search_hints::tell(std::uint32_t messages_read) const {
  if (messages_read > many_messages && service_) service_->board_of(account_).changed(account_);
}

} // namespace rookery::actors
