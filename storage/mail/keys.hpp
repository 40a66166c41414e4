/// Keys of the mail tree: a family octet, then big-endian numbers, so that the order
/// of octets is the order of numbers. docs/formats/mail_tree.md has the list.
#pragma once

#include "base/id.hpp"
#include "storage/log/commit_group.hpp"
#include "storage/mail/mailbox_view.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace rookery::storage::mail {

/// Stored: never renumber.
enum class family : char {
  account = 'A',
  mailbox = 'B',
  statics = 'C',
  delivered = 'D',
  metadata = 'E',
  grave = 'G',
  hot = 'H',
  name = 'I',
  shard = 'M',
  run = 'N',
  share = 'P',
  body = 'R',
  subscription = 'S',
  text = 'T',
  reader_seen = 'U',
  vanished = 'V',
  thread = 'X'
};

/// Names a page for ever: mailbox ids are never used again within an account.
struct page_id {
  base::account_id account;
  base::mailbox_id mailbox;
  std::uint32_t number = 0;
  bool operator==(const page_id&) const = default;
};

class key_writer {
public:
  explicit key_writer(family f) {
    out_.reserve(32);
    out_.push_back(static_cast<char>(f));
  }
  key_writer& u8(std::uint8_t v) {
    out_.push_back(static_cast<char>(v));
    return *this;
  }
  key_writer& u32(std::uint32_t v) { return number(v); }
  key_writer& u64(std::uint64_t v) { return number(v); }
  key_writer& text(std::string_view v) {
    out_.append(v);
    return *this;
  }
  std::string done() { return std::move(out_); }

private:
  template <class T>
  key_writer& number(T v) {
    for (unsigned shift = sizeof(T) * 8; shift > 0; shift -= 8)
      out_.push_back(static_cast<char>(v >> (shift - 8)));
    return *this;
  }
  std::string out_;
};

/// Reads numbers behind the family octet; after a failure everything is zero.
class key_reader {
public:
  explicit key_reader(std::string_view key) : in_(key) { in_.remove_prefix(in_.empty() ? 0 : 1); }
  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::string_view rest() const { return in_; }
  bool ok() const { return ok_; }

private:
  template <class T>
  T number() {
    if (in_.size() < sizeof(T)) {
      ok_ = false;
      return 0;
    }
    T v = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      v = static_cast<T>(static_cast<std::uint64_t>(v) << 8 | static_cast<unsigned char>(in_[i]));
    in_.remove_prefix(sizeof(T));
    return v;
  }
  std::string_view in_;
  bool ok_ = true;
};

namespace key {

/// The first key behind all keys that begin with `prefix`.
std::string behind(std::string prefix);

std::string shard();
std::string account(base::account_id);
std::string name(base::account_id, std::string_view);
std::string subscription(base::account_id, std::string_view);
std::string mailbox(base::account_id, base::mailbox_id);
std::string mailboxes(base::account_id);
/// All rows of one family of a mailbox.
std::string of_mailbox(family, base::account_id, base::mailbox_id);
/// Hot, static and grave rows: one a page.
std::string page(family, const page_id&);
std::string text(const page_id&, text_column);
std::string run(const page_id&, std::uint32_t first_slot);
std::string vanished(base::account_id, base::mailbox_id, std::uint64_t modseq);
std::string body(std::uint32_t segment, std::uint32_t offset, base::account_id, base::mailbox_id, std::uint32_t uid);
std::string bodies_at(std::uint32_t segment, std::uint32_t offset);
std::string bodies_in(std::uint32_t segment);
std::string thread(base::account_id, std::uint32_t generation, std::uint64_t hash);
std::string threads(base::account_id, std::uint32_t generation);
std::string delivered(std::uint64_t sequence);
std::string reader_seen(base::account_id, base::mailbox_id, base::account_id reader);
/// All entries of a reader, or the one with this name.
std::string metadata(base::account_id, base::mailbox_id, base::account_id reader, std::string_view name = {});
std::string share(std::string_view who, base::account_id, base::mailbox_id);
std::string all(family);

} // namespace key
} // namespace rookery::storage::mail
