#include "actors/xmpp/web/foreign_files.hpp"

#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "actors/system/held_session.hpp"
#include "actors/xmpp/web/upload_service.hpp"
#include "base/codec.hpp"
#include "base/text.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/upload_owner.hpp"

#include <set>
#include <utility>

namespace rookery::actors {
namespace {

using storage::chat::record_kind;

constexpr std::size_t threads = 2;
constexpr std::uint8_t question_version = 1;
constexpr std::uint8_t question_type = cluster::first_own_type, facts_type = question_type + 1, piece_type = question_type + 2, end_type = question_type + 3,
                       step_type = question_type + 4, done_type = question_type + 5;
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

std::string encode(const file_step& s) {
  std::string out;
  base::encoder e(out);
  e.u8(question_version);
  e.u8(static_cast<std::uint8_t>(s.what));
  e.bytes(s.id);
  e.bytes(s.name);
  e.u64(s.number);
  e.u8(s.last ? 1 : 0);
  e.bytes(s.octets);
  return out;
}

std::optional<file_step> read_file_step(std::string_view octets) {
  base::decoder d(octets);
  if (d.u8() != question_version) return {};
  file_step s;
  const auto what = d.u8();
  if (what < 1 || what > static_cast<std::uint8_t>(file_step::kind::give_up)) return {};
  s.what = static_cast<file_step::kind>(what);
  s.id = d.bytes();
  s.name = d.bytes();
  s.number = d.u64();
  const auto last = d.u8();
  s.last = last == 1;
  s.octets = d.bytes();
  if (!d.done() || last > 1 || s.id.empty() || s.id.size() > id_octets_max || s.name.size() > xmpp::upload_name_octets_max || s.octets.size() > upload_piece_octets) return {};
  return s;
}

foreign_files::foreign_files(node& n) : node_(n) {}

worker_pool& foreign_files::workers() {
  const std::lock_guard hold(lock_);
  if (!workers_) workers_ = std::make_unique<worker_pool>(*node_.system, threads, foreign_waiting_max);
  return *workers_;
}

std::shared_ptr<foreign_files::peer> foreign_files::peer_of(std::uint64_t member) {
  const std::lock_guard hold(lock_);
  auto& at = peers_[member];
  if (!at) at = std::make_shared<peer>();
  return at;
}

bool foreign_files::ask(net::connection& from, std::uint64_t member, file_question q, answered then) {
  return run(from, member, {question_type, encode(q), q.count}, std::move(then));
}

bool foreign_files::bring(net::connection& from, std::uint64_t member, file_step s, answered then) {
  return run(from, member, {step_type, encode(s), 0}, std::move(then));
}

/// When nobody takes it the place is held until its time is over.
void foreign_files::give_up(std::uint64_t member, const std::string& id) {
  static_cast<void>(workers().run([self = shared_from_this(), member, f = frame{step_type, encode(file_step{file_step::kind::give_up, id, {}, 0, false, {}}), 0}] {
    answer nobody;
    static_cast<void>(self->ask_one(member, f, nobody));
  }));
}

bool foreign_files::run(net::connection& from, std::uint64_t member, frame f, answered then) {
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
  return workers().run(
      from,
      [self = shared_from_this(), found, whom = std::move(whom), f = std::move(f)] {
        for (const auto m : whom) {
          if (m == 0 || !self->ask_one(m, f, *found)) found->all_asked = false;
          if (found->facts || found->done) return;
        }
      },
      [found, then = std::move(then)] { then(*found); });
}

bool foreign_files::ask_one(std::uint64_t member, const frame& q, answer& out) {
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
    out.done = false;
    if (!to->stream->send(q.type, q.body, foreign_answer_time)) {
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
      else if ((*f)->type == piece_type && out.pieces.size() < q.pieces) out.pieces.push_back(std::move((*f)->body));
      else if ((*f)->type == done_type) out.octets = base::parse_u64((*f)->body).value_or(0), out.done = true;
      else if ((*f)->type == end_type) {
        out.member = member;
        return true;
      }
    }
    if (fresh) return false;
  }
  return false;
}

namespace {

/// Whether it was done, and the octets that the file is to have.
std::optional<std::uint64_t> take_step(file_volumes& volumes, file_step s) {
  for (const auto& v : volumes.open) {
    const volume_work here(*v.of);
    if (!here) {
      volumes.complete = false;
      continue;
    }
    if (s.what == file_step::kind::begin) {
      if (const auto slot = v.uploads->begin(s.id, s.name)) return slot->what.octets;
      continue;
    }
    const auto slot = v.uploads->slots().find(s.id);
    if (!slot || !slot->coming) continue;
    if (s.what == file_step::kind::give_up) {
      v.uploads->slots().release(s.id);
      return slot->what.octets;
    }
    const auto piece = std::make_shared<const std::string>(std::move(s.octets));
    return v.uploads->keep({s.id, s.number, piece, s.last}, foreign_answer_time / 2) ? std::optional(slot->what.octets) : std::nullopt;
  }
  return {};
}

} // namespace

void give_files(const std::function<file_volumes()>& volumes, std::unique_ptr<cluster::node_stream> stream) {
  if (!stream->accept()) return;
  for (;;) {
    const auto f = stream->receive(quiet_time);
    if (!f || !*f) return;
    if ((*f)->type == step_type) {
      auto step = read_file_step((*f)->body);
      if (!step) return;
      auto of = volumes();
      const auto octets = take_step(of, std::move(*step));
      if (!octets && !of.complete) return;
      if (octets && !stream->send(done_type, std::to_string(*octets), foreign_answer_time)) return;
      if (!stream->send(end_type, {}, foreign_answer_time)) return;
      continue;
    }
    const auto q = (*f)->type == question_type ? read_file_question((*f)->body) : std::nullopt;
    if (!q) return;
    auto of = volumes();
    bool found = false;
    for (const auto& v : of.open) {
      const volume_work here(*v.of);
      if (!here) of.complete = false;
      const auto facts = here ? record_of(*v.of, q->id, {}) : std::nullopt;
      if (!facts) continue;
      found = true;
      if (!stream->send(facts_type, facts->value, foreign_answer_time)) return;
      for (std::uint32_t i = 0; i < q->count; ++i) {
        const auto piece = record_of(*v.of, q->id, upload_piece_key(q->first + i));
        if (!piece) break;
        if (!stream->send(piece_type, piece->value, foreign_answer_time)) return;
      }
      break;
    }
    if (!found && !of.complete) return;
    if (!stream->send(end_type, {}, foreign_answer_time)) return;
  }
}

} // namespace rookery::actors
