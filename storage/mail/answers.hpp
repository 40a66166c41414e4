/// How commands of the mail shard are answered. Private to storage/mail.
#pragma once

#include "storage/mail/mailbox_state.hpp"
#include "storage/shard/machine.hpp"

namespace rookery::storage::mail {

inline command_result no(outcome what) {
  command_result r;
  r.what = what;
  return r;
}

/// Done, in this mailbox, as it is now.
inline command_result about(const mailbox_state& m) {
  command_result r;
  r.mailbox = m.id();
  r.uid_validity = m.record.uid_validity;
  r.modseq = m.record.highest_modseq;
  return r;
}

} // namespace rookery::storage::mail
