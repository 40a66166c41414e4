#include "protocols/xmpp/muc/affiliation.hpp"

#include <array>
#include <cstddef>

namespace rookery::xmpp::muc {
namespace {

constexpr std::array<std::string_view, 5> affiliations{"outcast", "none", "member", "admin", "owner"};
constexpr std::array<std::string_view, 4> roles{"none", "visitor", "participant", "moderator"};

} // namespace

std::string_view name(affiliation a) noexcept { return affiliations[static_cast<std::size_t>(a)]; }
std::string_view name(role r) noexcept { return roles[static_cast<std::size_t>(r)]; }

std::optional<affiliation> read_affiliation(std::string_view text) noexcept {
  for (std::size_t i = 0; i < affiliations.size(); ++i)
    if (affiliations[i] == text) return static_cast<affiliation>(i);
  return {};
}

std::optional<role> read_role(std::string_view text) noexcept {
  for (std::size_t i = 0; i < roles.size(); ++i)
    if (roles[i] == text) return static_cast<role>(i);
  return {};
}

} // namespace rookery::xmpp::muc
