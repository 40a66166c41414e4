/// Which copies of a message go to which archive.
///
/// Pure; thread-safe. Addresses are canonical.
#pragma once

#include "base/clock.hpp"
#include "policy/archiving/message_kind.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rookery::archiving {

inline constexpr std::size_t archive_rules_max = 10000;
/// Copies of one message; further ones are not made, and that is said.
inline constexpr std::size_t archive_copies_max = 100;
/// Of a folder's name, its places filled in.
inline constexpr std::size_t archive_folder_octets_max = 500;

struct archive_rule {
  std::string name;             ///< for the operator
  std::string scope;            ///< an account's address, a domain of ours, or "*"
  bool incoming = true, outgoing = true;
  std::string target;           ///< an address, here or elsewhere
  std::string folder;           ///< of an account here, with places (folder_places); "": INBOX
  bool spam = false;            ///< mail that was found to be spam too
  bool lists = false, automatic = false, system = false; ///< kinds that are left out unless this says otherwise
};

/// What may stand in braces in a folder: direction ("in", "out"), account, local, domain (of the account for
/// which the copy is made), year, month, day, date ("2026-11-21"; all UTC). '/' parts levels.
std::span<const std::string_view> folder_places() noexcept;
/// Why it cannot be a folder, or "".
std::string folder_fault(std::string_view folder);

struct archive_facts {
  std::string_view sender;                  ///< envelope
  std::string_view sender_account;          ///< the account that submitted it; "": nobody of ours
  std::vector<std::string_view> recipients; ///< accounts of ours that it reached
  message_kind kind = message_kind::ordinary;
  bool spam = false;
  bool archive_copy = false;                ///< itself a copy that an archive rule made
  base::wall_time now{};
};

struct archive_copy {
  std::string target, folder;               ///< `folder` filled in
  bool incoming = false;                    ///< of mail that came in, else that went out
  std::string because;                      ///< the account for which it is made
  std::string rule;                         ///< its name
};

struct archive_decision {
  std::vector<archive_copy> copies;         ///< each target and folder once
  bool cut = false;                         ///< more than `archive_copies_max` were due
};

/// The rules, found by what they are about. Immutable.
class archive_book {
public:
  archive_book() = default;
  explicit archive_book(std::vector<archive_rule>);
  bool empty() const noexcept { return rules_.empty(); }
  std::size_t size() const noexcept { return rules_.size(); }
  archive_decision copies(const archive_facts&) const;

private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>()(s); }
  };
  std::vector<archive_rule> rules_;
  std::unordered_map<std::string, std::vector<std::uint32_t>, text_hash, std::equal_to<>> by_scope_;
};

} // namespace rookery::archiving
