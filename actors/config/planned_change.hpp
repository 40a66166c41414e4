/// What is to change in the configuration, with the commands that do it, and how a change is shown. Pure.
#pragma once

#include "base/result.hpp"
#include "protocols/json/value.hpp"
#include "storage/directory/config_table.hpp"

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

/// A change that was planned: commands that make it, what it changes, and what it leaves alone.
struct planned_change {
  std::vector<storage::directory::change> commands; ///< each expects the document as the plan has seen it
  std::vector<document_change> changes;
  std::vector<std::string> left; ///< sentences: what is not done, and what to do about it
};

/// In the place of a secret: whoever applies it leaves what is there.
inline constexpr std::string_view kept_secret = "(kept)";

/// The content as JSON without secrets.
json::value shown_content(std::string_view content);
/// {"kind", "key", "verb", "members": [{"member", "before", "after"}]}: no secrets, only that they changed.
json::value show_change(const document_change&);

} // namespace rookery::config
