#include "actors/xmpp/arrival_notes.hpp"

#include "base/text.hpp"

namespace rookery::actors {

void arrival_notes::restore(std::string_view key, std::string_view value) {
  if (!key.starts_with(prefix)) return;
  const auto cut = value.find(' ');
  const auto volume = base::parse_u64(key.substr(prefix.size()));
  const auto channel = base::parse_u64(value.substr(0, cut));
  const auto number = cut == std::string_view::npos ? std::nullopt : base::parse_u64(value.substr(cut + 1));
  if (volume && channel && number) last_[*volume] = {*channel, *number};
}

bool arrival_notes::came_before(const stanza_origin& o) const {
  const auto at = o.volume == 0 ? last_.end() : last_.find(o.volume);
  return at != last_.end() && at->second.first == o.channel && o.number <= at->second.second;
}

storage::chat::put_records arrival_notes::note(const stanza_origin& o) {
  last_[o.volume] = {o.channel, o.number};
  return {{{storage::chat::record_kind::setting, std::string(prefix) + std::to_string(o.volume), std::to_string(o.channel) + " " + std::to_string(o.number)}}};
}

} // namespace rookery::actors
