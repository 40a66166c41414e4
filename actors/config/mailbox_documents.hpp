/// The documents of mailbox templates and of expiry rules: JSON in, records out, and checked changes.
/// Their members: docs/manual/mailboxes.md.
#pragma once

#include "actors/config/settings.hpp"
#include "base/result.hpp"
#include "policy/mailboxes/expiry_rule.hpp"
#include "policy/mailboxes/mailbox_template.hpp"
#include "protocols/json/value.hpp"
#include "storage/directory/config_table.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::config {

inline constexpr std::size_t templates_max = 1000;

/// Of templates and expiry rules: lower case letters, digits, "-", "_" and "."; at most 64.
std::optional<std::string> canonical_rule_name(std::string_view name);

/// The template of this name; nothing when there is none. One that cannot be read is none.
std::optional<mailboxes::mailbox_template> template_named(const storage::directory::config_table&, std::string_view name);
/// Gives the patch that makes an account the quotas of the template it begins with, where it has none itself.
/// `not_found` when it names a template that is not there.
base::result<void> begin_with_template(const storage::directory::config_table&, std::string_view address, const settings&, json::value& patch);
/// The template that this account begins with.
std::optional<mailboxes::mailbox_template> template_of_account(const storage::directory::config_table&, std::string_view address, const settings&);

/// As in documents.hpp.
base::result<std::string> change_template(std::string_view content, const json::value& patch);
json::value show_template(const storage::directory::document&);
/// The one that is there without a document.
json::value show_standard_template();

/// `invalid` when the content is none: a fault of ours or of a newer node. Nothing when it is switched off.
base::result<std::optional<mailboxes::expiry_rule>> read_expiry(const storage::directory::document&);
/// Those in use, by name.
std::vector<mailboxes::expiry_rule> expiry_rules(const storage::directory::config_table&);
base::result<std::string> change_expiry(std::string_view content, const json::value& patch);
json::value show_expiry(const storage::directory::document&);

} // namespace rookery::config
