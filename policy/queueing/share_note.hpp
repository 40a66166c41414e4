/// What a node tells another one of the destinations that it delivers to, as octets: so that limits of a destination
/// hold for the whole cluster (share_book.hpp).
///
/// One octet version, then varints and counted texts. Version 2 has the load behind the rest. A reader refuses other versions, what is longer than its fields, and more
/// than the limits here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::queueing {

inline constexpr std::size_t note_rows_max = 500;           ///< of one note; the others come with the next
inline constexpr std::size_t note_octets_max = 96u << 10;
inline constexpr std::size_t shared_name_octets_max = 512;  ///< of a destination; one with a longer name is not told
inline constexpr std::size_t shared_reason_octets_max = 200;

/// How a destination does, as somebody saw it.
enum class destination_news : std::uint8_t { none, answers, down };

/// What a node has to do for mail to other servers.
struct node_load {
  std::uint32_t connections = 0;              ///< that it carries itself: of its own queues, and borrowed ones
  bool operator==(const node_load&) const = default;
};

struct share_row {
  std::string destination;
  std::uint32_t claim = 0;                    ///< connections: this node has no more, and takes no more
  std::uint32_t wanted = 0;                   ///< that it could use; 0: it has no work
  destination_news news = destination_news::none;
  std::uint64_t event = 0;                    ///< of the news: the same number, the same news
  std::uint64_t age_ms = 0;                   ///< of the news
  std::uint64_t pause_ms = 0;                 ///< down: it is left alone for so long still
  std::uint32_t failures = 0;                 ///< down: in a row
  std::string reason;                         ///< down
  bool operator==(const share_row&) const = default;
};

struct share_note {
  std::uint64_t incarnation = 0;              ///< of the sender: another one is another run of its program; never 0
  std::uint64_t yours = 0;                    ///< the reader's, as the sender knows it; 0: it knows nothing of the reader
  std::uint64_t heard = 0;                    ///< number of the reader's last note with rows that was read; 0: none
  std::uint64_t number = 0;                   ///< of this note; 0: it has no rows
  bool anew = false;                          ///< what came before may be lost: `number` follows no other
  std::uint64_t turn = 0;                     ///< grows: whose turn it is where not all have one
  std::vector<share_row> rows;                ///< those that have changed
  std::optional<node_load> load;              ///< nothing: the sender opens no connections for others (lending.hpp)
  bool operator==(const share_note&) const = default;
};

/// With a load only at a level at which all read it (cluster/node/feature_level.hpp).
std::string print(const share_note&);
std::optional<share_note> read_share_note(std::string_view);

} // namespace rookery::queueing
