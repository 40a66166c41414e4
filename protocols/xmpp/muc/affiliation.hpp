/// What an address is to a room for good, and what an occupant is in it now.
///
/// Source: XEP-0045 §5.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rookery::xmpp::muc {

/// In order of rank; numbers are stored.
enum class affiliation : std::uint8_t { outcast = 0, none = 1, member = 2, admin = 3, owner = 4 };
enum class role : std::uint8_t { none = 0, visitor = 1, participant = 2, moderator = 3 };

std::string_view name(affiliation) noexcept;
std::string_view name(role) noexcept;
std::optional<affiliation> read_affiliation(std::string_view) noexcept;
std::optional<role> read_role(std::string_view) noexcept;

} // namespace rookery::xmpp::muc
