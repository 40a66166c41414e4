/// A mail shard as simple as can be, to compare the real one with: maps in memory, every
/// rule written out once more. And what makes random commands, and what prints both.
#pragma once

#include "storage/mail/mail_machine.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace rookery::storage::mail {

class mail_model {
public:
  command_result apply(const committed_command&);
  /// Everything a client can see, as text.
  std::string dump() const;

  struct message {
    std::uint64_t system = 0;
    std::set<std::string> keywords;
    std::uint64_t modseq = 0;
    std::int64_t internal_date = 0, save_date = 0;
    std::uint64_t thread = 0;
    body_ref body;
    new_message made;
  };
  struct mailbox {
    std::string name, special_use;
    std::uint32_t uid_validity = 0, uid_next = 1;
    std::uint64_t modseq = 1;
    std::vector<std::string> keywords;
    std::map<std::uint32_t, message> messages;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> vanished; ///< modseq, uid
    std::map<std::string, std::uint32_t> rights = {};
    bool seen_per_reader = false;
    std::map<std::uint64_t, std::set<std::uint32_t>> seen = {};    ///< by reader
    std::map<std::pair<std::uint64_t, std::string>, std::string> metadata = {}; ///< reader, name
  };
  struct account {
    std::uint32_t next = 1, validity = 0;
    std::uint64_t thread_next = 1;
    std::map<std::uint32_t, mailbox> mailboxes;
    std::set<std::string> subscriptions;
    std::map<std::string, std::uint64_t> threads;
    std::map<std::pair<std::uint64_t, std::string>, std::string> metadata;
    bool begun = false;
  };
  const std::map<std::uint64_t, account>& accounts() const { return accounts_; }

private:
  std::uint32_t named(const account&, const std::string&) const;
  account& with_inbox(std::uint64_t);
  std::uint32_t make(account&, std::int64_t time, const std::string& name, const std::string& use);
  std::uint32_t add(account&, mailbox&, std::int64_t time, const new_message&, const body_ref&);
  bool enter_keywords(mailbox&, const std::vector<std::string>&);
  command_result transfer(std::uint64_t, std::int64_t, std::uint32_t from, std::uint32_t to, const uid_ranges&, bool leave,
                          std::uint8_t keep);
  command_result pass(account&, std::uint32_t from, account&, std::uint32_t to, const uid_ranges&, std::int64_t time, bool leave,
                      std::uint8_t keep, bool drop_keywords);
  std::uint32_t made_or_inbox(account&, std::int64_t time, const std::string& name);
  void keep_removed(std::uint64_t id, std::uint32_t from, const uid_ranges&, std::int64_t time);
  void drop_when_empty(std::uint64_t id, std::uint32_t which);

  std::map<std::uint64_t, account> accounts_;
  std::set<std::tuple<std::uint64_t, std::uint64_t, std::uint32_t>> delivered_;
};

/// The same text from the views that a machine gives, for accounts 1..`accounts` and what was removed from them.
std::string dump(mail_machine&, std::uint64_t accounts);
/// Results as text.
std::string dump(const command_result&);

/// Random commands; the same for the same seed. `wide`: of every kind, over a few accounts, names and
/// messages. `pages`: two mailboxes that fill, page after page, and are emptied again.
enum class command_mix { wide, pages };
class command_maker {
public:
  static constexpr std::uint64_t accounts = 3;
  static constexpr std::uint64_t guest = 9; ///< one who looks at all mailboxes
  command_maker(unsigned seed, command_mix mix) : mix_(mix), random_(seed) {}
  committed_command next(const mail_model&);

private:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  any_command pick(const mail_model&, std::uint64_t account, std::vector<body_ref>& bodies);
  any_command pick_page_work(const mail_model&, std::vector<body_ref>& bodies);
  any_command relocate(std::vector<body_ref>& bodies);
  new_message message();
  body_ref body();
  flag_set flags();
  uid_ranges ranges(const mail_model::mailbox*);

  command_mix mix_;
  bool of_removed_ = false; ///< the command picked is about what was removed
  std::mt19937_64 random_;
  std::int64_t time_ = 1'700'000'000'000;
  std::uint64_t lsn_ = 0;
  std::uint32_t offset_ = 64;
  std::vector<body_ref> bodies_;
};

/// A committed command at place number `n` of a log that holds nothing else.
committed_command committed(std::uint64_t n, const command&, std::vector<body_ref> bodies = {});
body_ref body_at(std::uint32_t segment, std::uint32_t offset, std::uint32_t length);

} // namespace rookery::storage::mail
