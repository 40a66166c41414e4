#include "storage/search/index_files.hpp"

#include "base/codec.hpp"
#include "base/crc32c.hpp"

#include <cstring>

namespace rookery::storage::search {
namespace {

constexpr std::string_view manifest_magic = "RKINDEX1", documents_magic = "RKDOCUM1", places_magic = "RKPLACE1";

std::string sealed(std::string_view magic, const std::string& content) {
  std::string out(magic);
  base::encoder(out).u32(base::crc32c(content));
  return out += content;
}

base::result<std::string_view> opened(std::string_view magic, std::string_view stored) {
  if (stored.starts_with(magic)) {
    base::decoder in(stored.substr(magic.size()));
    const auto sum = in.u32();
    if (in.ok() && base::crc32c(in.rest()) == sum) return in.rest();
  }
  return base::fail(base::error_kind::damaged, "Search index damaged", "search: a file of kind " + std::string(magic) + " is damaged");
}

base::failure<base::error> malformed(std::string_view magic) {
  return base::fail(base::error_kind::damaged, "Search index damaged", "search: a file of kind " + std::string(magic) + " makes no sense");
}

} // namespace

std::string write_manifest(const manifest& m) {
  std::string out;
  base::encoder e(out);
  e.bytes(m.store);
  e.u64(m.position);
  e.u32(m.next_file);
  e.u32(m.next_document);
  e.varint(m.segments.size());
  for (const auto& s : m.segments) {
    e.u32(s.file);
    e.u32(s.first);
    e.u32(s.documents);
    e.u64(s.octets);
  }
  e.varint(m.place_files.size());
  for (const auto f : m.place_files) e.u32(f);
  e.varint(m.reached.size());
  for (const auto& [mailbox, uid] : m.reached) {
    e.u32(mailbox);
    e.u32(uid);
  }
  return sealed(manifest_magic, out);
}

base::result<manifest> read_manifest(std::string_view stored) {
  const auto content = opened(manifest_magic, stored);
  if (!content) return base::fail(content.error());
  base::decoder in(*content);
  manifest m;
  m.store = in.bytes();
  m.position = in.u64();
  m.next_file = in.u32();
  m.next_document = in.u32();
  std::uint64_t next = 1;
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    auto& s = m.segments.emplace_back();
    s.file = in.u32();
    s.first = in.u32();
    s.documents = in.u32();
    s.octets = in.u64();
    if (s.first != next || s.file >= m.next_file) return malformed(manifest_magic);
    next += s.documents;
  }
  for (auto n = in.varint(); n > 0 && in.ok(); --n) m.place_files.push_back(in.u32());
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto mailbox = in.u32();
    m.reached.emplace_back(mailbox, in.u32());
  }
  if (!in.done() || next != m.next_document) return malformed(manifest_magic);
  return m;
}

std::string write_documents(const documents_file& d) {
  std::string out;
  base::encoder e(out);
  e.u32(static_cast<std::uint32_t>(d.keys.size()));
  for (const auto& k : d.keys) out.append(k.data(), k.size());
  e.u32(static_cast<std::uint32_t>(d.partial.size()));
  for (const auto p : d.partial) e.u32(p);
  return sealed(documents_magic, out);
}

base::result<documents_file> read_documents(std::string_view stored) {
  const auto content = opened(documents_magic, stored);
  if (!content) return base::fail(content.error());
  base::decoder in(*content);
  const auto n = in.u32();
  documents_file d;
  if (!in.ok() || n > in.rest().size() / sizeof(content_key)) return malformed(documents_magic);
  d.keys.resize(n);
  std::memcpy(d.keys.data(), in.rest().data(), n * sizeof(content_key));
  base::decoder behind(in.rest().substr(n * sizeof(content_key)));
  for (auto left = behind.u32(); left > 0 && behind.ok(); --left) d.partial.push_back(behind.u32());
  if (!behind.done()) return malformed(documents_magic);
  return d;
}

std::string write_places(const std::vector<place_row>& rows) {
  std::string out;
  out.reserve(rows.size() * 12 + 16);
  base::encoder e(out);
  for (const auto& r : rows) {
    e.u32(r.mailbox);
    e.u32(r.at.uid);
    e.u32(r.at.document);
  }
  return sealed(places_magic, out);
}

base::result<std::vector<place_row>> read_places(std::string_view stored) {
  const auto content = opened(places_magic, stored);
  if (!content) return base::fail(content.error());
  if (content->size() % 12 != 0) return malformed(places_magic);
  base::decoder in(*content);
  std::vector<place_row> rows(content->size() / 12);
  for (auto& r : rows) {
    r.mailbox = in.u32();
    r.at.uid = in.u32();
    r.at.document = in.u32();
  }
  return rows;
}

base::result<void> write_durably(file_system& files, const std::string& path, std::string_view octets) {
  (void)files.remove(path);
  auto made = files.open(path, open_mode::create);
  if (!made) return base::fail(made.error());
  if (auto done = (*made)->write(0, octets); !done) return done;
  return (*made)->sync();
}

} // namespace rookery::storage::search
