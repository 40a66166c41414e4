/// One session's way into its account, the same for every protocol: is the password right,
/// may he come in, and that the session hears when the account is closed.
///
/// A member of a host; everything runs in the connection's thread. While it is in, the host
/// gets `account_closed` when the account is removed, may not log in any more, or has another
/// password, or when quiet hours begin. The session must end then.
#pragma once

#include "actors/net/connection.hpp"
#include "actors/node.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace rookery::actors {

/// May what users remove be restored (setting mailboxes.keep_removed_days)?
inline bool keeps_removed(const node& n) { return n.settings->get()->mailboxes_keep_removed_days > 0; }

class account_entry {
public:
  /// `protocol`: a literal, for logs.
  account_entry(node& n, std::string_view protocol) : node_(n), protocol_(protocol) {}

  /// Checks a password; the outcome waits for `admit`. For the client only `wrong`, `busy` and `quiet`
  /// are answers to the password: whether the account may come in is said later.
  void check(net::connection&, std::string_view authzid, std::string_view user, std::string_view password,
             std::function<void(login_verdict)> then);
  /// The same for a certificate or a token. What it opens is in `account_checked`.
  void check(net::connection&, const sasl::check_proof&, std::function<void(login_verdict)> then);
  /// Whose address the last check led to; "" when it was not right.
  std::string_view account_checked() const noexcept { return checked_.account ? std::string_view(checked_.account->address) : std::string_view(); }
  /// For SCRAM.
  found_credentials find(std::string_view user, sasl::scram_digest = sasl::scram_digest::sha_256);
  /// Would a login with this name be refused now because of quiet hours? The same for unknown names of the domain.
  bool quiet_for(std::string_view user) const;
  /// A proof failed in the session itself: counts it, and calls `then` when the client may know.
  void failed(net::connection&, std::string_view user, sasl::failure, std::function<void()> then);
  /// The session says that `user` has proved himself by `mechanism`: with the password that was
  /// checked last, with a certificate or a token, or by SCRAM. When `ok` the account is known from now on.
  login_verdict admit(net::connection&, std::string_view mechanism, std::string_view authzid, std::string_view user);

  /// Instead of `admit`: another node of the cluster has found him to be this account's.
  login_verdict admit_handed_over(net::connection&, base::account_id, std::string_view address);

  /// Opens the account; `then(false)` when that cannot be done now. After `admit`.
  void open(net::connection&, std::function<void(bool)> then);
  /// Instead of `open`, for who only sends: nothing is loaded, nothing is waited for. False
  /// when the account was closed this moment.
  bool join(net::connection&);
  /// Back out; what the account's actor holds for the session is free at once.
  void leave();
  /// The same, and nothing of who he was stays: another may come in.
  void forget();

  /// Null before `admit`.
  const routing::account_ptr& account() const noexcept { return account_; }
  base::account_id id() const noexcept { return account_ ? account_->id : base::account_id{}; }
  /// After `open`.
  const account_handles& handles() const noexcept { return handles_; }
  const std::shared_ptr<account_watch>& watch() const noexcept { return watch_; }

private:
  void begin_watch(net::connection&);
  bool still_open() const;
  bool quiet_now(const routing::account_record&) const;

  node& node_;
  std::string_view protocol_;
  login_outcome checked_;                    ///< of the password that was checked last
  std::string proved_with_;                  ///< the stored key that `find` gave
  routing::account_ptr account_;
  account_handles handles_;
  std::shared_ptr<account_watch> watch_;
};

} // namespace rookery::actors
