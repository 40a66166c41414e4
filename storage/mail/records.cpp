#include "storage/mail/records.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"

#include <cstring>

namespace rookery::storage::mail {
namespace {

constexpr std::uint8_t format_version = 1;
/// Of an account whose first mailboxes were made; there is nothing more in it.
constexpr std::uint8_t begun_version = 2;
/// Of a mailbox that others may use.
constexpr std::uint8_t shared_version = 2;

std::uint32_t u32(base::decoder& in) {
  const auto v = in.varint();
  base::check(v <= 0xffffffffu, "mail tree: number out of range");
  return static_cast<std::uint32_t>(v);
}

base::decoder begin(std::string_view octets) {
  base::decoder in(octets);
  base::check(in.u8() == format_version && in.ok(), "mail tree: record of a newer format");
  return in;
}

} // namespace

std::string encode(const shard_record& r) {
  std::string octets;
  base::encoder out(octets);
  out.u8(format_version);
  out.u32(r.shard);
  out.u64(r.applied.packed());
  out.u64(r.lsn);
  return octets;
}

shard_record read_shard_record(std::string_view octets) {
  auto in = begin(octets);
  shard_record r;
  r.shard = in.u32();
  r.applied = log_position::unpacked(in.u64());
  r.lsn = in.u64();
  base::check(in.done(), "mail tree: damaged shard record");
  return r;
}

std::string encode(const account_record& r) {
  std::string octets;
  base::encoder out(octets);
  out.u8(r.begun ? begun_version : format_version);
  out.varint(r.mailbox_next);
  out.varint(r.inbox);
  out.varint(r.mailboxes);
  out.varint(r.last_uid_validity);
  out.varint(r.octets);
  out.varint(r.messages);
  out.varint(r.thread_next);
  out.varint(r.thread_generation);
  out.varint(r.thread_rows);
  return octets;
}

account_record read_account_record(std::string_view octets) {
  base::decoder in(octets);
  const auto version = in.u8();
  base::check((version == format_version || version == begun_version) && in.ok(), "mail tree: record of a newer format");
  account_record r;
  r.begun = version == begun_version;
  r.mailbox_next = u32(in);
  r.inbox = u32(in);
  r.mailboxes = u32(in);
  r.last_uid_validity = u32(in);
  r.octets = in.varint();
  r.messages = in.varint();
  r.thread_next = in.varint();
  r.thread_generation = u32(in);
  r.thread_rows = in.varint();
  base::check(in.done(), "mail tree: damaged account record");
  return r;
}

std::string encode(const mailbox_record& r) {
  std::string octets;
  octets.reserve(64 + r.name.size());
  base::encoder out(octets);
  out.u8(r.access ? shared_version : format_version);
  out.bytes(r.name);
  out.bytes(r.special_use);
  out.varint(r.uid_validity);
  out.varint(r.uid_next);
  out.varint(r.messages);
  out.varint(r.unseen);
  out.varint(r.deleted);
  out.varint(r.octets);
  out.varint(r.highest_modseq);
  out.varint(r.expunged_known_since);
  out.varint(r.vanished);
  out.varint(r.page);
  out.varint(r.slot);
  out.varint(r.keywords.size());
  for (const auto& keyword : r.keywords) out.bytes(keyword);
  if (!r.access) return octets;
  out.u8(r.access->seen_per_reader ? 1 : 0);
  out.varint(r.access->entries.size());
  for (const auto& e : r.access->entries) {
    out.bytes(e.who);
    out.varint(e.rights);
  }
  return octets;
}

mailbox_record read_mailbox_record(std::string_view octets) {
  base::decoder in(octets);
  const auto version = in.u8();
  base::check((version == format_version || version == shared_version) && in.ok(), "mail tree: record of a newer format");
  mailbox_record r;
  r.name = in.bytes();
  r.special_use = in.bytes();
  r.uid_validity = u32(in);
  r.uid_next = u32(in);
  r.messages = u32(in);
  r.unseen = u32(in);
  r.deleted = u32(in);
  r.octets = in.varint();
  r.highest_modseq = in.varint();
  r.expunged_known_since = in.varint();
  r.vanished = in.varint();
  r.page = u32(in);
  r.slot = u32(in);
  const auto keywords = in.varint();
  base::check(keywords <= flag::keywords_max, "mail tree: too many keywords");
  for (std::uint64_t i = 0; i < keywords && in.ok(); ++i) r.keywords.emplace_back(in.bytes());
  if (version == shared_version) {
    auto access = std::make_shared<mailbox_access>();
    access->seen_per_reader = in.u8() != 0;
    const auto entries = in.varint();
    base::check(entries <= access_entries_max, "mail tree: too many lines of rights");
    for (std::uint64_t i = 0; i < entries && in.ok(); ++i) {
      auto& e = access->entries.emplace_back();
      e.who = in.bytes();
      e.rights = u32(in);
    }
    r.access = std::move(access);
  }
  base::check(in.done() && r.slot <= 256, "mail tree: damaged mailbox record");
  return r;
}

std::string encode_ranges(const uid_ranges& ranges) {
  std::string octets;
  base::encoder out(octets);
  std::uint32_t before = 0;
  for (const auto& [first, last] : ranges) {
    out.varint(first - before);
    out.varint(last - first);
    before = last;
  }
  return octets;
}

uid_ranges read_ranges(std::string_view octets) {
  base::decoder in(octets);
  uid_ranges out;
  std::uint64_t before = 0;
  while (in.ok() && !in.rest().empty()) {
    const auto first = before + u32(in);
    const auto last = first + u32(in);
    base::check(last <= 0xffffffffu, "mail tree: damaged UID ranges");
    out.emplace_back(static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last));
    before = last;
  }
  base::check(in.ok(), "mail tree: damaged UID ranges");
  return out;
}

std::string encode(const body_row& r) {
  std::string octets;
  octets.reserve(48);
  base::encoder out(octets);
  out.u8(format_version);
  octets.append(base::view(r.id));
  out.u32(r.length);
  out.u32(r.page);
  out.u8(static_cast<std::uint8_t>(r.slot));
  return octets;
}

body_row read_body_row(std::string_view octets) {
  base::check(octets.size() == 42, "mail tree: damaged body row");
  begin(octets);
  body_row r;
  std::memcpy(r.id.data(), octets.data() + 1, r.id.size());
  base::decoder rest(octets.substr(33));
  r.length = rest.u32();
  r.page = rest.u32();
  r.slot = rest.u8();
  return r;
}

} // namespace rookery::storage::mail
