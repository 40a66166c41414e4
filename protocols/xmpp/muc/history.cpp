#include "protocols/xmpp/muc/history.hpp"

#include "base/text.hpp"
#include "protocols/xml/writer.hpp"
#include "protocols/xmpp/date_time.hpp"
#include "protocols/xmpp/namespaces.hpp"

#include <algorithm>
#include <iterator>

namespace rookery::xmpp::muc {

history_wish read_history_wish(const xml::element* e, base::wall_time now) {
  history_wish out;
  if (e == nullptr) return out;
  const auto number = [&](std::string_view name) { return base::parse_u32(e->get(name)); };
  if (const auto n = number("maxstanzas")) out.stanzas = *n;
  if (const auto n = number("maxchars")) out.characters = *n;
  if (const auto n = number("seconds")) out.since = now - std::chrono::seconds(*n);
  if (const auto t = read_date_time(e->get("since"))) out.since = out.since ? std::max(*out.since, *t) : *t;
  return out;
}

void history::add(std::uint64_t id, base::wall_time time, std::shared_ptr<const xml::element> stanza) {
  const auto octets = xml::to_text(*stanza, space::client).size();
  octets_ += octets;
  messages_.push_back({id, time, std::move(stanza), octets});
  while (messages_.size() > messages_max_ || (octets_ > octets_max_ && messages_.size() > 1)) {
    octets_ -= messages_.front().octets;
    messages_.pop_front();
  }
}

void history::replace(std::uint64_t id, std::shared_ptr<const xml::element> stanza) {
  for (auto& m : messages_)
    if (m.id == id) m.stanza = std::move(stanza);
}

const history::message* history::find(std::uint64_t id) const noexcept {
  const auto at = std::find_if(messages_.begin(), messages_.end(), [&](const message& m) { return m.id == id; });
  return at == messages_.end() ? nullptr : &*at;
}

std::vector<const history::message*> history::for_entrant(const history_wish& wish, std::size_t most) const {
  std::vector<const message*> out;
  std::size_t characters = 0;
  for (auto at = std::make_reverse_iterator(messages_.end()); at != std::make_reverse_iterator(messages_.begin()); ++at) {
    characters += at->octets;
    if (out.size() >= std::min(wish.stanzas, most) || characters > wish.characters || (wish.since && at->time < *wish.since)) break;
    out.push_back(&*at);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

} // namespace rookery::xmpp::muc
