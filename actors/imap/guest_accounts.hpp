/// The accounts in whose mailboxes a session is a guest: whom a name leads to, what he may do there, who has
/// something for him. Made with the first such name; a session that uses its own mailboxes alone has none.
///
/// A member of a host; everything runs in the connection's thread. The owner's shard stays the one writer of his
/// mailboxes: guests send it their commands.
///
/// Source: RFC 2342 §5 (other users', shared namespaces), RFC 4314 §2.
#pragma once

#include "actors/net/connection.hpp"
#include "actors/node.hpp"
#include "policy/rights/access_list.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

/// Accounts that one session holds open as a guest; beyond them, those it has not selected go.
inline constexpr std::size_t guest_accounts_max = 200;

struct guest_account {
  routing::account_ptr owner;
  account_handles handles;
  std::shared_ptr<account_watch> watch;
  std::string prefix;   ///< of its mailboxes' names: "Other Users/ann@example.test/"

  ~guest_account();
};
using guest_ptr = std::shared_ptr<guest_account>;

/// A name in another account.
struct foreign_name {
  routing::account_ptr owner;
  std::string prefix;
  std::string name;     ///< there; may be empty
};

class guest_accounts {
public:
  /// `own`: the session's account. The names of the namespaces, "" for none.
  guest_accounts(const node&, routing::account_ptr own, std::string other_users, std::string public_folders);

  /// Whose mailbox the name would be; nothing when no account here has such a name, or it is the session's own.
  std::optional<foreign_name> read(std::string_view name) const;
  /// Opens the owner's account; `then(nullptr)` when that cannot be done now.
  void open(net::connection&, const foreign_name&, std::function<void(guest_ptr)> then);
  /// What the session's user may do with the mailbox; nothing where no rights are given.
  rights::rights_set rights_on(const guest_account&, const storage::mail::mailbox_status&);
  /// Accounts that have something for him, as names without a mailbox; those of public folders first.
  std::vector<foreign_name> sharing();
  /// Sessions that look at the directory see it change with this.
  std::uint64_t directory_version() const { return node_.directory->get()->version(); }

private:
  bool is_member(std::string_view group);
  std::optional<foreign_name> name_of(base::account_id) const;
  const routing::domain_record* own_domain(const routing::directory_view&) const;

  const node& node_;
  routing::account_ptr own_;
  std::string who_;                      ///< rights::identifier_of the own one
  std::string other_users_, public_;     ///< with '/' at the end, or empty
  std::map<std::uint64_t, guest_ptr> open_;
  std::map<std::string, bool, std::less<>> member_; ///< of groups, in directory `member_version_`
  std::uint64_t member_version_ = 0;
};

/// imap::flag_right bits.
std::uint8_t flag_rights(rights::rights_set) noexcept;

} // namespace rookery::actors
