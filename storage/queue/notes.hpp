/// Notes: small durable facts beside the spool, each a value under a key in a named space.
///
/// For what must outlive a restart, is not mail, and is rewritten often: policies of other
/// servers, counters of the day, what was seen elsewhere. Records: docs/formats/spool.md.
#pragma once

#include "base/clock.hpp"
#include "storage/queue/command.hpp"
#include "storage/shard/machine.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::queue {

class spool_store;

inline constexpr std::size_t note_space_octets_max = 32;    ///< letters a-z, digits and "-"
inline constexpr std::size_t note_key_octets_max = 1000;
inline constexpr std::size_t note_value_octets_max = 65'536;

/// One note as it is read. Expired ones are seen until somebody drops them: compare `until`.
struct note {
  std::string key;
  std::string value;
  base::wall_time until{};
};

/// Changes the notes of a store. The spool's thread.
class note_book {
public:
  note_book(spool_store& store, std::uint64_t notes_max, std::uint64_t octets_max)
      : store_(store), notes_max_(notes_max), octets_max_(octets_max) {}

  /// What the state record says they are.
  void load(std::uint64_t notes, std::uint64_t octets) { notes_ = notes; octets_ = octets; }
  std::uint64_t notes() const noexcept { return notes_; }
  std::uint64_t octets() const noexcept { return octets_; }

  // malformed: a bad space or key, a value that is too long, a counter that is none. over_limit: of the book.
  command_result put(const put_note&);
  command_result count(const count_note&);
  command_result drop(const drop_note&);
  command_result drop_before(base::wall_time now);
  /// One line for each fault.
  std::vector<std::string> check() const;

private:
  void remove(std::string_view space, const note& old);
  /// The keys of a space that keeps only so many; read when it is bounded for the first time.
  std::set<std::string>& keys_of(std::string_view space);
  void keep_last(std::string_view space, std::uint64_t max);

  spool_store& store_;
  std::map<std::string, std::set<std::string>, std::less<>> bounded_;
  std::uint64_t notes_max_, octets_max_;
  std::uint64_t notes_ = 0, octets_ = 0; ///< keys and values
};

// Any thread, like the store's other reads.
std::optional<note> find_note(const spool_store&, std::string_view space, std::string_view key);
std::vector<note> list_notes(const spool_store&, std::string_view space, std::string_view prefix, std::size_t max,
                             std::string_view after);

} // namespace rookery::storage::queue
