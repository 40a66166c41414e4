#include "actors/xmpp/links/stanza_link.hpp"

#include "actors/relay/relay_ends.hpp"
#include "actors/xmpp/links/link_item.hpp"

#include <utility>

namespace rookery::actors {

bool stanza_link::push(const std::function<std::string(std::uint64_t)>& encode, give_up refused, base::instant now) {
  caf::actor whom;
  {
    const std::lock_guard hold(lock_);
    if (items_.size() >= link_stanzas_max || octets_ >= link_octets_max) return false;
    auto octets = encode(first_ + items_.size());
    if (octets.empty()) return false;
    octets_ += octets.size();
    items_.push_back({std::move(octets), std::move(refused), now});
    if (connection_ && !std::exchange(told_, true)) whom = connection_;
  }
  relay_pipe::wake(whom);
  return true;
}

void stanza_link::attach(const caf::actor& connection) {
  const std::lock_guard hold(lock_);
  connection_ = connection;
  sent_ = sent_octets_ = 0;
  told_ = false;
}

bool stanza_link::detach(const caf::actor& connection, base::instant now) {
  const std::lock_guard hold(lock_);
  if (connection_ != connection) return false;
  connection_ = nullptr;
  sent_ = sent_octets_ = 0;
  // It had its time while there was a connection: from here on it waits for the next one.
  for (auto& i : items_) i.since = now;
  return true;
}

void stanza_link::fill(base::buffer& out, std::size_t room) {
  const std::lock_guard hold(lock_);
  told_ = false;
  for (; sent_ < items_.size() && out.size() < room && sent_octets_ < link_window_octets; ++sent_) {
    cluster::append_frame(out, link_item_type, items_[sent_].octets);
    sent_octets_ += items_[sent_].octets.size();
  }
}

bool stanza_link::acknowledged(std::uint64_t next) {
  std::vector<give_up> done; // receipts are let go outside the lock
  const std::lock_guard hold(lock_);
  if (next > first_ + items_.size()) return false;
  while (first_ < next) {
    auto& i = items_.front();
    octets_ -= i.octets.size();
    if (sent_ > 0) {
      --sent_;
      sent_octets_ -= i.octets.size();
    }
    done.push_back(std::move(i.refused));
    items_.pop_front();
    ++first_;
  }
  return true;
}

bool stanza_link::connected() const {
  const std::lock_guard hold(lock_);
  return connection_ != nullptr;
}

caf::actor stanza_link::connection() const {
  const std::lock_guard hold(lock_);
  return connection_;
}

bool stanza_link::empty() const {
  const std::lock_guard hold(lock_);
  return items_.empty();
}

std::uint64_t stanza_link::first() const {
  const std::lock_guard hold(lock_);
  return first_;
}

std::vector<stanza_link::give_up> stanza_link::expired(base::instant now, bool all) {
  std::vector<give_up> out;
  const std::lock_guard hold(lock_);
  if (connection_ && !all) return out;
  while (!items_.empty() && (all || now - items_.front().since >= link_wait)) {
    octets_ -= items_.front().octets.size();
    out.push_back(std::move(items_.front().refused));
    items_.pop_front();
    ++first_;
  }
  if (!out.empty()) sent_ = sent_octets_ = 0;
  return out;
}

} // namespace rookery::actors
