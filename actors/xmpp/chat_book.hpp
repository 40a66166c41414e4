/// Who may chat, and who is in whose roster without asking: what domains, groups and accounts say of it.
///
/// Documents of the configuration: `chat` of a domain, of an alias with accounts as targets (a group) and of an account;
/// `chat_roster` of a group; `chat_mail_notices` of an account. The narrower one counts: account, group, domain; of several
/// groups one that allows. One a node; any thread. Costs what changed since it was asked last.
#pragma once

#include "actors/node.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rookery::actors {

/// Whom the search for people finds.
enum class search_scope : std::uint8_t { domain, all, nobody };

/// What a domain's document says of chat, or what is usual.
struct chat_limits {
  bool on = true, mail_notices = false;
  search_scope search = search_scope::domain; ///< for whom of the domain who asks
  std::uint64_t archive_days = 0;
  std::uint64_t room_archive_days = 0;
  std::uint64_t clients_max = 50;
  std::uint64_t contacts_max = 5000;
  std::uint64_t offline_messages_max = 1000;
  std::uint64_t resume_seconds = 600;
  std::uint64_t token_days = 21;              ///< of tokens for later logins; 0: none are given
  std::uint64_t upload_octets_max = 50u << 20;   ///< of one file; 0: none are taken
  std::uint64_t upload_quota_octets = 500u << 20;///< of an account's files; 0: no limit
  std::uint64_t upload_days = 30;                ///< a file is kept so long; 0: for ever
  std::uint64_t upload_files_an_hour = 100;      ///< of one account
  std::uint64_t rooms_max = 100000;
  std::uint64_t room_occupants_max = 10000;
  std::uint64_t room_history_max = 100;
  std::uint64_t room_stanzas_a_second = 50;
};

/// Accounts that have each other in their rosters.
struct roster_group {
  std::string name;                        ///< as it is shown
  std::vector<std::string> members;        ///< canonical addresses of accounts
};
using roster_group_ptr = std::shared_ptr<const roster_group>;

/// Members of one group, further ones are left out: each roster has them all.
inline constexpr std::size_t group_members_max = 2'000;

/// Immutable.
class chat_rules {
public:
  bool may_chat(const routing::account_record&) const;
  bool mail_notices(const routing::account_record&) const;
  const chat_limits& limits(std::string_view canonical_domain) const;
  /// By address; null where there are none.
  const std::vector<roster_group_ptr>* groups_of(const std::string& address) const;
  /// Another number when groups are others.
  std::uint64_t groups_version() const noexcept { return groups_version_; }

private:
  friend class chat_book;
  struct group {
    std::string name;
    std::optional<bool> chat;
    std::vector<std::string> targets;
  };
  struct account {
    std::optional<bool> chat, mail_notices;
  };
  void make_groups();

  std::map<std::string, chat_limits, std::less<>> domains_; ///< those that say something
  std::map<std::string, group> groups_;
  std::unordered_map<std::string, account> accounts_; ///< those that say something
  std::unordered_map<std::string, std::vector<roster_group_ptr>> by_member_;
  std::unordered_map<std::string, bool> group_says_;
  std::uint64_t groups_version_ = 0;
};

class chat_book {
public:
  explicit chat_book(const node& n) : node_(n) {}
  std::shared_ptr<const chat_rules> now() const;

private:
  const node& node_;
  mutable std::mutex lock_;
  mutable std::shared_ptr<const storage::directory::config_table> seen_;
  mutable std::shared_ptr<const chat_rules> rules_ = std::make_shared<const chat_rules>();
};

} // namespace rookery::actors
