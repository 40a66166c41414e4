#include "actors/queue/home_recall.hpp"

#include "actors/relay/homes.hpp"
#include "actors/relay/session_relays.hpp"
#include "base/codec.hpp"
#include "base/log.hpp"
#include "cluster/stream/node_stream.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using recall::fate;

constexpr std::uint8_t version = 1;
constexpr std::chrono::milliseconds dial_time{3000}, question_time{20'000}, answer_time{90'000};

void put(base::encoder& to, const std::vector<fate>& all) {
  to.varint(all.size());
  for (const auto f : all) to.u8(static_cast<std::uint8_t>(f));
}
bool take(base::decoder& in, std::vector<fate>& all) {
  const auto count = in.varint();
  if (!in.ok() || count > in.rest().size()) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto f = in.u8();
    if (f > static_cast<std::uint8_t>(fate::unreached)) return false;
    all.push_back(static_cast<fate>(f));
  }
  return in.ok();
}

/// The answer's octets; nothing: there is none.
std::optional<std::string> ask(node& n, std::uint64_t volume, recall_frame what, const std::string& question, recall_frame wanted) {
  const auto homes = homes_of(n);
  const auto* place = homes->place(volume);
  const auto relays = relays_of(n);
  const auto identity = relays ? relays->identity() : nullptr;
  if (place == nullptr || place->leader == 0 || !identity) return {};
  const auto failed = [&](const std::string& why) {
    base::log_event(base::severity::info, "recall.home_unreached").number("volume", static_cast<std::int64_t>(volume)).text("why", why);
    return std::optional<std::string>();
  };
  auto stream = cluster::node_stream::dial(*identity, place->leader, recall_stream, {{"volume", std::to_string(volume)}, {"from", std::to_string(volume_of_node(n))}}, dial_time);
  if (!stream) return failed(stream.error().client.value);
  if (auto sent = (*stream)->send(static_cast<std::uint8_t>(what), question, question_time); !sent) return failed(sent.error().client.value);
  auto answer = (*stream)->receive(answer_time);
  if (!answer) return failed(answer.error().client.value);
  if (!*answer || (*answer)->type != static_cast<std::uint8_t>(wanted)) return failed("it does not answer");
  return std::move((*answer)->body);
}

} // namespace

std::string print(const copies_question& q) {
  std::string out;
  base::encoder to(out);
  to.u8(version);
  to.u64(q.order.value);
  to.bytes(q.from);
  to.u64(q.account.value);
  to.i64(base::to_milliseconds(q.sent));
  to.u8(q.also_read ? 1 : 0);
  to.varint(q.bodies.size());
  for (const auto& b : q.bodies) to.bytes(b);
  return out;
}

std::optional<copies_question> read_copies_question(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != version) return {};
  copies_question out;
  out.order.value = in.u64();
  out.from = in.bytes();
  out.account.value = in.u64();
  out.sent = base::from_milliseconds(in.i64());
  const auto also_read = in.u8();
  const auto count = in.varint();
  if (!in.ok() || also_read > 1 || count == 0 || count > recall_bodies_max) return {};
  out.also_read = also_read == 1;
  for (std::uint64_t i = 0; i < count; ++i) out.bodies.emplace_back(in.bytes());
  const bool whole = std::all_of(out.bodies.begin(), out.bodies.end(), [](const auto& b) { return b.size() == storage::body_id{}.size(); });
  if (!in.done() || !whole || out.order.value == 0 || out.account.value == 0) return {};
  return out;
}

std::string print(const sent_question& q) {
  std::string out;
  base::encoder to(out);
  to.u8(version);
  to.u64(q.account.value);
  to.bytes(q.message_id);
  to.i64(base::to_milliseconds(q.before));
  return out;
}

std::optional<sent_question> read_sent_question(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != version) return {};
  sent_question out;
  out.account.value = in.u64();
  out.message_id = in.bytes();
  out.before = base::from_milliseconds(in.i64());
  if (!in.done() || out.account.value == 0 || out.message_id.size() > recall::message_id_octets_max) return {};
  return out;
}

std::string print(const run_question& q) {
  std::string out;
  base::encoder to(out);
  to.u8(version);
  to.u64(q.order.value);
  to.u64(q.sent.value);
  to.u64(q.account.value);
  to.i64(base::to_milliseconds(q.received));
  return out;
}

std::optional<run_question> read_run_question(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != version) return {};
  run_question out;
  out.order.value = in.u64();
  out.sent.value = in.u64();
  out.account.value = in.u64();
  out.received = base::from_milliseconds(in.i64());
  if (!in.done() || out.order.value == 0 || out.sent.value == 0 || out.account.value == 0) return {};
  return out;
}

std::string print(fate f) {
  std::string out;
  base::encoder to(out);
  to.u8(version);
  to.u8(static_cast<std::uint8_t>(f));
  return out;
}

std::optional<fate> read_copies_answer(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != version) return {};
  const auto f = in.u8();
  if (!in.done() || f > static_cast<std::uint8_t>(fate::not_found)) return {};
  return static_cast<fate>(f);
}

std::string print(const sent_answer& a) {
  std::string out;
  base::encoder to(out);
  to.u8(version);
  to.u8(a ? 1 : 0);
  if (!a) return out;
  to.bytes(recall::sent_key(a->id));
  to.bytes(recall::encode(*a));
  return out;
}

std::optional<sent_answer> read_sent_answer(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != version) return {};
  const auto known = in.u8();
  if (known == 0 && in.done()) return sent_answer();
  const auto key = in.bytes(), value = in.bytes();
  if (known != 1 || !in.done()) return {};
  auto out = recall::decode_sent(key, value);
  return out ? std::optional<sent_answer>(std::move(out)) : std::nullopt;
}

std::string print(const std::vector<recall::recipient_report>& all) {
  std::string out;
  base::encoder to(out);
  to.u8(version);
  to.varint(all.size());
  for (const auto& r : all) {
    to.bytes(r.address);
    put(to, r.copies);
    put(to, r.forwarded);
  }
  return out;
}

std::optional<std::vector<recall::recipient_report>> read_run_answer(std::string_view octets) {
  base::decoder in(octets);
  if (in.u8() != version) return {};
  const auto count = in.varint();
  if (!in.ok() || count > in.rest().size()) return {};
  std::vector<recall::recipient_report> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto& r = out.emplace_back();
    r.address = in.bytes();
    if (!take(in, r.copies) || !take(in, r.forwarded)) return {};
  }
  if (!in.done()) return {};
  return out;
}

std::optional<fate> ask_copies(node& n, std::uint64_t volume, const copies_question& q) {
  const auto answer = ask(n, volume, recall_frame::copies, print(q), recall_frame::copies_answer);
  return answer ? read_copies_answer(*answer) : std::nullopt;
}

std::optional<sent_answer> ask_sent(node& n, std::uint64_t volume, const sent_question& q) {
  const auto answer = ask(n, volume, recall_frame::sent, print(q), recall_frame::sent_answer);
  return answer ? read_sent_answer(*answer) : std::nullopt;
}

std::optional<std::vector<recall::recipient_report>> ask_run(node& n, std::uint64_t volume, const run_question& q) {
  const auto answer = ask(n, volume, recall_frame::run, print(q), recall_frame::run_answer);
  return answer ? read_run_answer(*answer) : std::nullopt;
}

} // namespace rookery::actors
