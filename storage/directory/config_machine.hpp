/// The configuration shard: versioned documents in, immutable tables out.
///
/// One thread owns it; `cell()` and `history()` are read from any thread. On disk one
/// tree: 'm' = version, next id, lsn and position; 'd' kind key = document; 'h' version
/// (big-endian) = history entry.
#pragma once

#include "storage/directory/config_command.hpp"
#include "storage/directory/config_table.hpp"
#include "storage/shard/machine.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rookery::storage {
class tree;
}

namespace rookery::storage::directory {

/// Entries remembered for `config log`, and documents named in one of them: a command
/// that imports 5,000 accounts is one entry with a count.
inline constexpr std::size_t history_entries_max = 1000;
inline constexpr std::size_t history_names_max = 20;
/// Octets of what documents were before one command, and before all that are remembered: beyond them an entry is kept
/// without, the oldest first, and there is no way back past it.
inline constexpr std::size_t before_octets_max = 2u << 20;
inline constexpr std::size_t before_total_octets_max = 16u << 20;

enum class history_verb : std::uint8_t { made = 1, changed = 2, removed = 3, renamed = 4 };
/// A document as it was before a command touched it.
struct document_before {
  document_kind kind{};
  std::string key;
  bool there = false;
  std::string content; ///< "" when it was not there
};
struct history_entry {
  struct line {
    history_verb verb{};
    document_kind kind{};
    std::string key;
  };
  std::uint64_t version = 0;
  base::wall_time time{};
  std::string author;
  std::uint32_t changes = 0;  ///< all of the command
  std::vector<line> lines;    ///< the first `history_names_max` of them
  std::shared_ptr<const std::vector<document_before>> before; ///< of all that it touched, once each; null: not kept
};

class config_machine : public machine {
public:
  static base::result<std::unique_ptr<config_machine>> open(std::unique_ptr<tree>);

  /// Where the tables are published. Lives as long as anybody holds it.
  virtual std::shared_ptr<config_cell> cell() const = 0;
  /// The last entries, newest first. Thread-safe.
  virtual std::vector<history_entry> history(std::size_t max) const = 0;
  /// Verifies records against each other; one line a fault.
  virtual std::vector<std::string> check() const = 0;
};

} // namespace rookery::storage::directory
