/// What a new account begins with: its mailboxes, and how much it may keep.
///
/// Pure. Names are normalized UTF-8 with '/' between levels; special uses are written as RFC 6154 §2 has
/// them ("\Sent"), "" for none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::mailboxes {

/// Mailboxes of a template; they are made together in one step of the log.
inline constexpr std::size_t template_mailboxes_max = 100;
/// The one of new accounts of whom nobody says otherwise; it is there without having been written.
inline constexpr std::string_view standard_template_name = "standard";
/// INBOX alone.
inline constexpr std::string_view no_template_name = "none";

struct template_mailbox {
  std::string name, special_use;
  bool subscribed = true;
  friend bool operator==(const template_mailbox&, const template_mailbox&) = default;
};

struct mailbox_template {
  std::vector<template_mailbox> mailboxes;     ///< besides INBOX; those above one come before it
  std::optional<std::uint64_t> quota_octets;   ///< of accounts that are made with it; 0: no limit
  std::optional<std::uint64_t> quota_messages;
};

/// Drafts, Sent, Junk, Trash and Archive.
const mailbox_template& standard_template();

/// Reads "Sent=\Sent" or "Projects", with "!" before it when it is not subscribed to. The name is as
/// written: whether it is one is not looked at.
template_mailbox read_template_mailbox(std::string_view text);
std::string print(const template_mailbox&);

} // namespace rookery::mailboxes
