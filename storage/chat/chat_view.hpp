/// Reads the chat store from any thread.
///
/// Shows what is applied; each call may block on the disk, so reactors hand it to a reader (actors/system/worker_pool).
/// Nothing of an archive needs to be in memory. Damage of the tree throws base::broken.
#pragma once

#include "base/clock.hpp"
#include "storage/chat/command.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::chat {

struct stored_record {
  std::string key, value;
  std::uint64_t change = 0;        ///< the owner's change number when it was put
};

struct stream_facts {
  std::uint64_t entries = 0, octets = 0; ///< octets of stanzas
  std::uint64_t last_id = 0;             ///< ever given; 0: none
  base::wall_time last_time{};
};

struct owner_facts {
  std::uint64_t records = 0, record_octets = 0; ///< octets of keys and values
  std::uint64_t change = 0;                     ///< grows with each change of a record
  stream_facts archive, offline;
};

struct entry {
  std::uint64_t id = 0;            ///< the stanza id of XEP-0359
  base::wall_time time{};
  std::string with, stanza;
};

/// Which entries of a stream. Empty fields do not restrict.
struct stream_query {
  std::uint64_t after_id = 0;                    ///< only greater ids
  std::uint64_t before_id = ~std::uint64_t{0};   ///< only smaller ids
  std::optional<base::wall_time> from, until;    ///< both inclusive
  std::string with;                              ///< exactly as it was appended
  bool backwards = false;                        ///< the last ones that match instead of the first
  std::size_t max = 50;
  std::size_t octets_max = 4u << 20;             ///< of stanzas; the page is shorter then, but has one entry
};
struct stream_page {
  std::vector<entry> entries;      ///< always by ascending id
  bool more = false;               ///< further ones match: behind the last, or before the first
};

struct owner_row {
  std::string owner;
  owner_facts facts;
};

class chat_view {
public:
  virtual ~chat_view() = default;
  /// Nothing when the owner has never had anything, or was dropped.
  virtual std::optional<owner_facts> find(std::string_view owner) const = 0;
  virtual std::optional<stored_record> record(std::string_view owner, record_kind, std::string_view key) const = 0;
  /// At most `max` whose keys begin with `prefix` and come behind `after`, by their keys.
  virtual std::vector<stored_record> records(std::string_view owner, record_kind, std::size_t max,
                                             std::string_view after = {}, std::string_view prefix = {}) const = 0;
  virtual stream_page page(std::string_view owner, stream_kind, const stream_query&) const = 0;
  virtual std::optional<entry> find_entry(std::string_view owner, stream_kind, std::uint64_t id) const = 0;
  /// At most `max` owners whose text begins with `prefix` and comes behind `after`, in order.
  virtual std::vector<owner_row> owners(std::string_view prefix, std::size_t max, std::string_view after = {}) const = 0;
};

} // namespace rookery::storage::chat
