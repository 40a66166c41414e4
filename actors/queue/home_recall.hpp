/// A recall that reaches another node of the cluster: what is said on a stream of kind "recall", and who asks. One question a stream, one
/// answer.
///
/// - Which message is meant: each volume remembers what it accepted.
/// - Run the order there: the volume that remembers the message knows where its copies went.
/// - Take the copies out of an account: its home finds them, removes them and notes what it did in the same commit, under the order and
///   the account: asked again (nobody heard the answer) it says what it did the first time.
#pragma once

#include "actors/node.hpp"
#include "cluster/stream/stream_frame.hpp"
#include "policy/recall/sent_record.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::actors {

inline constexpr const char* recall_stream = "recall";
enum class recall_frame : std::uint8_t {
  copies = cluster::first_own_type, sent, run, ///< questions
  copies_answer = cluster::first_own_type + 32, sent_answer, run_answer
};
/// Identities of bodies in one question: a message has one or two.
inline constexpr std::size_t recall_bodies_max = 16;
/// How long a home knows what it did for an order, and for how many orders and accounts.
inline constexpr std::chrono::hours home_recalls_kept{24 * 14};
inline constexpr std::uint64_t home_recalls_max = 50'000;

struct copies_question {
  base::message_id order;
  std::string from;                  ///< the volume that has the order, if not the one that asks
  base::account_id account;
  base::wall_time sent{};            ///< the message
  bool also_read = false;
  std::vector<std::string> bodies;   ///< 32 octets each
};
struct sent_question {
  base::account_id account;
  std::string message_id;            ///< with brackets; "": the last one
  base::wall_time before{};
};
struct run_question {
  base::message_id order, sent;
  base::account_id account;
  base::wall_time received{};
};

std::string print(const copies_question&);
std::optional<copies_question> read_copies_question(std::string_view);
std::string print(const sent_question&);
std::optional<sent_question> read_sent_question(std::string_view);
std::string print(const run_question&);
std::optional<run_question> read_run_question(std::string_view);

std::string print(recall::fate);
std::optional<recall::fate> read_copies_answer(std::string_view);
/// Nothing is remembered, or the message.
using sent_answer = std::optional<recall::sent_record>;
std::string print(const sent_answer&);
std::optional<sent_answer> read_sent_answer(std::string_view);
std::string print(const std::vector<recall::recipient_report>&);
std::optional<std::vector<recall::recipient_report>> read_run_answer(std::string_view);

// Ask who serves that volume now; block. Nothing: it is not known what was done; ask again.
std::optional<recall::fate> ask_copies(node&, std::uint64_t volume, const copies_question&);
std::optional<sent_answer> ask_sent(node&, std::uint64_t volume, const sent_question&);
std::optional<std::vector<recall::recipient_report>> ask_run(node&, std::uint64_t volume, const run_question&);

} // namespace rookery::actors
