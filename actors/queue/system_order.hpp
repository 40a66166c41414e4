/// Orders to the server by mail: what a user wrote to the system account, and what is done and answered.
///
/// An order is a message in the queue "system" of somebody who had logged in. The first word of its subject
/// says what is wanted. Orders run in the thread of system_mail_actor, which may wait for the disk.
///
/// Source: RFC 5322 §3.6.5 (Subject, its prefixes), RFC 2046 §5.2.1 (message/rfc822), RFC 3834 (answers of machines).
#pragma once

#include "actors/node.hpp"
#include "actors/queue/messages.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/queue/command.hpp"

#include <caf/all.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

/// So much of an order is read; the header of an attached original lies within it as a rule.
inline constexpr std::size_t order_octets_max = 1u << 20;
/// Attached messages that are looked at.
inline constexpr std::size_t order_attached_max = 10;

struct system_order {
  envelope_ptr message;
  routing::account_ptr account;             ///< whose order it is; may log in now
  std::string subject;                      ///< decoded, UTF-8
  std::vector<std::string> attached;        ///< Message-IDs of attached messages, with brackets
};

/// `text` is the order as it was received, or its first octets.
system_order read_order(envelope_ptr, routing::account_ptr, std::string_view text);
/// The word that says what is wanted, in lower case: "Re: RECALL <a@b>" → "recall".
std::string order_word(std::string_view subject);

/// What an order may use.
struct order_tools {
  node& of;
  caf::actor dispatch;
  /// Commits and waits until it is applied. Null: nothing is known of it, the order is to be run again.
  commit_done_ptr commit(storage::commit_group) const;
};

struct order_answer {
  std::string subject, text;                ///< UTF-8
  /// Go into the commit group that ends the order, with the answer.
  std::vector<storage::queue::any_command> with;
};
/// Nothing: it cannot be done now and is run again. Also run again after a crash, until its answer is
/// committed: what it does must come to the same when it is repeated.
using order_function = std::optional<order_answer> (*)(const order_tools&, const system_order&);

struct order_kind {
  std::string_view word;                    ///< lower case
  std::string_view help;                    ///< lines for the user, each with CRLF
  order_function run;
};
std::span<const order_kind> known_orders() noexcept;

/// Runs what is ordered; an unknown word is answered with what is known.
std::optional<order_answer> run_order(const order_tools&, const system_order&);
/// The group that ends an order: its answer is on its way, the order is gone.
storage::commit_group end_of_order(node&, const system_order&, order_answer);

} // namespace rookery::actors
