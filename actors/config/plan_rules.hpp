/// What plans of changes share: kinds and secrets of documents, and the check of what a change would leave. Private to
/// actors/config.
#pragma once

#include "actors/config/planned_change.hpp"

#include <utility>

namespace rookery::config {

using document_place = std::pair<storage::directory::document_kind, std::string>;

/// Written by people, so that a file or a rollback may change it.
bool is_ours(storage::directory::document_kind) noexcept;
/// A member that nobody is shown.
bool is_secret(std::string_view member) noexcept;
/// A setting is a scalar; everything else an object.
json::value parsed_content(std::string_view content);

std::optional<std::string> content_at(const storage::directory::config_table&, const document_place&);
/// "domain example.org"
std::string document_label(storage::directory::document_kind, const std::string& key);

/// The commands for these changes, once a node could work with what they leave: every document can be read, and addresses
/// have their domains.
base::result<planned_change> checked_plan(const storage::directory::config_table& now, std::vector<document_change> changes, std::vector<std::string> left);

} // namespace rookery::config
