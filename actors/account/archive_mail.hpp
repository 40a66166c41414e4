/// The copies that archive rules owe of one message: they are added to the commit group that accepts or
/// delivers it, so that there is no message without its copy and no copy twice.
///
/// One object a message and one thread, any. Copies for accounts here ignore their quota and their state.
#pragma once

#include "actors/account/message_gathering.hpp"
#include "actors/node.hpp"
#include "base/result.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/queue/envelope_record.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

struct archive_question {
  std::string sender_account;    ///< the account that submits it now, canonical; "": nobody
  std::string spam_field;        ///< setting archive.spam_field
};

class archive_mail {
public:
  archive_mail(node&, archive_question);
  /// There are rules: worth telling of accounts.
  bool wanted() const noexcept { return book_ != nullptr; }
  /// It gets to an account of ours.
  void reached(const routing::account_record& account) { accounts_.push_back(account.address); }
  /// Adds what is owed to the group, whose first body the message is. `like`: its envelope with all recipients.
  /// Reads a spilled message: then only in a thread that may wait.
  base::result<void> add_to(storage::commit_group&, const message_gathering&, const storage::queue::envelope& like) const;

private:
  node& node_;
  archive_question question_;
  std::shared_ptr<const archiving::archive_book> book_; ///< null: no rules
  std::vector<std::string> accounts_;
};

} // namespace rookery::actors
