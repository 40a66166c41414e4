#include "storage/directory/agreed_command.hpp"

#include "base/codec.hpp"

namespace rookery::storage::directory {
namespace {

constexpr std::uint8_t picture_format = 1;
constexpr std::uint8_t history_format = 2; ///< 1 had no documents as they were before
constexpr std::uint64_t origins_max = 10'000;

base::failure<base::error> malformed(const char* what) {
  return base::fail(base::error_kind::damaged, std::string(what) + " is malformed");
}

} // namespace

std::string encode(const agreed_command& c) {
  std::string out;
  base::encoder to(out);
  to.u8(agreed_version);
  to.varint(c.index);
  to.varint(c.origin);
  to.varint(c.sequence);
  to.bytes(c.command);
  return out;
}

base::result<agreed_command> decode_agreed(std::string_view payload) {
  base::decoder in(payload);
  agreed_command c;
  const auto version = in.u8();
  c.index = in.varint();
  c.origin = in.varint();
  c.sequence = in.varint();
  c.command = in.bytes();
  if (version != agreed_version || !in.done()) return malformed("an agreed command");
  return c;
}

std::string print(const history_entry& e) {
  std::string out;
  base::encoder to(out);
  to.u8(history_format);
  to.i64(base::to_milliseconds(e.time));
  to.bytes(e.author);
  to.varint(e.changes);
  to.varint(e.lines.size());
  for (const auto& line : e.lines) {
    to.u8(static_cast<std::uint8_t>(line.verb));
    to.u8(static_cast<std::uint8_t>(line.kind));
    to.bytes(line.key);
  }
  to.u8(e.before ? 1 : 0);
  if (!e.before) return out;
  to.varint(e.before->size());
  for (const auto& b : *e.before) {
    to.u8(static_cast<std::uint8_t>(b.kind));
    to.bytes(b.key);
    to.u8(b.there ? 1 : 0);
    to.bytes(b.content);
  }
  return out;
}

base::result<history_entry> read_history(std::uint64_t version, std::string_view value) {
  history_entry e;
  e.version = version;
  base::decoder in(value);
  const auto format = in.u8();
  e.time = base::from_milliseconds(in.i64());
  e.author = in.bytes();
  e.changes = static_cast<std::uint32_t>(in.varint());
  const auto lines = in.varint();
  if (format == 0 || format > history_format || !in.ok() || lines > history_names_max) return malformed("a history record");
  for (std::uint64_t i = 0; i < lines; ++i) {
    const auto verb = static_cast<history_verb>(in.u8());
    const auto kind = static_cast<document_kind>(in.u8());
    e.lines.push_back({verb, kind, std::string(in.bytes())});
  }
  if (format >= 2 && in.u8() != 0) {
    auto before = std::make_shared<std::vector<document_before>>();
    const auto count = in.varint();
    if (!in.ok() || count > in.rest().size()) return malformed("a history record");
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
      document_before b;
      b.kind = static_cast<document_kind>(in.u8());
      b.key = in.bytes();
      b.there = in.u8() != 0;
      b.content = in.bytes();
      before->push_back(std::move(b));
    }
    e.before = std::move(before);
  }
  if (!in.done()) return malformed("a history record");
  return e;
}

std::string print_picture(const config_table& table, const config_mark& mark, const std::vector<history_entry>& newest_first) {
  std::string out;
  base::encoder to(out);
  to.u8(picture_format);
  to.varint(table.version());
  to.varint(mark.next_id);
  to.varint(mark.agreed);
  to.varint(mark.sequences.size());
  for (const auto& [origin, sequence] : mark.sequences) {
    to.varint(origin);
    to.varint(sequence);
  }
  std::uint64_t documents = 0;
  for (const auto kind : table.kinds()) documents += table.count(kind);
  to.varint(documents);
  for (const auto kind : table.kinds())
    table.for_each(kind, {}, [&](const document_ptr& d) {
      to.u8(static_cast<std::uint8_t>(d->kind));
      to.bytes(d->key);
      to.varint(d->id);
      to.varint(d->version);
      to.i64(base::to_milliseconds(d->changed));
      to.bytes(d->content);
      return true;
    });
  // It may have been read a moment later than the table.
  std::vector<const history_entry*> oldest_first;
  for (auto e = newest_first.rbegin(); e != newest_first.rend(); ++e)
    if (e->version <= table.version()) oldest_first.push_back(&*e);
  to.varint(oldest_first.size());
  for (const auto* e : oldest_first) {
    to.varint(e->version);
    to.bytes(print(*e));
  }
  return out;
}

base::result<config_picture> read_picture(std::string_view octets) {
  base::decoder in(octets);
  config_picture p;
  if (in.u8() != picture_format) return base::fail(base::error_kind::unsupported, "the configuration comes from a newer program");
  p.version = in.varint();
  p.mark.next_id = in.varint();
  p.mark.agreed = in.varint();
  const auto origins = in.varint();
  if (!in.ok() || origins > origins_max) return malformed("a picture of the configuration");
  for (std::uint64_t i = 0; i < origins; ++i) {
    const auto origin = in.varint();
    p.mark.sequences[origin] = in.varint();
  }
  const auto documents = in.varint();
  if (!in.ok() || documents > in.rest().size()) return malformed("a picture of the configuration");
  for (std::uint64_t i = 0; i < documents && in.ok(); ++i) {
    auto d = std::make_shared<document>();
    d->kind = static_cast<document_kind>(in.u8());
    d->key = in.bytes();
    d->id = in.varint();
    d->version = in.varint();
    d->changed = base::from_milliseconds(in.i64());
    d->content = in.bytes();
    if (!in.ok() || d->key.empty() || d->id == 0 || d->id >= p.mark.next_id || d->version > p.version)
      return malformed("a document in a picture of the configuration");
    p.documents.push_back(std::move(d));
  }
  const auto history = in.varint();
  if (!in.ok() || history > history_entries_max) return malformed("a picture of the configuration");
  for (std::uint64_t i = 0; i < history; ++i) {
    const auto version = in.varint();
    auto e = read_history(version, in.bytes());
    if (!e) return base::fail(e.error());
    p.history.push_back(std::move(*e));
  }
  if (!in.done()) return malformed("a picture of the configuration");
  return p;
}

std::string encode_replacement(std::uint64_t index, std::string_view picture) {
  std::string out;
  base::encoder to(out);
  to.u8(picture_version);
  to.varint(index);
  out += picture;
  return out;
}

base::result<replacement> decode_replacement(std::string_view payload) {
  base::decoder in(payload);
  const auto version = in.u8();
  const auto index = in.varint();
  if (version != picture_version || !in.ok()) return malformed("a replacement of the configuration");
  return replacement{index, in.rest()};
}

std::string encode_parting() { return std::string(1, static_cast<char>(parted_version)); }

} // namespace rookery::storage::directory
