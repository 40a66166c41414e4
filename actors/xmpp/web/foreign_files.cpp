#include "actors/xmpp/web/foreign_files.hpp"

#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/system/held_session.hpp"
#include "actors/xmpp/web/upload_service.hpp"
#include "base/codec.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/upload_owner.hpp"

#include <set>
#include <utility>

namespace rookery::actors {
namespace {

using storage::chat::record_kind;

constexpr std::size_t threads = 2;
constexpr std::uint8_t question_version = 1;
constexpr std::uint8_t question_type = cluster::first_own_type, facts_type = question_type + 1, piece_type = question_type + 2, end_type = question_type + 3;
constexpr std::size_t id_octets_max = 200;
/// A stream on which nobody asks for so long ends; the next question opens another.
constexpr std::chrono::minutes quiet_time{5};

std::optional<storage::chat::stored_record> record_of(const node& n, const std::string& id, std::string key) {
  const auto owner = storage::chat::upload_owner(id);
  return n.chat_of(owner).record(owner, record_kind::upload, std::move(key));
}

} // namespace

std::string encode(const file_question& q) {
  std::string out;
  base::encoder e(out);
  e.u8(question_version);
  e.bytes(q.id);
  e.u64(q.first);
  e.u32(q.count);
  return out;
}

std::optional<file_question> read_file_question(std::string_view octets) {
  base::decoder d(octets);
  if (d.u8() != question_version) return {};
  file_question q;
  q.id = d.bytes();
  q.first = d.u64();
  q.count = d.u32();
  if (!d.done() || q.id.empty() || q.id.size() > id_octets_max || q.count > foreign_pieces_max) return {};
  return q;
}

foreign_files::foreign_files(node& n) : node_(n) {}

std::shared_ptr<foreign_files::peer> foreign_files::peer_of(std::uint64_t member) {
  const std::lock_guard hold(lock_);
  auto& at = peers_[member];
  if (!at) at = std::make_shared<peer>();
  return at;
}

bool foreign_files::ask(net::connection& from, std::uint64_t member, file_question q, answered then) {
  std::set<std::uint64_t> whom;
  if (member != 0) {
    whom.insert(member);
  } else {
    const auto own = volume_of_node(node_);
    for (const auto& p : homes_of(node_)->places())
      if (p.volume != own) whom.insert(p.leader);
  }
  const auto found = std::make_shared<answer>();
  if (whom.empty()) {
    then(*found);
    return true;
  }
  {
    const std::lock_guard hold(lock_);
    if (!workers_) workers_ = std::make_unique<worker_pool>(*node_.system, threads, foreign_waiting_max);
  }
  return workers_->run(
      from,
      [this, found, whom = std::move(whom), q = std::move(q)] {
        for (const auto m : whom) {
          if (m == 0 || !ask_one(m, q, *found)) found->all_asked = false;
          if (found->facts) return;
        }
      },
      [found, then = std::move(then)] { then(*found); });
}

bool foreign_files::ask_one(std::uint64_t member, const file_question& q, answer& out) {
  const auto relays = relays_of(node_);
  const auto identity = relays ? relays->identity() : nullptr;
  if (!identity) return false;
  const auto to = peer_of(member);
  const std::lock_guard hold(to->lock);
  // A stream that the other side has ended meanwhile is found out by asking.
  for (bool fresh : {false, true}) {
    if (fresh || !to->stream || to->stream->closed()) {
      auto made = cluster::node_stream::dial(*identity, member, file_stream, {}, foreign_dial_time);
      if (!made) return false;
      to->stream = std::move(*made);
      fresh = true;
    }
    out.pieces.clear();
    out.facts.reset();
    if (!to->stream->send(question_type, encode(q), foreign_answer_time)) {
      if (fresh) return false;
      continue;
    }
    for (;;) {
      auto f = to->stream->receive(foreign_answer_time);
      if (!f || !*f) {
        to->stream.reset();
        break;
      }
      if ((*f)->type == facts_type) out.facts = xmpp::read_upload_facts((*f)->body);
      else if ((*f)->type == piece_type && out.pieces.size() < q.count) out.pieces.push_back(std::move((*f)->body));
      else if ((*f)->type == end_type) {
        out.member = member;
        return true;
      }
    }
    if (fresh) return false;
  }
  return false;
}

void give_files(const std::function<std::vector<std::shared_ptr<node>>()>& volumes, std::unique_ptr<cluster::node_stream> stream) {
  if (!stream->accept()) return;
  for (;;) {
    const auto f = stream->receive(quiet_time);
    if (!f || !*f) return;
    const auto q = (*f)->type == question_type ? read_file_question((*f)->body) : std::nullopt;
    if (!q) return;
    for (const auto& v : volumes()) {
      const volume_work here(*v);
      if (!here) continue;
      const auto facts = record_of(*v, q->id, {});
      if (!facts) continue;
      if (!stream->send(facts_type, facts->value, foreign_answer_time)) return;
      for (std::uint32_t i = 0; i < q->count; ++i) {
        const auto piece = record_of(*v, q->id, upload_piece_key(q->first + i));
        if (!piece) break;
        if (!stream->send(piece_type, piece->value, foreign_answer_time)) return;
      }
      break;
    }
    if (!stream->send(end_type, {}, foreign_answer_time)) return;
  }
}

} // namespace rookery::actors
