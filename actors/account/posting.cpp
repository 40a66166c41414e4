#include "actors/account/posting.hpp"

namespace rookery::actors {

std::vector<rights::entry> entries_of(const storage::mail::mailbox_access& access) {
  std::vector<rights::entry> out;
  out.reserve(access.entries.size());
  for (const auto& e : access.entries) out.push_back({e.who, e.rights});
  return out;
}

const routing::refusal* folder_refusal(const routing::directory_view& directory, const storage::mail::account_view& account,
                                       const routing::local_delivery& to, base::account_id sender) {
  const auto* folder = account.find(to.folder);
  if (folder == nullptr) return rights::no_folder_refusal();
  const auto entries = folder->access ? entries_of(*folder->access) : std::vector<rights::entry>();
  return rights::posting_refusal(directory, entries, to.account->id, sender);
}

} // namespace rookery::actors
