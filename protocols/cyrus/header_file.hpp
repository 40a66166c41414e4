/// `cyrus.header`: what a mailbox is called, and the names of its keywords.
///
/// Three lines that are the same in all of them, then one of two forms: since Cyrus 3.6 a list of names and values,
/// `%(T e N user.anna.Sent I uniqueid A %(…) U ($Junk work))`; before, three lines: quota root and unique id,
/// keywords with a space between them, rights.
/// Source: files of Cyrus 3.6; https://www.cyrusimap.org/imap/concepts/deployment/databases.html
#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::cyrus {

struct mailbox_header {
  std::string name;                  ///< "user.anna.Sent", "example.org!user.anna"; "" in the older form
  std::vector<std::string> keywords; ///< by number; "" where none is
};

/// Errors: `damaged`.
base::result<mailbox_header> read_header(std::string_view file);

/// A mailbox of a person: who, and what IMAP calls it.
struct owned_mailbox {
  std::string owner;   ///< "anna", or "anna@example.org"
  std::string mailbox; ///< UTF-8, '/' between levels; INBOX
};
/// From Cyrus' own name. Nothing when it is nobody's, or no name that can be made here.
std::optional<owned_mailbox> owned(std::string_view name);
/// The same from the levels of directories below a person's own ("Sent/2026", or "").
std::optional<std::string> mailbox_of(std::string_view directory);

} // namespace rookery::cyrus
