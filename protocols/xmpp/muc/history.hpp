/// The last messages of a room, for those who enter.
///
/// Source: XEP-0045 §7.2.13, §7.2.14.
#pragma once

#include "base/clock.hpp"
#include "base/fifo.hpp"
#include "protocols/xml/element.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

namespace rookery::xmpp::muc {

/// What who enters wants at most. Nothing given: what the room gives.
struct history_wish {
  std::size_t stanzas = std::numeric_limits<std::size_t>::max();
  std::size_t characters = std::numeric_limits<std::size_t>::max();
  std::optional<base::wall_time> since;
};
/// From the element history of muc, if any. Values that are no numbers count as not given.
history_wish read_history_wish(const xml::element* history, base::wall_time now);

class history {
public:
  struct message {
    std::uint64_t id = 0;
    base::wall_time time{};
    std::shared_ptr<const xml::element> stanza; ///< as it was told, without a delay
    std::size_t octets = 0;
  };
  history(std::size_t messages_max, std::size_t octets_max) : messages_max_(messages_max), octets_max_(octets_max) {}

  void add(std::uint64_t id, base::wall_time, std::shared_ptr<const xml::element>);
  /// Takes the stanza's place.
  void replace(std::uint64_t id, std::shared_ptr<const xml::element>);
  const message* find(std::uint64_t id) const noexcept;
  std::size_t size() const noexcept { return messages_.size(); }
  /// The last ones within the wish and `most`, oldest first.
  std::vector<const message*> for_entrant(const history_wish&, std::size_t most) const;

private:
  base::fifo<message> messages_;
  std::size_t messages_max_, octets_max_, octets_ = 0;
};

} // namespace rookery::xmpp::muc
