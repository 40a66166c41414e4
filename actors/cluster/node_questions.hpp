/// Questions of one node to another, over a stream for each: a verb and a JSON body, and one JSON answer.
///
/// For what an operator asks now and then: diagnosis, bundles, checks of paths. Everything here blocks.
#pragma once

#include "base/result.hpp"
#include "cluster/stream/node_stream.hpp"
#include "protocols/json/value.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace rookery::actors {

inline constexpr const char* question_stream = "question";
inline constexpr std::size_t question_octets_max = 256 * 1024, answer_octets_max = 16u << 20;

/// `try_later` when it does not answer in time; a refusal has the other node's sentence.
base::result<json::value> ask_node(const cluster::stream_identity&, std::uint64_t node, const std::string& verb, const json::value& body,
                                   std::chrono::milliseconds limit);

using question_answer = std::function<base::result<json::value>(const std::string& verb, const json::value& body)>;
/// The other side: one question, one answer.
void answer_question(cluster::node_stream&, const cluster::stream_opening&, const question_answer&);

} // namespace rookery::actors
