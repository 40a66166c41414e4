/// What a mail shard has in memory: accounts and mailboxes in use, what waits for the
/// next publish and for the next flush. The commands (mailbox_commands, message_commands)
/// work on it; mail_machine drives it.
#pragma once

#include "storage/mail/account_state.hpp"
#include "storage/mail/delivery_memory.hpp"
#include "storage/mail/mail_store.hpp"
#include "storage/mail/mailbox_state.hpp"
#include "storage/shard/machine.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rookery::storage::mail {

class shard_state {
public:
  /// Reads what is not bound to an account.
  explicit shard_state(std::shared_ptr<mail_store> store);

  mail_store& store() { return *store_; }
  delivery_memory& deliveries() { return deliveries_; }

  /// The account as it is, perhaps without INBOX. References live until `let_go`.
  account_state& look_at(base::account_id);
  bool in_memory(base::account_id id) const { return accounts_.contains(id); }
  /// The account for a change: INBOX is there.
  account_state& account(base::account_id);
  /// Null when there is none. An imagined INBOX counts.
  mailbox_state* mailbox(account_state&, base::mailbox_id);
  mailbox_state* mailbox_named(account_state&, std::string_view name);
  /// Id 0 when there is none.
  base::mailbox_id id_of(const account_state&, std::string_view name) const;

  /// Name and limits were checked.
  mailbox_state& make_mailbox(account_state&, std::string name, std::string special_use, std::uint32_t uid_validity);
  /// Its messages, references and rows go.
  void remove_mailbox(account_state&, mailbox_state&);
  /// All at once: a new name may be an old name of another one among them.
  void rename_mailboxes(account_state&, std::vector<std::pair<mailbox_state*, std::string>>);
  /// INBOX of an account that has none, with this UIDVALIDITY.
  mailbox_state& make_inbox(account_state&, std::uint32_t uid_validity);

  void changed(account_state&);
  /// The mailbox's record or messages changed.
  void changed(account_state&, mailbox_state&);
  /// Something that no client sees: no notice.
  void changed_silently(account_state&, mailbox_state&);
  void list_changed(account_state&);
  void subscribed(account_state&, const std::string& name, bool on);

  std::shared_ptr<account_cell> open_account(base::account_id);
  /// `reader`: a guest, or 0 for the owner.
  std::shared_ptr<mailbox_cell> open_mailbox(base::account_id, base::mailbox_id, base::account_id reader = {});
  std::vector<std::pair<base::mailbox_id, std::uint32_t>> recent(base::account_id);
  std::vector<notice> publish();

  void collect(tree::batch&);
  void flushed();
  /// Forgets the longest unused that nothing waits for and nobody holds.
  void let_go();

private:
  struct place {
    base::account_id account;
    base::mailbox_id mailbox;
    bool operator==(const place&) const = default;
  };
  struct place_hash {
    std::size_t operator()(const place& p) const noexcept {
      return static_cast<std::size_t>((p.account.value * 0x9e3779b97f4a7c15u) ^ (p.mailbox.value * 0xc2b2ae3d27d4eb4fu));
    }
  };
  mailbox_state& enter(base::account_id, base::mailbox_id, mailbox_record, bool stored);
  mailbox_state& imagine_inbox(account_state&);
  bool is_subscribed(base::account_id, std::string_view name) const;
  std::shared_ptr<const account_view> list(account_state&);
  void publish_list(account_state&, account_cell&);
  void touch(account_state&, mailbox_state&);

  std::shared_ptr<mail_store> store_;
  delivery_memory deliveries_;
  std::unordered_map<base::account_id, std::unique_ptr<account_state>> accounts_;
  std::unordered_map<place, std::unique_ptr<mailbox_state>, place_hash> mailboxes_;
  std::list<account_state*> accounts_by_use_; // latest first
  std::list<mailbox_state*> mailboxes_by_use_;
  std::vector<account_state*> dirty_accounts_, touched_accounts_;
  std::vector<mailbox_state*> dirty_mailboxes_, touched_mailboxes_;
  std::vector<notice> notices_;
  std::size_t opened_ = 0; ///< messages of mailboxes opened since the last `let_go`
  std::vector<std::shared_ptr<page_source>> graves_, graves_left_; ///< pages without messages that pictures may still show
};

} // namespace rookery::storage::mail
