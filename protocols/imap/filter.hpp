/// FILTER: searches that a user has given a name. They are annotations of the server, and stand for their keys.
///
/// Source: RFC 5466.
#pragma once

#include "protocols/imap/limits.hpp"
#include "protocols/imap/search.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::imap {

/// Annotations that hold filters; the name of one stands behind, in lower case.
inline constexpr std::string_view own_filters = "/private/filters/values/", shared_filters = "/shared/filters/values/";
/// The entry is a filter's, and so its value must be one.
bool names_filter(std::string_view entry) noexcept;
/// Can the value be searched by, as far as it says itself?
bool is_filter(std::string_view value, const parse_limits&);

/// What stands in an annotation; nothing when there is none.
using find_annotation = std::function<std::optional<std::string>(std::string_view entry)>;
/// Puts the keys of all filters in the program's FILTER nodes: a user's own come before shared ones. Gives the name of
/// one that is not there, or that cannot be searched by: it is broken, too large, or leads back to itself.
std::optional<std::string> expand_filters(search_program&, const find_annotation&, const parse_limits&);

} // namespace rookery::imap
