/// One run of a collection: what it is given, what it reports.
#pragma once

#include "policy/collection/collection_record.hpp"
#include "policy/collection/imap_progress.hpp"
#include "policy/collection/pop3_plan.hpp"

#include <caf/all.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace rookery::actors {

/// Everything a run needs; immutable while it runs.
struct run_order {
  collection::collection_ptr what;
  std::string address;                      ///< of the account, for logs and the trace field
  std::string password;                     ///< in clear, for as long as the run lasts
  collection::seen_messages seen;           ///< POP3
  collection::imap_progress progress;       ///< IMAP
  caf::actor report_to;                     ///< gets one collection_ended
  ~run_order();
};

struct run_result {
  bool ok = false;
  std::string reason;                       ///< why not, for the administrator; printable
  std::uint32_t collected = 0;
  std::uint32_t removed = 0;                ///< there
  std::uint32_t left = 0;                   ///< too large, or not to be had
};

/// To the collector: run it now, whatever its hours say.
struct collect_now { std::uint64_t id = 0; };
/// To the collector: the configuration was published.
struct collections_changed {};
/// From a run to the collector; the last word of it.
struct collection_ended { std::uint64_t id = 0; std::shared_ptr<const run_result> result; };

/// What is remembered of what was collected: notes of the spool.
inline constexpr std::string_view note_space = "collected";
/// "17/": what the notes of a collection begin with, and behind it the key of a message, or `progress_key`.
std::string note_prefix(std::uint64_t collection);
inline constexpr std::string_view progress_key = "progress";

} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::collect_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::collections_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::collection_ended)
