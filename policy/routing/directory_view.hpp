/// Who has mail here: an immutable picture of domains, accounts and aliases, made
/// for being asked.
///
/// Built by actors/config from the configuration table and published as a
/// shared_ptr; read from any thread. A change copies a few hundred octets, not the
/// picture. A lookup by canonical address costs one hash and two hops.
#pragma once

#include "base/id.hpp"
#include "policy/routing/radix_map.hpp"
#include "protocols/sasl/server_exchange.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::forwarding {
struct forward_rule;
}
namespace rookery::mailauth {
struct sts_policy;
}

namespace rookery::quiet {
struct quiet_rule;
}

namespace rookery::routing {

enum class account_state : std::uint8_t {
  enabled,
  disabled, ///< no login, mail is refused
  frozen    ///< mail is received; no login, no sending
};

/// What to do with the "lists" of user+lists.
enum class detail_folders : std::uint8_t {
  ignored,  ///< INBOX
  existing, ///< the folder of that name if there is one, else INBOX
  created   ///< the folder is made when it is missing
};

/// What an address names. Compared and found by `address` (canonical form).
struct address_entry {
  enum class kind : std::uint8_t { account, alias } what{};
  std::string address;
};

inline constexpr std::size_t salt_octets_max = 24;
inline constexpr std::size_t certificates_max = 32; ///< of an account

/// What few accounts have besides the keys of their password.
struct further_proofs {
  std::optional<sasl::scram_credentials> sha_1; ///< of the same password
  std::vector<std::string> certificates;        ///< who may come in with them: SHA-256 of their DER octets, 32 octets each
};

struct account_record : address_entry {
  account_state state = account_state::enabled;
  detail_folders details = detail_folders::ignored;
  bool admin = false;                     ///< may administer; also a default for postmaster@
  std::uint8_t salt_octets = 0;
  std::uint32_t iterations = 0;           ///< 0: no password was set
  base::account_id id;
  std::uint64_t version = 0;              ///< of the configuration when it last changed
  std::uint64_t quota_octets = 0;         ///< 0: no limit
  std::uint64_t quota_messages = 0;       ///< 0: no limit
  std::optional<std::uint64_t> send_quota;///< messages a day, 0: no limit; else what its domain says
  std::array<char, salt_octets_max> salt{};
  std::array<char, 32> stored_key{}, server_key{};
  std::shared_ptr<const further_proofs> further; ///< null: none
  std::string display_name;
  std::shared_ptr<const forwarding::forward_rule> forward; ///< null: mail stays here
  std::vector<std::string> may_send_as;   ///< canonical addresses, or "@domain" for all of a domain

  std::string_view domain() const noexcept { return std::string_view(address).substr(address.rfind('@') + 1); }
  bool may_log_in() const noexcept { return state == account_state::enabled; }
  bool has_password() const noexcept { return iterations != 0; }
  sasl::scram_credentials credentials() const {
    return {std::string(salt.data(), salt_octets), iterations, std::string(stored_key.data(), stored_key.size()),
            std::string(server_key.data(), server_key.size())};
  }
};
using account_ptr = std::shared_ptr<const account_record>;
/// May sessions that logged in to `then` go on? Not when the account is gone (`now` is null), is
/// another one, may not log in any more, has another password, or lost a certificate.
bool sessions_may_stay(const account_record& then, const account_record* now) noexcept;

/// An alias has one target, a group several. Targets here or elsewhere. Or it is the address of a public folder.
struct alias_record : address_entry {
  std::vector<std::string> targets;       ///< canonical addresses
  std::string folder;                     ///< mailbox in the public account of its domain; then there are no targets
  bool members_may_send = false;          ///< all who receive it may send as it, though it is a group
};

struct domain_record {
  base::domain_id id;
  std::string name;                       ///< canonical
  std::string catch_all;                  ///< canonical address, or empty
  std::string postmaster;                 ///< canonical address, or empty
  std::string public_account;             ///< canonical address of the account whose mailboxes are the domain's public folders, or empty
  bool enabled = true;                    ///< else mail for it gets 450
  std::optional<std::uint64_t> send_quota;///< of its accounts that say nothing themselves; else the setting counts
  /// MTA-STS as its document says, also without hosts and max_age; null: nothing is published.
  std::shared_ptr<const mailauth::sts_policy> sts;
  std::shared_ptr<const quiet::quiet_rule> quiet; ///< null: its users are served at all hours
  // Kept by the builder: who answers for postmaster@ when nobody is named.
  base::account_id first_account, first_admin;
};

/// One account that a recipient address leads to.
struct local_target {
  account_ptr account;
  std::string detail;                     ///< as written, case kept; may be empty
  std::string folder;                     ///< by the address of a public folder: its name in the account; else empty
  std::string folder_address;             ///< that address
};

enum class resolved : std::uint8_t {
  found,          ///< `accounts` and `remote`; at least one of both
  foreign_domain, ///< not ours
  unknown_user,   ///< our domain, nobody there
  domain_off,     ///< our domain, but switched off
  loop,           ///< aliases that lead to each other, or deeper than `alias_depth_max`
  malformed       ///< no address
};

struct resolution {
  resolved what = resolved::malformed;
  std::string address;                    ///< canonical form of what was asked
  std::vector<local_target> accounts;     ///< no account twice, but for its public folders
  std::vector<std::string> remote;        ///< foreign targets of aliases, canonical, none twice
  bool through_alias = false;
  bool through_catch_all = false;
};

/// An alias may lead to aliases so many steps deep.
inline constexpr unsigned alias_depth_max = 10;
/// A recipient may expand to so many targets; further ones are a `loop`.
inline constexpr std::size_t alias_targets_max = 10000;

class directory_view {
public:
  directory_view();
  /// Version of the configuration it shows.
  std::uint64_t version() const noexcept { return version_; }

