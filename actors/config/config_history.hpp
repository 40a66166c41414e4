/// What differs between two versions of the configuration, and the way back to one of them. Pure.
///
/// The history has each document as it was before a command touched it; a version is the present table with all
/// later commands taken back.
#pragma once

#include "actors/config/planned_change.hpp"
#include "base/clock.hpp"
#include "storage/directory/config_machine.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::config {

/// What changed between `from` and `to`, ascending by kind and key; documents that are the same in both are left out.
/// `history`: newest first, with all commands behind `from`. Errors: `invalid` when `to` is before `from` or behind the
/// present, `not_found` when the history does not reach back so far.
base::result<std::vector<document_change>> changes_between(const storage::directory::config_table& now,
                                                           const std::vector<storage::directory::history_entry>& history,
                                                           std::uint64_t from, std::uint64_t to);

/// Back to version `to`. Accounts are neither made nor removed, as their mail would not follow; members of the cluster and
/// what belongs to it stay.
base::result<planned_change> plan_rollback(const storage::directory::config_table& now,
                                           const std::vector<storage::directory::history_entry>& history, std::uint64_t to);

/// One command taken back, as far as nobody has changed again what it changed. For a change that was not confirmed in time.
base::result<planned_change> plan_undo(const storage::directory::config_table& now,
                                       const std::vector<storage::directory::history_entry>& history, std::uint64_t version);

/// A change that waits for its confirmation: one at a time, put by the command it is about, whose version it has.
inline constexpr storage::directory::document_kind pending_document{41};
inline constexpr std::string_view pending_key = "confirm";
struct pending_change {
  std::uint64_t version = 0; ///< of the command
  base::wall_time until{};
  std::string author;
};
/// Nothing when none waits.
std::optional<pending_change> pending_in(const storage::directory::config_table&);
/// To be put beside a change.
storage::directory::change wait_for_confirmation(base::wall_time until, std::string_view author);

} // namespace rookery::config
