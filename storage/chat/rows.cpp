#include "storage/chat/rows.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"

namespace rookery::storage::chat {
namespace {

constexpr std::uint8_t row_version = 1;

void put_number(std::string& out, std::uint64_t v) {
  for (unsigned shift = 64; shift > 0; shift -= 8) out.push_back(static_cast<char>(v >> (shift - 8)));
}

void take_version(base::decoder& d) {
  const auto version = d.u8();
  base::check(version == row_version, "a row of the chat tree has a version that this program knows");
}

void put(base::encoder& e, const stream_facts& s) {
  e.varint(s.entries);
  e.varint(s.octets);
  e.varint(s.last_id);
  e.i64(base::to_milliseconds(s.last_time));
}

void take(base::decoder& d, stream_facts& s) {
  s.entries = d.varint();
  s.octets = d.varint();
  s.last_id = d.varint();
  s.last_time = base::from_milliseconds(d.i64());
}

} // namespace

namespace key {

std::string state() { return std::string(1, static_cast<char>(family::state)); }

std::string owner(std::string_view name) {
  std::string out(1, static_cast<char>(family::owner));
  out.append(name);
  return out;
}

std::string of_owner(family f, std::uint64_t number) {
  std::string out(1, static_cast<char>(f));
  put_number(out, number);
  return out;
}

std::string doomed(std::uint64_t number) { return of_owner(family::doomed, number); }

std::string record(std::uint64_t number, record_kind kind, std::string_view its_key) {
  auto out = of_owner(family::record, number);
  out.push_back(static_cast<char>(kind));
  out.append(its_key);
  return out;
}

std::string stream(std::uint64_t number, stream_kind s) {
  auto out = of_owner(family::entry, number);
  out.push_back(static_cast<char>(s));
  return out;
}

std::string entry(std::uint64_t number, stream_kind s, std::uint64_t id) {
  auto out = stream(number, s);
  put_number(out, id);
  return out;
}

std::string with(std::uint64_t number, stream_kind s, std::string_view who) {
  auto out = of_owner(family::with, number);
  out.push_back(static_cast<char>(s));
  out.append(who);
  out.push_back('\0');
  return out;
}

std::string with(std::uint64_t number, stream_kind s, std::string_view who, std::uint64_t id) {
  auto out = with(number, s, who);
  put_number(out, id);
  return out;
}

std::uint64_t last_number(std::string_view key) {
  base::check(key.size() >= 8, "a key of the chat tree ends with a number");
  std::uint64_t v = 0;
  for (const char c : key.substr(key.size() - 8)) v = v << 8 | static_cast<unsigned char>(c);
  return v;
}

} // namespace key

std::string encode(const owner_head& h) {
  std::string out;
  base::encoder e(out);
  e.u8(row_version);
  e.varint(h.number);
  e.varint(h.facts.records);
  e.varint(h.facts.record_octets);
  e.varint(h.facts.change);
  put(e, h.facts.archive);
  put(e, h.facts.offline);
  return out;
}

owner_head read_owner(std::string_view value) {
  base::decoder d(value);
  take_version(d);
  owner_head h;
  h.number = d.varint();
  h.facts.records = d.varint();
  h.facts.record_octets = d.varint();
  h.facts.change = d.varint();
  take(d, h.facts.archive);
  take(d, h.facts.offline);
  base::check(d.done() && h.number != 0, "a row of an owner in the chat tree is whole");
  return h;
}

std::string encode_record(std::uint64_t change, std::string_view value) {
  std::string out;
  out.reserve(value.size() + 8);
  base::encoder e(out);
  e.u8(row_version);
  e.varint(change);
  out.append(value);
  return out;
}

stored_record read_record(std::string_view key, std::string_view value) {
  base::decoder d(value);
  take_version(d);
  stored_record r;
  r.change = d.varint();
  base::check(d.ok() && key.size() >= key::record_head_octets, "a record of the chat tree is whole");
  r.key = key.substr(key::record_head_octets);
  r.value = d.rest();
  return r;
}

std::string encode_entry(const entry& en) {
  std::string out;
  out.reserve(en.with.size() + en.stanza.size() + 16);
  base::encoder e(out);
  e.u8(row_version);
  e.i64(base::to_milliseconds(en.time));
  e.bytes(en.with);
  out.append(en.stanza);
  return out;
}

entry read_entry(std::uint64_t id, std::string_view value) {
  base::decoder d(value);
  take_version(d);
  entry en;
  en.id = id;
  en.time = base::from_milliseconds(d.i64());
  en.with = d.bytes();
  base::check(d.ok(), "an entry of the chat tree is whole");
  en.stanza = d.rest();
  return en;
}

} // namespace rookery::storage::chat
