#include "storage/mail/keys.hpp"

namespace rookery::storage::mail::key {

std::string behind(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

std::string shard() { return key_writer(family::shard).done(); }
std::string account(base::account_id a) { return key_writer(family::account).u64(a.value).done(); }
std::string name(base::account_id a, std::string_view v) { return key_writer(family::name).u64(a.value).text(v).done(); }
std::string subscription(base::account_id a, std::string_view v) {
  return key_writer(family::subscription).u64(a.value).text(v).done();
}
std::string mailbox(base::account_id a, base::mailbox_id m) { return of_mailbox(family::mailbox, a, m); }
std::string mailboxes(base::account_id a) { return key_writer(family::mailbox).u64(a.value).done(); }
std::string of_mailbox(family f, base::account_id a, base::mailbox_id m) {
  return key_writer(f).u64(a.value).u32(m.value).done();
}
std::string page(family f, const page_id& p) {
  return key_writer(f).u64(p.account.value).u32(p.mailbox.value).u32(p.number).done();
}
std::string text(const page_id& p, text_column column) {
  return key_writer(family::text).u64(p.account.value).u32(p.mailbox.value).u32(p.number)
      .u8(static_cast<std::uint8_t>(column)).done();
}
std::string run(const page_id& p, std::uint32_t first_slot) {
  return key_writer(family::run).u64(p.account.value).u32(p.mailbox.value).u32(p.number)
      .u8(static_cast<std::uint8_t>(first_slot)).done();
}
std::string vanished(base::account_id a, base::mailbox_id m, std::uint64_t modseq) {
  return key_writer(family::vanished).u64(a.value).u32(m.value).u64(modseq).done();
}
std::string body(std::uint32_t segment, std::uint32_t offset, base::account_id a, base::mailbox_id m, std::uint32_t uid) {
  return key_writer(family::body).u32(segment).u32(offset).u64(a.value).u32(m.value).u32(uid).done();
}
std::string bodies_at(std::uint32_t segment, std::uint32_t offset) {
  return key_writer(family::body).u32(segment).u32(offset).done();
}
std::string bodies_in(std::uint32_t segment) { return key_writer(family::body).u32(segment).done(); }
std::string thread(base::account_id a, std::uint32_t generation, std::uint64_t hash) {
  return key_writer(family::thread).u64(a.value).u32(generation).u64(hash).done();
}
std::string threads(base::account_id a, std::uint32_t generation) {
  return key_writer(family::thread).u64(a.value).u32(generation).done();
}
std::string delivered(std::uint64_t sequence) { return key_writer(family::delivered).u64(sequence).done(); }
std::string reader_seen(base::account_id a, base::mailbox_id m, base::account_id reader) {
  return key_writer(family::reader_seen).u64(a.value).u32(m.value).u64(reader.value).done();
}
std::string metadata(base::account_id a, base::mailbox_id m, base::account_id reader, std::string_view name) {
  return key_writer(family::metadata).u64(a.value).u32(m.value).u64(reader.value).text(name).done();
}
std::string share(std::string_view who, base::account_id a, base::mailbox_id m) {
  return key_writer(family::share).u64(a.value).u32(m.value).text(who).done();
}
std::string all(family f) { return key_writer(f).done(); }

} // namespace rookery::storage::mail::key
