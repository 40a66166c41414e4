#include "policy/rights/posting.hpp"

#include "policy/rights/people.hpp"

#include <string>

namespace rookery::rights {
namespace {

constexpr routing::refusal no_right{550, "5.7.1", "You may not send mail to this folder"};
constexpr routing::refusal no_folder{550, "5.1.1", "There is no such folder"};

} // namespace

const routing::refusal* no_folder_refusal() noexcept { return &no_folder; }

const routing::refusal* posting_refusal(const routing::directory_view& directory, std::span<const entry> access,
                                        base::account_id owner, base::account_id sender) {
  if (sender && sender == owner) return nullptr;
  const auto name = sender ? identifier_of(sender) : std::string();
  person who{name, {}};
  if (sender) who.member = [&](std::string_view group) { return is_member(directory, group, sender); };
  return has(effective(access, who), right::post) ? nullptr : &no_right;
}

} // namespace rookery::rights
