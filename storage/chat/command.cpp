#include "storage/chat/command.hpp"

#include "base/codec.hpp"
#include "storage/chat/limits.hpp"

namespace rookery::storage::chat {
namespace {

constexpr std::uint8_t command_version = 1;

// On disk: never renumber.
enum class type : std::uint8_t {
  put_records = 1,
  drop_records = 2,
  append = 3,
  replace_entry = 4,
  drop_entries = 5,
  drop_before = 6,
  drop_owner = 7
};

constexpr std::uint8_t prefix_bit = 1;      // of drop_records
constexpr std::uint8_t drop_oldest_bit = 1; // of append

struct writer {
  base::encoder& e;
  type operator()(const put_records& c) const {
    e.varint(c.records.size());
    for (const auto& r : c.records) {
      e.u8(static_cast<std::uint8_t>(r.kind));
      e.bytes(r.key);
      e.bytes(r.value);
    }
    return type::put_records;
  }
  type operator()(const drop_records& c) const {
    e.u8(static_cast<std::uint8_t>(c.kind));
    e.u8(c.prefix ? prefix_bit : 0);
    e.bytes(c.key);
    return type::drop_records;
  }
  type operator()(const append& c) const {
    e.u8(static_cast<std::uint8_t>(c.stream));
    e.u8(c.drop_oldest ? drop_oldest_bit : 0);
    e.varint(c.id);
    e.varint(c.entries_max);
    e.bytes(c.with);
    e.bytes(c.stanza);
    return type::append;
  }
  type operator()(const replace_entry& c) const {
    e.u8(static_cast<std::uint8_t>(c.stream));
    e.varint(c.id);
    e.bytes(c.stanza);
    return type::replace_entry;
  }
  type operator()(const drop_entries& c) const {
    e.u8(static_cast<std::uint8_t>(c.stream));
    e.varint(c.ids.size());
    for (const auto id : c.ids) e.varint(id);
    return type::drop_entries;
  }
  type operator()(const drop_before& c) const {
    e.u8(static_cast<std::uint8_t>(c.stream));
    e.i64(base::to_milliseconds(c.before));
    e.u64(c.last_id);
    return type::drop_before;
  }
  type operator()(const drop_owner&) const { return type::drop_owner; }
};

bool take_kind(base::decoder& d, record_kind& kind) {
  kind = static_cast<record_kind>(d.u8());
  return kind != record_kind{};
}

bool take_stream(base::decoder& d, stream_kind& stream) {
  stream = static_cast<stream_kind>(d.u8());
  return stream == stream_kind::archive || stream == stream_kind::offline;
}

bool take(base::decoder& d, std::string& text, std::size_t octets_max) {
  text = d.bytes();
  return text.size() <= octets_max;
}

bool take(base::decoder& d, put_records& c) {
  const auto count = d.varint();
  if (count == 0 || count > records_a_command_max || count > d.rest().size()) return false;
  c.records.resize(static_cast<std::size_t>(count));
  for (auto& r : c.records)
    if (!take_kind(d, r.kind) || !take(d, r.key, record_key_octets_max) || !take(d, r.value, record_value_octets_max)) return false;
  return true;
}

bool take(base::decoder& d, drop_records& c) {
  if (!take_kind(d, c.kind)) return false;
  const auto bits = d.u8();
  c.prefix = (bits & prefix_bit) != 0;
  return bits <= prefix_bit && take(d, c.key, record_key_octets_max);
}

bool take(base::decoder& d, append& c) {
  if (!take_stream(d, c.stream)) return false;
  const auto bits = d.u8();
  c.drop_oldest = (bits & drop_oldest_bit) != 0;
  c.id = d.varint();
  c.entries_max = d.varint();
  // Far below the end of the numbers: ids go on growing behind it.
  return bits <= drop_oldest_bit && c.id < std::uint64_t{1} << 62 && take(d, c.with, with_octets_max) &&
         c.with.find('\0') == std::string::npos && take(d, c.stanza, stanza_octets_max);
}

bool take(base::decoder& d, replace_entry& c) {
  if (!take_stream(d, c.stream)) return false;
  c.id = d.varint();
  return take(d, c.stanza, stanza_octets_max);
}

bool take(base::decoder& d, drop_entries& c) {
  if (!take_stream(d, c.stream)) return false;
  const auto count = d.varint();
  if (count > removed_at_once_max || count > d.rest().size()) return false;
  c.ids.resize(static_cast<std::size_t>(count));
  for (auto& id : c.ids) id = d.varint();
  return true;
}

bool take(base::decoder& d, drop_before& c) {
  if (!take_stream(d, c.stream)) return false;
  c.before = base::from_milliseconds(d.i64());
  c.last_id = d.u64();
  return true;
}

template <class What>
bool take_as(base::decoder& d, any_command& what) {
  What c;
  if (!take(d, c)) return false;
  what = std::move(c);
  return true;
}

bool take(base::decoder& d, type t, any_command& what) {
  switch (t) {
    case type::put_records: return take_as<put_records>(d, what);
    case type::drop_records: return take_as<drop_records>(d, what);
    case type::append: return take_as<append>(d, what);
    case type::replace_entry: return take_as<replace_entry>(d, what);
    case type::drop_entries: return take_as<drop_entries>(d, what);
    case type::drop_before: return take_as<drop_before>(d, what);
    case type::drop_owner: what = drop_owner{}; return true;
  }
  return false;
}

} // namespace

std::string encode(const command& c) {
  std::string fields;
  base::encoder to_fields(fields);
  const auto t = std::visit(writer{to_fields}, c.what);
  std::string out;
  out.reserve(fields.size() + c.owner.size() + 12);
  base::encoder e(out);
  e.u8(static_cast<std::uint8_t>(t));
  e.u8(command_version);
  e.i64(base::to_milliseconds(c.time));
  e.bytes(c.owner);
  out.append(fields);
  return out;
}

bool is_small(std::string_view payload) noexcept {
  if (payload.empty()) return false;
  const auto t = static_cast<type>(payload.front());
  return t == type::put_records || t == type::append || t == type::replace_entry;
}

base::result<command> decode_command(std::string_view payload) {
  base::decoder d(payload);
  const auto t = d.u8();
  const auto version = d.u8();
  command c;
  c.time = base::from_milliseconds(d.i64());
  c.owner = d.bytes();
  const bool named = !c.owner.empty() && c.owner.size() <= owner_octets_max && c.owner.find('\0') == std::string::npos;
  if (version != command_version || !named || !take(d, static_cast<type>(t), c.what) || !d.done())
    return base::fail(base::error_kind::invalid, "The request cannot be read.",
                      "chat command of type " + std::to_string(t) + " version " + std::to_string(version) + " is malformed or unknown");
  return c;
}

} // namespace rookery::storage::chat