  /// Follows aliases, user+detail, catch-all, postmaster@ and abuse@. `address` as in
  /// RCPT TO, without the angle brackets; "postmaster" alone is that of the default domain.
  resolution resolve(std::string_view address) const;

  /// The account of exactly this address (any case), or null. Aliases are not followed.
  account_ptr account(std::string_view address) const;
  account_ptr account(base::account_id) const;
  /// Who logs in with this name: full address, alias with a single target here, or a local
  /// part in the default domain. Null when there is none. Says nothing of `may_log_in`.
  account_ptr login(std::string_view name) const;
  /// Whose certificate is it (SHA-256, 32 octets)? It may be that of several accounts.
  std::vector<account_ptr> with_certificate(std::string_view sha256) const;
  const domain_record* domain(std::string_view canonical_name) const noexcept;
  const address_entry* entry(std::string_view canonical) const noexcept;
  /// For addresses without a domain; empty only when there are no domains.
  std::string_view default_domain() const noexcept { return default_domain_; }
  std::size_t account_count() const noexcept { return account_count_; }
  const std::map<std::string, domain_record, std::less<>>& domains() const noexcept { return *domains_; }

private:
  friend class directory_builder;
  friend class expansion;
  struct address_row {
    std::uint64_t hash = 0;
    std::shared_ptr<const address_entry> entry;
  };
  struct id_row {
    std::uint64_t hash = 0;
    account_ptr account;
  };
  using domain_map = std::map<std::string, domain_record, std::less<>>;
  using certificate_map = std::multimap<std::string, base::account_id, std::less<>>;

  std::shared_ptr<const address_entry> find(std::string_view canonical) const noexcept;

  std::uint64_t version_ = 0;
  std::shared_ptr<const domain_map> domains_;
  std::shared_ptr<const certificate_map> certificates_;
  radix_map<address_row> addresses_;
  radix_map<id_row> ids_;
  std::string default_domain_;
  std::size_t account_count_ = 0;
};

/// Makes the next picture from one. Not thread-safe. Addresses and names must be canonical.
class directory_builder {
public:
  explicit directory_builder(const directory_view& from);
  void put_domain(domain_record);
  void remove_domain(std::string_view name);
  void put_account(account_record);
  void put_alias(alias_record);
  void remove_account(std::string_view address);
  void remove_alias(std::string_view address);
  /// "" chooses the domain with the lowest id.
  void set_default_domain(std::string name) { chosen_default_ = std::move(name); }
  std::shared_ptr<const directory_view> finish(std::uint64_t version);

private:
  void put_entry(std::shared_ptr<const address_entry>);
  void count_in(const account_record&);
  void count_out(const account_record&);
  void change_certificates(const account_record* before, const account_record* now);
  directory_view::domain_map& domains();

  directory_view view_;
  std::uint64_t edit_;
  std::shared_ptr<directory_view::domain_map> own_domains_;
  bool recount_ = false; ///< a domain came, or lost its first account
  std::string chosen_default_;
};

} // namespace rookery::routing
