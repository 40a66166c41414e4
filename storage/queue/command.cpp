#include "storage/queue/command.hpp"

#include "base/codec.hpp"

#include <type_traits>

namespace rookery::storage::queue {
namespace {

constexpr std::uint8_t command_version = 1;
constexpr std::uint8_t bounded_version = 2; // of put_note: with `of_space_max`

// On disk: never renumber.
enum class type : std::uint8_t {
  accepted = 1,
  hold = 2,
  release = 3,
  removed = 4,
  moved_to_queue = 5,
  attempt_begun = 6,
  recipient_done = 7,
  recipient_deferred = 8,
  expired = 9,
  relocate_body = 10,
  attempt_ended = 11,
  rerouted = 12,
  redirected = 13,
  retry_now = 14,
  put_note = 15,
  count_note = 16,
  drop_note = 17,
  drop_notes_before = 18
};

constexpr std::uint8_t delay_told_bit = 1; // of an outcome

void put(base::encoder& e, const std::vector<std::uint32_t>& numbers) {
  e.varint(numbers.size());
  for (const auto n : numbers) e.varint(n);
}

std::vector<std::uint32_t> take_numbers(base::decoder& d) {
  const auto count = d.varint();
  std::vector<std::uint32_t> numbers;
  for (std::uint64_t i = 0; i < count && d.ok(); ++i) numbers.push_back(static_cast<std::uint32_t>(d.varint()));
  return numbers;
}

base::message_id take_id(base::decoder& d) { return base::message_id(d.varint()); }

std::string take_text(base::decoder& d) { return std::string(d.bytes()); }

bool take(base::decoder& d, attempt_ended& c) {
  c.id = take_id(d);
  c.queue_after = d.bytes();
  const auto count = d.varint();
  if (c.queue_after.size() > queue_name_octets_max || count > recipients_max || count > d.rest().size()) return false;
  c.outcomes.resize(static_cast<std::size_t>(count));
  for (auto& o : c.outcomes) {
    o.recipient = static_cast<std::uint32_t>(d.varint());
    const auto state = d.u8();
    if (state > static_cast<std::uint8_t>(recipient_state::expired)) return false;
    o.state = static_cast<recipient_state>(state);
    o.next_attempt = base::from_milliseconds(d.i64());
    o.answer = d.bytes();
    o.remote_host = d.bytes();
    o.delay_told = (d.u8() & delay_told_bit) != 0;
  }
  return true;
}

struct writer {
  base::encoder& e;
  type operator()(const accepted& c) const { encode(c.message, e); return type::accepted; }
  type operator()(const hold& c) const { e.varint(c.id.value); e.bytes(c.because); return type::hold; }
  type operator()(const release& c) const { e.varint(c.id.value); return type::release; }
  type operator()(const removed& c) const { e.varint(c.id.value); return type::removed; }
  type operator()(const moved_to_queue& c) const { e.varint(c.id.value); e.bytes(c.queue); return type::moved_to_queue; }
  type operator()(const attempt_begun& c) const { e.varint(c.id.value); put(e, c.recipients); return type::attempt_begun; }
  type operator()(const recipient_done& c) const {
    e.varint(c.id.value);
    e.varint(c.recipient);
    e.u8(c.delivered ? 1 : 0);
    e.bytes(c.answer);
    return type::recipient_done;
  }
  type operator()(const recipient_deferred& c) const {
    e.varint(c.id.value);
    e.varint(c.recipient);
    e.i64(base::to_milliseconds(c.next_attempt));
    e.bytes(c.answer);
    return type::recipient_deferred;
  }
  type operator()(const expired& c) const { e.varint(c.id.value); put(e, c.recipients); return type::expired; }
  type operator()(const relocate_body& c) const { e.u32(c.old_segment); e.u32(c.old_offset); return type::relocate_body; }
  type operator()(const attempt_ended& c) const {
    e.varint(c.id.value);
    e.bytes(c.queue_after);
    e.varint(c.outcomes.size());
    for (const auto& o : c.outcomes) {
      e.varint(o.recipient);
      e.u8(static_cast<std::uint8_t>(o.state));
      e.i64(base::to_milliseconds(o.next_attempt));
      e.bytes(std::string_view(o.answer).substr(0, last_answer_octets_max));
      e.bytes(std::string_view(o.remote_host).substr(0, remote_host_octets_max));
      e.u8(o.delay_told ? delay_told_bit : 0);
    }
    return type::attempt_ended;
  }
  type operator()(const rerouted& c) const { e.varint(c.id.value); encode_route(c.route, e); return type::rerouted; }
  type operator()(const redirected& c) const {
    e.varint(c.id.value);
    e.varint(c.recipient);
    e.bytes(c.address);
    return type::redirected;
  }
  type operator()(const retry_now& c) const {
    e.varint(c.ids.size());
    for (const auto id : c.ids) e.varint(id.value);
    return type::retry_now;
  }
  type operator()(const put_note& c) const {
    e.bytes(c.space);
    e.bytes(c.key);
    e.bytes(c.value);
    e.i64(base::to_milliseconds(c.until));
    if (c.of_space_max != 0) e.varint(c.of_space_max);
    return type::put_note;
  }
  type operator()(const count_note& c) const {
    e.bytes(c.space);
    e.bytes(c.key);
    e.varint(c.by);
    e.i64(base::to_milliseconds(c.until));
    return type::count_note;
  }
  type operator()(const drop_note& c) const { e.bytes(c.space); e.bytes(c.key); return type::drop_note; }
  type operator()(const drop_notes_before& c) const { e.i64(base::to_milliseconds(c.now)); return type::drop_notes_before; }
};

bool take(base::decoder& d, type t, std::uint8_t version, any_command& what) {
  switch (t) {
    case type::accepted: {
      auto message = decode_envelope(d);
      if (!message) return false;
      what = accepted{std::move(*message)};
      return true;
    }
    case type::hold: { const auto id = take_id(d); what = hold{id, std::string(d.bytes())}; return true; }
    case type::release: what = release{take_id(d)}; return true;
    case type::removed: what = removed{take_id(d)}; return true;
    case type::moved_to_queue: {
      const auto id = take_id(d);
      auto queue = std::string(d.bytes());
      if (queue.empty() || queue.size() > queue_name_octets_max) return false;
      what = moved_to_queue{id, std::move(queue)};
      return true;
    }
    case type::attempt_begun: { const auto id = take_id(d); what = attempt_begun{id, take_numbers(d)}; return true; }
    case type::recipient_done: {
      recipient_done c;
      c.id = take_id(d);
      c.recipient = static_cast<std::uint32_t>(d.varint());
      c.delivered = d.u8() != 0;
      c.answer = d.bytes();
      what = std::move(c);
      return true;
    }
    case type::recipient_deferred: {
      recipient_deferred c;
      c.id = take_id(d);
      c.recipient = static_cast<std::uint32_t>(d.varint());
      c.next_attempt = base::from_milliseconds(d.i64());
      c.answer = d.bytes();
      what = std::move(c);
      return true;
    }
    case type::expired: { const auto id = take_id(d); what = expired{id, take_numbers(d)}; return true; }
    case type::relocate_body: {
      const auto segment = d.u32();
      what = relocate_body{segment, d.u32()};
      return true;
    }
    case type::attempt_ended: {
      attempt_ended c;
      if (!take(d, c)) return false;
      what = std::move(c);
      return true;
    }
    case type::rerouted: {
      rerouted c;
      c.id = take_id(d);
      if (!decode_route(d, c.route)) return false;
      what = std::move(c);
      return true;
    }
    case type::redirected: {
      redirected c;
      c.id = take_id(d);
      c.recipient = static_cast<std::uint32_t>(d.varint());
      c.address = d.bytes();
      if (c.address.empty() || c.address.size() > address_octets_max) return false;
      what = std::move(c);
      return true;
    }
    case type::retry_now: {
      retry_now c;
      const auto count = d.varint();
      if (count > retry_now_max) return false;
      for (std::uint64_t i = 0; i < count && d.ok(); ++i) c.ids.push_back(take_id(d));
      what = std::move(c);
      return true;
    }
    case type::put_note: {
      put_note c;
      c.space = d.bytes();
      c.key = d.bytes();
      c.value = d.bytes();
      c.until = base::from_milliseconds(d.i64());
      if (version == bounded_version) c.of_space_max = d.varint();
      what = std::move(c);
      return true;
    }
    case type::count_note: {
      count_note c;
      c.space = d.bytes();
      c.key = d.bytes();
      c.by = d.varint();
      c.until = base::from_milliseconds(d.i64());
      what = std::move(c);
      return true;
    }
    case type::drop_note: { auto space = take_text(d); what = drop_note{std::move(space), take_text(d)}; return true; }
    case type::drop_notes_before: what = drop_notes_before{base::from_milliseconds(d.i64())}; return true;
  }
  return false;
}

} // namespace

std::string encode(const command& c) {
  std::string fields;
  base::encoder to_fields(fields);
  const auto t = std::visit(writer{to_fields}, c.what);
  std::string out;
  out.reserve(fields.size() + 10);
  base::encoder e(out);
  const auto* note = std::get_if<put_note>(&c.what);
  e.u8(static_cast<std::uint8_t>(t));
  e.u8(note != nullptr && note->of_space_max != 0 ? bounded_version : command_version);
  e.i64(base::to_milliseconds(c.time));
  out.append(fields);
  return out;
}

base::result<command> decode_command(std::string_view payload) {
  base::decoder d(payload);
  const auto t = d.u8();
  const auto version = d.u8();
  command c;
  c.time = base::from_milliseconds(d.i64());
  const bool known = version == command_version || (version == bounded_version && static_cast<type>(t) == type::put_note);
  if (!known || !take(d, static_cast<type>(t), version, c.what) || !d.done())
    return base::fail(base::error_kind::invalid, "The request cannot be read.",
                      "spool command of type " + std::to_string(t) + " version " + std::to_string(version) + " is malformed or unknown");
  return c;
}

} // namespace rookery::storage::queue
