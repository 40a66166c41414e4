/// What differs between two versions of the configuration, the way back to one of them, and the way to one that a
/// file describes. Pure.
///
/// The history has each document as it was before a command touched it; a version is the present table with all
/// later commands taken back.
#pragma once

#include "base/result.hpp"
#include "protocols/json/value.hpp"
#include "storage/directory/config_machine.hpp"
#include "storage/directory/config_table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::config {

/// "domain", "account", "host-login" …; "other" for kinds of a newer node.
std::string_view name_of(storage::directory::document_kind) noexcept;
std::optional<storage::directory::document_kind> kind_named(std::string_view) noexcept;

struct document_change {
  storage::directory::document_kind kind{};
  std::string key;
  std::optional<std::string> before, after; ///< contents; nothing: it is not there
};

/// What changed between `from` and `to`, ascending by kind and key; documents that are the same in both are left out.
/// `history`: newest first, with all commands behind `from`. Errors: `invalid` when `to` is before `from` or behind the
/// present, `not_found` when the history does not reach back so far.
base::result<std::vector<document_change>> changes_between(const storage::directory::config_table& now,
                                                           const std::vector<storage::directory::history_entry>& history,
                                                           std::uint64_t from, std::uint64_t to);

/// A change that was planned: commands that make it, what it changes, and what it leaves alone.
struct planned_change {
  std::vector<storage::directory::change> commands; ///< each expects the document as the plan has seen it
  std::vector<document_change> changes;
  std::vector<std::string> left; ///< sentences: what is not done, and what to do about it
};

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

/// A file of documents: {"documents": [{"kind", "key", "content"}, …]}. What it does not name stays; with `prune` other
/// documents of the kinds that it has are removed, accounts aside. Contents are checked as a whole: `invalid` names the first
/// that no node could read, or that leads to something that is not there.
base::result<planned_change> plan_file(const storage::directory::config_table& now, const json::value& file, bool prune);

/// The documents of these kinds (none: all but accounts), secrets as `kept_secret`.
json::value export_documents(const storage::directory::config_table&, const std::vector<storage::directory::document_kind>&);

/// In the place of a secret: whoever applies it leaves what is there.
inline constexpr std::string_view kept_secret = "(kept)";
inline constexpr std::size_t file_documents_max = 50'000;

/// The content as JSON without secrets.
json::value shown_content(std::string_view content);
/// {"kind", "key", "verb", "members": [{"member", "before", "after"}]}: no secrets, only that they changed.
json::value show_change(const document_change&);

} // namespace rookery::config
