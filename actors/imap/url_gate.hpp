/// Who may read what by a URL alone: makes the tokens of such URLs, and checks them.
///
/// A token is an HMAC over the URL. Its key is derived from the node's own secret, the user who authorizes, the
/// mailbox, and two random texts that RESETKEY changes: one kept with the user's account, one with the mailbox, as
/// annotations that no client can name. So keys need not be made, and are as durable as those texts.
///
/// Source: RFC 4467 §3 (who may use a URL), §5 (tokens), §6 (their check), §7 (RESETKEY).
///
/// A member of a host; everything runs in the connection's thread.
#pragma once

#include "actors/imap/guest_accounts.hpp"
#include "protocols/imap/url.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::actors {

/// The annotation with what RESETKEY changes. Clients' names begin with "/".
inline constexpr std::string_view url_key_entry = "urlauth";

class url_gate {
public:
  /// The names of the namespaces, "" for none.
  url_gate(const node& n, std::string other_users, std::string public_folders)
      : node_(n), other_users_(std::move(other_users)), public_(std::move(public_folders)) {}

  /// Whose mailbox, and which.
  struct key_of {
    base::account_id user;    ///< who authorizes
    base::account_id owner;   ///< whose mailbox it is
    base::mailbox_id mailbox;
  };
  /// `then` gets the token of a URL up to its mechanism (hexadecimal), or nothing when it cannot be had now.
  void token(net::connection&, key_of, std::string rump, std::function<void(std::optional<std::string>)> then) const;

  struct asker {
    base::account_id id;
    bool submission = false;  ///< a submission server on his behalf: what "submit+" is for
  };
  /// The mailbox of the URL `text`, when its authorization is good for who asks; null when it is not, for whatever reason.
  void open(net::connection&, imap::message_url, std::string text, asker,
            std::function<void(std::shared_ptr<storage::mail::mailbox_cell>)> then) const;

private:
  struct opening;
  bool allows(const imap::message_url&, const asker&) const;
  void open_found(net::connection&, const std::shared_ptr<opening>&, const storage::mail::mailbox_status&) const;

  const node& node_;
  std::string other_users_, public_;
};

} // namespace rookery::actors
