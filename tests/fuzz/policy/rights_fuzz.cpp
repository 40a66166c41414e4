/// Any list of rights and identifiers: what is read prints as it was read, and what is denied is not had.
#include "policy/rights/access_list.hpp"

#include <cstdlib>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rookery::rights;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<entry> list;
  rights_set denied = 0, named = 0;
  const person p{"#1", [](std::string_view group) { return group.size() % 2 == 1; }};
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    at = end + 1;
    const auto space = std::min(line.rfind(' '), line.size());
    const auto who = line.substr(0, space);
    const auto letters = space < line.size() ? line.substr(space + 1) : std::string_view();
    const auto change = read_change(letters);
    if (!change) continue;
    if (read_rights(print_rights(change->rights)) != change->rights) std::abort();
    const auto after = changed(all_rights, *change);
    if ((after & ~all_rights) != 0) std::abort();
    if ((*read_rights(print_with_old(change->rights)) & change->rights) != change->rights) std::abort();
    list.push_back({who, change->rights});
    const auto id = read_identifier(who);
    if (!id) continue;
    if (id->name.size() > who.size()) std::abort();
    if (!concerns(*id, p)) continue;
    (id->negative ? denied : named) |= change->rights;
  }
  const auto got = effective(list, p);
  if ((got & denied) != 0 || (got | denied) != (named | denied)) std::abort();
  if ((effective(list, {"", {}}) & ~all_rights) != 0) std::abort();
  return 0;
}
