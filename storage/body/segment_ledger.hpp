/// Remembers how much of each sealed segment is alive, so that a round of maintenance asks only about
/// segments that changed and about a few that it does not know yet.
///
/// Pure and in memory; begins empty with the process. Per round: `follow`, `lost` for what the machines
/// gave up since the last round, `due` → ask and `surveyed`, `emptiest`. The cost of a round is what
/// changed and one step a segment in memory, however many segments there are.
#pragma once

#include "storage/body/compactor.hpp"
#include "storage/log/log_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace rookery::storage {

struct ledger_settings {
  double live_share_min = 0.5;           ///< segments below it are worth rewriting
  std::size_t changed_surveys_max = 256; ///< of segments that lost bodies, a round
  std::size_t unknown_surveys_max = 32;  ///< of segments never asked about since the start, a round
};

class segment_ledger {
public:
  explicit segment_ledger(ledger_settings = {});

  /// The log's segments as they are now: new sealed ones are learnt, gone ones forgotten.
  void follow(std::span<const segment_info>);
  /// Somebody gave up a reference to `octets` in it. A body with several references counts several
  /// times, so this is a reason to ask and no answer.
  void lost(std::uint32_t segment, std::uint64_t octets);
  /// The segments to ask about now, all before `flushed_by_all`: what may have become worth it,
  /// emptiest first, then unknown ones, oldest first.
  std::vector<segment_info> due(log_position flushed_by_all) const;
  void surveyed(const segment_use&);
  /// It cannot be emptied (a damaged body): never the emptiest until the process begins anew.
  void set_aside(std::uint32_t segment);
  /// The known segment with the smallest live share below the bound.
  std::optional<segment_use> emptiest() const;

private:
  struct entry {
    std::uint64_t octets = 0;
    std::uint64_t live_octets = 0; ///< at most; from the last survey on
    std::uint64_t live_count = 0;
    bool known = false;
    bool changed = false; ///< since the last survey
    bool aside = false;
  };
  bool worth(const entry&) const noexcept;

  ledger_settings settings_;
  std::map<std::uint32_t, entry> sealed_;
};

} // namespace rookery::storage
