/// What changed in an account's list of mailboxes, between two pictures of it.
///
/// Pure; O(mailboxes), and where nothing changed a comparison of pointers each.
///
/// Source: RFC 5465 §5.4, §5.5 (what is told of names).
#pragma once

#include "storage/mail/mailbox_view.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

struct mailbox_news {
  struct changed {
    const storage::mail::mailbox_status* before; ///< another name: it was renamed too
    const storage::mail::mailbox_status* now;
  };
  std::vector<changed> messages;      ///< flags or messages are others; pointers into the two pictures
  struct name {
    std::string mailbox;
    std::string old_name;             ///< renamed from; else empty
  };
  std::vector<name> names;            ///< made, removed, renamed; parents of the made and the removed too
  struct annotation {
    std::string mailbox;              ///< empty: the server
    std::vector<std::string> names;
  };
  std::vector<annotation> annotations;    ///< by mailbox; what others have for themselves is not in it
  bool too_many_annotations = false;      ///< more than the pictures remember: not all are in it
  std::vector<std::string> subscriptions; ///< names that are subscribed now, or are not any more
};

/// `reader`: whose private annotations are told beside the shared ones.
mailbox_news compare(const storage::mail::account_view& before, const storage::mail::account_view& now, base::account_id reader);

/// An annotation that is kept with the mailbox's rights: "true" where each reader has a \Seen of his own.
inline constexpr std::string_view own_seen_entry = "/shared/vendor/rookery/own-seen";

bool has_children(const storage::mail::account_view&, std::string_view name);

} // namespace rookery::actors
