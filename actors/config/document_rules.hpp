/// How documents are changed: rules that check one member each. Private to actors/config.
#pragma once

#include "base/crypto/secret_box.hpp"
#include "base/result.hpp"
#include "policy/delivery/delivery_view.hpp"
#include "protocols/json/value.hpp"
#include "storage/directory/config_table.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace rookery::config {

inline constexpr std::size_t text_octets_max = 1000;

base::failure<base::error> unfit(std::string_view member, std::string_view what);
/// UTF-8 without control characters.
bool is_text(std::string_view text, std::size_t octets_max);
base::result<json::value> parse_content(const storage::directory::document&);

/// A rule checks one member of a patch and gives the value that is stored.
using checked = base::result<json::value>;
struct rule {
  std::string_view member;
  checked (*check)(std::string_view member, const json::value&);
};

template <std::size_t Max>
checked text_rule(std::string_view member, const json::value& v) {
  const auto* text = v.as_string();
  if (text == nullptr || !is_text(*text, Max)) return unfit(member, "is a text without control characters of at most " + std::to_string(Max) + " octets");
  return v;
}
checked flag_rule(std::string_view member, const json::value&);
checked address_rule(std::string_view member, const json::value&);
checked host_rule(std::string_view member, const json::value&);
/// A number, or a text with a unit: "500M". 0: no limit.
checked amount_rule(std::string_view member, const json::value&);
/// Whom a rule is about: an account's address, a domain, or "*".
checked scope_rule(std::string_view member, const json::value&);
/// A name of lower case letters, digits, "-", "_" and "."; at most 64.
checked name_rule(std::string_view member, const json::value&);
/// The name of a mailbox that may be created.
checked mailbox_rule(std::string_view member, const json::value&);
checked schedule_rule(std::string_view member, const json::value&);
template <std::uint64_t Least, std::uint64_t Most>
checked number_rule(std::string_view member, const json::value& v) {
  const auto* n = v.as_integer();
  if (n == nullptr || *n < 0 || static_cast<std::uint64_t>(*n) < Least || static_cast<std::uint64_t>(*n) > Most)
    return unfit(member, "is a number from " + std::to_string(Least) + " to " + std::to_string(Most));
  return v;
}

/// `content` ("" for a new document) with the members of the patch, each checked by its rule; null
/// takes one away, and one without a rule is refused.
base::result<json::value> apply_patch(std::string_view content, const json::value& patch, std::span<const rule>);

inline constexpr std::size_t password_octets_max = 500; ///< of passwords for other servers
/// The same for a document with a password for another server: "password" of the patch is sealed for
/// `purpose` and goes to "sealed_password". Without a box it is refused.
base::result<json::value> change_with_password(std::string_view content, const json::value& patch, std::span<const rule>,
                                               const base::secret_box*, std::string_view purpose);
/// What is sealed there; "" when nothing is.
base::result<std::string> sealed_of(const json::value& content);

// A way to another server: members of queues, routes, gateways and of the routes of single messages.
// In delivery_documents.cpp.
std::span<const rule> way_rules() noexcept;
base::result<void> read_way(const json::value& content, delivery::relay&);
/// Refuses members that do not go together.
base::result<void> check_way(const json::value& content);

/// Id, name, version and time of the last change.
json::value head_of(const storage::directory::document&, std::string_view name_member);
/// Adds the members of the document that have a rule, as they are stored.
void add_known(json::value& out, const json::value& content, std::span<const rule>);

} // namespace rookery::config
