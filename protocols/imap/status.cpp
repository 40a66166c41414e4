#include "protocols/imap/status.hpp"

#include "base/text.hpp"

namespace rookery::imap {

std::uint32_t find_status_item(std::string_view name) noexcept {
  struct named {
    std::string_view name;
    std::uint32_t bit;
  };
  static constexpr named items[] = {{"MESSAGES", status_item::messages},
                                    {"RECENT", status_item::recent},
                                    {"UIDNEXT", status_item::uidnext},
                                    {"UIDVALIDITY", status_item::uidvalidity},
                                    {"UNSEEN", status_item::unseen},
                                    {"DELETED", status_item::deleted},
                                    {"SIZE", status_item::size},
                                    {"HIGHESTMODSEQ", status_item::highestmodseq},
                                    {"MAILBOXID", status_item::mailboxid},
                                    {"APPENDLIMIT", status_item::appendlimit},
                                    {"DELETED-STORAGE", status_item::deleted_storage}};
  for (const auto& item : items)
    if (base::iequals(name, item.name)) return item.bit;
  return 0;
}

} // namespace rookery::imap
