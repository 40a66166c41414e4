/// The small records of the mail tree: shard, account, mailbox, vanished UIDs, body references.
///
/// Each begins with a format version. Reading a damaged or newer one throws base::broken.
#pragma once

#include "base/id.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/mail/command.hpp"
#include "storage/mail/mailbox_access.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage::mail {

/// How far the tree has come.
struct shard_record {
  std::uint32_t shard = 0;
  log_position applied;
  std::uint64_t lsn = 0; ///< of the last command applied; commands up to it are not applied again
};
std::string encode(const shard_record&);
shard_record read_shard_record(std::string_view);

/// What an account owns as a whole. It stays, nearly empty, after the account was dropped,
/// so that ids and UIDVALIDITY values are never given twice.
struct account_record {
  std::uint32_t mailbox_next = 1;      ///< id of the next mailbox
  std::uint32_t inbox = 0;             ///< id of INBOX; 0: not yet made
  std::uint32_t mailboxes = 0;
  std::uint32_t last_uid_validity = 0;
  std::uint64_t octets = 0;            ///< of all messages: the quota's use
  std::uint64_t messages = 0;
  std::uint64_t thread_next = 1;
  std::uint32_t thread_generation = 0; ///< see thread_index.hpp
  std::uint64_t thread_rows = 0;       ///< in the current generation
  bool begun = false;                  ///< its first mailboxes were made (begin_account); with it the record has version 2
};
std::string encode(const account_record&);
account_record read_account_record(std::string_view);

struct mailbox_record {
  std::string name;
  std::string special_use;
  std::uint32_t uid_validity = 0;
  std::uint32_t uid_next = 1;
  std::uint32_t messages = 0;
  std::uint32_t unseen = 0;
  std::uint32_t deleted = 0;
  std::uint64_t octets = 0;
  std::uint64_t highest_modseq = 1;
  std::uint64_t expunged_known_since = 0;
  std::uint64_t vanished = 0;          ///< UIDs remembered
  std::uint32_t page = 0;              ///< number of the page that is being filled
  std::uint32_t slot = 0;              ///< slots of it that are given away
  std::vector<std::string> keywords;
  std::shared_ptr<const mailbox_access> access; ///< null: nobody but the owner; with it the record has version 2
};
std::string encode(const mailbox_record&);
mailbox_record read_mailbox_record(std::string_view);

std::string encode_ranges(const uid_ranges&);
uid_ranges read_ranges(std::string_view);

/// Value of a body row: what the key does not say.
struct body_row {
  body_id id{};
  std::uint32_t length = 0;
  std::uint32_t page = 0;
  std::uint32_t slot = 0;
};
std::string encode(const body_row&);
body_row read_body_row(std::string_view);

} // namespace rookery::storage::mail
