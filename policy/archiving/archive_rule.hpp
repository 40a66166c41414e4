/// Which copies of a message go to which archive.
///
/// Pure; thread-safe. Addresses are canonical.
#pragma once

#include "policy/archiving/message_kind.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::archiving {

inline constexpr std::size_t archive_rules_max = 10000;
/// Copies of one message; further ones are not made, and that is said.
inline constexpr std::size_t archive_copies_max = 100;

struct archive_rule {
  std::string scope;            ///< an account's address, a domain of ours, or "*"
  bool incoming = true, outgoing = true;
  std::string target;           ///< an address, here or elsewhere
  std::string folder;           ///< of an account here; "": INBOX
  bool spam = false;            ///< mail that was found to be spam too
  bool lists = false, automatic = false, system = false; ///< kinds that are left out unless this says otherwise
};

struct archive_facts {
  std::string_view sender;                  ///< envelope
  std::string_view sender_account;          ///< the account that submitted it; "": nobody of ours
  std::vector<std::string_view> recipients; ///< accounts of ours that it reached
  message_kind kind = message_kind::ordinary;
  bool spam = false;
  bool archive_copy = false;                ///< itself a copy that an archive rule made
};

struct archive_copy {
  std::string target, folder;
  bool incoming = false;                    ///< of mail that came in, else that went out
  std::string because;                      ///< the account for which it is made
};

struct archive_decision {
  std::vector<archive_copy> copies;         ///< each target and folder once
  bool cut = false;                         ///< more than `archive_copies_max` were due
};
archive_decision archive_copies(const std::vector<archive_rule>&, const archive_facts&);

} // namespace rookery::archiving
