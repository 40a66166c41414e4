/// Whom a line of rights names: between what people write, what the store keeps, and the accounts of the directory.
///
/// Pure; thread-safe.
///
/// Source: RFC 4314 §2 (identifiers).
#pragma once

#include "base/id.hpp"
#include "policy/routing/directory_view.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rookery::rights {

/// How an account stands in a list of rights: "#17".
std::string identifier_of(base::account_id);

/// As it stands in the store: "bob@example.org", "$staff", "-eve", "anyone" become "#17", "$staff@example.org", "-#4",
/// "anyone". A name without a domain is one of `domain`. Nothing when it names nobody here.
std::optional<std::string> stored_identifier(const routing::directory_view&, std::string_view domain, std::string_view text);
/// The same for people; nothing when the account is not there any more.
std::optional<std::string> shown_identifier(const routing::directory_view&, std::string_view stored);

/// Is the account among those that a group's address leads to?
bool is_member(const routing::directory_view&, std::string_view group, base::account_id);

} // namespace rookery::rights
