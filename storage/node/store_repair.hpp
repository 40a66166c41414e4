/// `rookery repair`: makes a store usable whose log lost what no crash takes.
///
/// What the machines' trees have is not lost. From where each tree stands, commands are applied up to the
/// first damage that may hide one of its shard; what comes behind cannot be applied without what is
/// missing, so it is lost: it is named, and its messages are saved as files. Then a new segment begins the
/// log, and what cannot be read is marked as such. A repair that broke off is begun again.
/// Synchronous, one thread, nobody may use the store.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rookery::storage {

/// Lines of a report; beyond them they are counted only.
inline constexpr std::size_t repair_lines_max = 10'000;
/// After commands of a mail shard were lost, its mailboxes go on this much higher: clients may have
/// seen UIDs and MODSEQs that the store no longer knows, and none may come to mean something else.
inline constexpr std::uint32_t repair_uid_step = 1u << 20;
inline constexpr std::uint64_t repair_modseq_step = std::uint64_t{1} << 32;

struct repair_report {
  bool needed = false;               ///< there is damage; else the store is left alone
  std::vector<std::string> damage;   ///< where the log cannot be read, a line each
  std::vector<std::string> lost;     ///< changes and messages that are gone, a line each
  std::uint64_t damage_count = 0, lost_count = 0;
  std::uint64_t saved = 0;           ///< messages written to `saved_in`
  std::string saved_in;
};

/// With `apply` it is done; else it is only said. Errors: not_found, conflict (in use), unsupported, io;
/// `damaged` when a tree itself is damaged or missing: only a backup helps.
base::result<repair_report> repair_store(const std::string& data_directory, bool apply);

} // namespace rookery::storage
