#include "protocols/xmpp/muc/address_group.hpp"

#include <utility>

namespace rookery::xmpp::muc {

std::vector<jid>& address_group::own() {
  if (all_.use_count() > 1) {
    all_ = std::make_shared<std::vector<jid>>(*all_);
    written_ += all_->size();
  }
  return *all_;
}

void address_group::add(const jid& one) {
  if (!places_.emplace(one, all_->size()).second) return;
  own().push_back(one);
  ++written_;
}

void address_group::remove(const jid& one) {
  const auto at = places_.find(one);
  if (at == places_.end()) return;
  auto& all = own();
  if (at->second + 1 != all.size()) {
    all[at->second] = std::move(all.back());
    places_[all[at->second]] = at->second;
    ++written_;
  }
  all.pop_back();
  places_.erase(at);
}

void address_group::clear() {
  all_ = std::make_shared<std::vector<jid>>();
  places_.clear();
}

} // namespace rookery::xmpp::muc
