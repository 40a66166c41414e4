#include "actors/cluster/node_questions.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

enum frame_type : std::uint8_t { body_type = cluster::first_own_type, piece_type, end_type, fault_type };
constexpr std::size_t piece_octets = 256 * 1024;
constexpr std::chrono::seconds word_time{10}; ///< for what a node has ready

base::failure<base::error> unreadable() { return base::fail(base::error_kind::try_later, "the node gave an answer that cannot be read"); }

} // namespace

base::result<json::value> ask_node(const cluster::stream_identity& self, std::uint64_t node, const std::string& verb, const json::value& body,
                                   std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  const auto left = [&] { return std::max(std::chrono::milliseconds(1), std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now())); };
  auto stream = cluster::node_stream::dial(self, node, question_stream, {{"verb", verb}}, left());
  if (!stream) return base::fail(stream.error());
  if (auto sent = (*stream)->send(body_type, json::to_text(body), left()); !sent) return base::fail(sent.error());
  std::string text;
  for (;;) {
    auto frame = (*stream)->receive(left());
    if (!frame) return base::fail(frame.error());
    if (!*frame) return base::fail(base::error_kind::try_later, "the node has not answered in time");
    auto& f = **frame;
    if (f.type == fault_type) return base::fail(base::error_kind::invalid, f.body.substr(0, 2000));
    if (f.type == end_type) break;
    if (f.type != piece_type || text.size() + f.body.size() > answer_octets_max) return unreadable();
    text += f.body;
  }
  auto answer = json::parse(text, {answer_octets_max, 16, 400'000});
  if (!answer) return unreadable();
  return std::move(*answer);
}

void answer_question(cluster::node_stream& s, const cluster::stream_opening& o, const question_answer& answer) {
  if (!s.accept()) return;
  const auto frame = s.receive(word_time);
  if (!frame || !*frame || (*frame)->type != body_type) return;
  const auto body = json::parse((*frame)->body, {question_octets_max, 8, 10'000});
  const auto said = body ? answer(o.field("verb"), *body) : base::result<json::value>(base::fail(base::error_kind::invalid, "the question cannot be read"));
  if (!said) {
    (void)s.send(fault_type, said.error().client.value, word_time);
    return;
  }
  const auto text = json::to_text(*said);
  for (std::size_t at = 0; at < text.size(); at += piece_octets)
    if (!s.send(piece_type, std::string_view(text).substr(at, piece_octets), word_time)) return;
  (void)s.send(end_type, {}, word_time);
  (void)s.receive(word_time); // until the other side has read all and closes
}

} // namespace rookery::actors
