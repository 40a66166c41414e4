#include "storage/mail/command.hpp"

#include "base/codec.hpp"

#include <algorithm>

namespace rookery::storage::mail {
namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::uint8_t unseen_version = 2; // of expunge: with `unseen_only`
constexpr std::uint8_t keep_version = 3;   // of expunge and delete_mailbox: with `keep`
/// Of a command with what a guest's has more: its fields stand at the end.
constexpr std::uint8_t guest_version = 2;

/// Stored: never renumber.
enum class command_type : std::uint8_t {
  create_mailbox = 1,
  delete_mailbox = 2,
  rename_mailbox = 3,
  subscribe = 4,
  set_special_use = 5,
  append = 6,
  deliver = 7,
  store_flags = 8,
  expunge = 9,
  copy_messages = 10,
  move_messages = 11,
  drop_account = 12,
  relocate_body = 13,
  set_rights = 14,
  set_seen_mode = 15,
  set_metadata = 16,
  begin_account = 17,
  restore_messages = 18,
  replace_message = 24
};

template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

void put(base::encoder& out, const flag_set& flags) {
  out.varint(flags.system);
  out.varint(flags.keywords.size());
  for (const auto& keyword : flags.keywords) out.bytes(keyword);
}

void put(base::encoder& out, const uid_ranges& ranges) {
  out.varint(ranges.size());
  std::uint32_t before = 0;
  for (const auto& [first, last] : ranges) {
    out.varint(first - before);
    out.varint(last - first);
    before = last;
  }
}

void put(base::encoder& out, const message_summary& summary) {
  out.bytes(summary.envelope);
  out.bytes(summary.bodystructure);
  out.bytes(summary.body);
  out.bytes(summary.parts);
  out.bytes(summary.sort_keys);
  out.bytes(summary.preview);
  out.varint(summary.header_octets);
  out.bytes(summary.thread_key);
}

void put(base::encoder& out, const new_message& message) {
  out.bytes(message.prefix);
  out.i64(base::to_milliseconds(message.internal_date));
  put(out, message.flags);
  put(out, message.summary);
}

/// Reads fields; a count that the remaining octets cannot hold fails before anything is reserved.
class reader {
public:
  explicit reader(std::string_view in) : in_(in) {}

  base::decoder& raw() { return in_; }
  bool failed() const { return failed_ || !in_.ok(); }
  bool done() const { return !failed_ && in_.done(); }
  std::string text() { return std::string(in_.bytes()); }
  std::uint32_t u32() {
    const auto v = in_.varint();
    if (v > 0xffffffffu) failed_ = true;
    return static_cast<std::uint32_t>(v);
  }
  base::mailbox_id mailbox() { return base::mailbox_id{u32()}; }
  /// The reading has failed.
  template <class T>
  T spoil() {
    failed_ = true;
    return {};
  }
  /// An account, not 0.
  base::account_id somebody() {
    const base::account_id who{in_.varint()};
    return who ? who : spoil<base::account_id>();
  }
  bool yes() {
    const auto v = in_.u8();
    if (v > 1) failed_ = true;
    return v == 1;
  }
  std::size_t count(std::size_t octets_each) {
    const auto n = in_.varint();
    if (!in_.ok() || n > in_.rest().size() / octets_each) {
      failed_ = true;
      return 0;
    }
    return static_cast<std::size_t>(n);
  }
  flag_set flags() {
    flag_set out;
    out.system = in_.varint();
    if ((out.system & ~flag::system_mask) != 0) failed_ = true;
    const auto n = count(1);
    out.keywords.reserve(n);
    for (std::size_t i = 0; i < n && !failed(); ++i) out.keywords.push_back(text());
    return out;
  }
  uid_ranges ranges() {
    uid_ranges out;
    const auto n = count(2);
    out.reserve(n);
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < n && !failed(); ++i) {
      const auto gap = in_.varint();
      const auto length = in_.varint();
      if (gap > 0xffffffffu || length > 0xffffffffu || (i > 0 && gap == 0)) failed_ = true;
      const auto first = before + gap;
      const auto last = first + length;
      if (last > 0xffffffffu) failed_ = true;
      out.emplace_back(static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last));
      before = last;
    }
    return out;
  }
  message_summary summary() {
    message_summary out;
    out.envelope = text();
    out.bodystructure = text();
    out.body = text();
    out.parts = text();
    out.sort_keys = text();
    out.preview = text();
    out.header_octets = u32();
    out.thread_key = text();
    return out;
  }
  new_message message() {
    new_message out;
    out.prefix = text();
    out.internal_date = base::from_milliseconds(in_.i64());
    out.flags = flags();
    out.summary = summary();
    return out;
  }

private:
  base::decoder in_;
  bool failed_ = false;
};

/// What a message at least occupies: six columns, prefix, thread key and counts.
constexpr std::size_t message_octets_min = 19;

bool has_guest_version(command_type type) {
  return type == command_type::append || type == command_type::store_flags || type == command_type::copy_messages ||
         type == command_type::move_messages;
}

/// What a guest's copy keeps; "all" would be version 1.
std::uint8_t read_keep(reader& in) {
  const auto keep = in.raw().u8();
  return keep < keep_flags::all ? keep : in.spoil<std::uint8_t>();
}

std::optional<any_command> read_fields(command_type type, std::uint8_t version, reader& in) {
  const bool guest = version == guest_version;
  switch (type) {
  case command_type::create_mailbox: {
    create_mailbox c;
    c.name = in.text();
    c.special_use = in.text();
    return c;
  }
  case command_type::delete_mailbox: {
    delete_mailbox c{in.text()};
    if (version == keep_version) c.keep = in.yes();
    return c;
  }
  case command_type::rename_mailbox: {
    rename_mailbox c;
    c.from = in.text();
    c.to = in.text();
    return c;
  }
  case command_type::subscribe: {
    subscribe c;
    c.name = in.text();
    c.on = in.yes();
    return c;
  }
  case command_type::set_special_use: {
    set_special_use c;
    c.name = in.text();
    c.special_use = in.text();
    return c;
  }
  case command_type::append: {
    append c;
    c.mailbox = in.mailbox();
    const auto n = in.count(message_octets_min);
    for (std::size_t i = 0; i < n && !in.failed(); ++i) c.messages.push_back(in.message());
    if (guest) c.reader = in.somebody();
    return c;
  }
  case command_type::deliver: {
    deliver c;
    c.folder = in.text();
    c.create = in.yes();
    c.origin = in.raw().u64();
    c.recipient = in.u32();
    c.message = in.message();
    return c;
  }
  case command_type::store_flags: {
    store_flags c;
    c.mailbox = in.mailbox();
    c.uids = in.ranges();
    const auto change = in.raw().u8();
    if (change > 2) return std::nullopt;
    c.change = static_cast<flag_change>(change);
    c.flags = in.flags();
    if (in.yes()) c.unchanged_since = in.raw().varint();
    if (guest) {
      c.reader = in.somebody();
      c.may = in.raw().u8();
      if (c.may > keep_flags::all) return std::nullopt;
    }
    return c;
  }
  case command_type::expunge: {
    expunge c;
    c.mailbox = in.mailbox();
    if (in.yes()) c.uids = in.ranges();
    c.even_undeleted = in.yes();
    if (version != format_version) c.unseen_only = in.yes();
    if (version == keep_version) c.keep = in.yes();
    return c;
  }
  case command_type::copy_messages: {
    copy_messages c;
    c.from = in.mailbox();
    c.to = in.mailbox();
    c.uids = in.ranges();
    if (guest) c.keep = read_keep(in);
    return c;
  }
  case command_type::move_messages: {
    move_messages c;
    c.from = in.mailbox();
    c.to = in.mailbox();
    c.uids = in.ranges();
    if (guest) c.keep = read_keep(in);
    return c;
  }
  case command_type::drop_account: return drop_account{};
  case command_type::relocate_body: {
    relocate_body c;
    c.old_segment = in.u32();
    c.old_offset = in.u32();
    return c;
  }
  case command_type::replace_message: {
    replace_message c;
    c.from = in.mailbox();
    c.to = in.mailbox();
    c.uid = in.u32();
    c.message = in.message();
    return c;
  }
  case command_type::begin_account: {
    begin_account c;
    const auto n = in.count(3);
    for (std::size_t i = 0; i < n && !in.failed(); ++i) {
      auto& m = c.mailboxes.emplace_back();
      m.name = in.text();
      m.special_use = in.text();
      m.subscribed = in.yes();
    }
    return c;
  }
  case command_type::restore_messages: {
    restore_messages c;
    c.mailbox = in.text();
    c.uids = in.ranges();
    return c;
  }
  case command_type::set_rights: {
    set_rights c;
    c.mailbox = in.mailbox();
    c.who = in.text();
    const auto how = in.raw().u8();
    if (how > 2) return std::nullopt;
    c.how = static_cast<rights_step>(how);
    c.rights = in.u32();
    return c;
  }
  case command_type::set_seen_mode: {
    set_seen_mode c;
    c.mailbox = in.mailbox();
    c.per_reader = in.yes();
    return c;
  }
  case command_type::set_metadata: {
    set_metadata c;
    c.mailbox = in.mailbox();
    c.reader = base::account_id{in.raw().varint()};
    const auto n = in.count(3);
    for (std::size_t i = 0; i < n && !in.failed(); ++i) {
      auto& change = c.changes.emplace_back();
      change.name = in.text();
      change.own = in.yes();
      if (in.yes()) change.value = in.text();
    }
    return c;
  }
  }
  return std::nullopt;
}

} // namespace

std::string encode(const command& c) {
  std::string octets;
  base::encoder out(octets);
  const auto head = [&](command_type type, std::uint8_t version = format_version) {
    out.u8(static_cast<std::uint8_t>(type));
    out.u8(version);
    out.varint(c.account.value);
    out.i64(base::to_milliseconds(c.time));
  };
  const auto place = [&](base::mailbox_id mailbox) { out.varint(mailbox.value); };
  const auto yes = [&](bool v) { out.u8(v ? 1 : 0); };
  const auto transfer = [&](command_type type, const auto& v) {
    const bool guest = v.keep != keep_flags::all;
    head(type, guest ? guest_version : format_version);
    place(v.from);
    place(v.to);
    put(out, v.uids);
    if (guest) out.u8(v.keep);
  };
  std::visit(overloaded{
                 [&](const create_mailbox& v) {
                   head(command_type::create_mailbox);
                   out.bytes(v.name);
                   out.bytes(v.special_use);
                 },
                 [&](const delete_mailbox& v) {
                   head(command_type::delete_mailbox, v.keep ? keep_version : format_version);
                   out.bytes(v.name);
                   if (v.keep) yes(true);
                 },
                 [&](const rename_mailbox& v) {
                   head(command_type::rename_mailbox);
                   out.bytes(v.from);
                   out.bytes(v.to);
                 },
                 [&](const subscribe& v) {
                   head(command_type::subscribe);
                   out.bytes(v.name);
                   yes(v.on);
                 },
                 [&](const set_special_use& v) {
                   head(command_type::set_special_use);
                   out.bytes(v.name);
                   out.bytes(v.special_use);
                 },
                 [&](const append& v) {
                   head(command_type::append, v.reader ? guest_version : format_version);
                   place(v.mailbox);
                   out.varint(v.messages.size());
                   for (const auto& message : v.messages) put(out, message);
                   if (v.reader) out.varint(v.reader.value);
                 },
                 [&](const deliver& v) {
                   const auto& s = v.message.summary;
                   octets.reserve(128 + v.folder.size() + v.message.prefix.size() + s.envelope.size() +
                                  s.bodystructure.size() + s.body.size() + s.parts.size() + s.sort_keys.size() +
                                  s.preview.size() + s.thread_key.size());
                   head(command_type::deliver);
                   out.bytes(v.folder);
                   yes(v.create);
                   out.u64(v.origin);
                   out.varint(v.recipient);
                   put(out, v.message);
                 },
                 [&](const store_flags& v) {
                   head(command_type::store_flags, v.reader ? guest_version : format_version);
                   place(v.mailbox);
                   put(out, v.uids);
                   out.u8(static_cast<std::uint8_t>(v.change));
                   put(out, v.flags);
                   yes(v.unchanged_since.has_value());
                   if (v.unchanged_since) out.varint(*v.unchanged_since);
                   if (!v.reader) return;
                   out.varint(v.reader.value);
                   out.u8(v.may);
                 },
                 [&](const expunge& v) {
                   head(command_type::expunge, v.keep ? keep_version : v.unseen_only ? unseen_version : format_version);
                   place(v.mailbox);
                   yes(v.uids.has_value());
                   if (v.uids) put(out, *v.uids);
                   yes(v.even_undeleted);
                   if (v.unseen_only || v.keep) yes(v.unseen_only);
                   if (v.keep) yes(true);
                 },
                 [&](const copy_messages& v) { transfer(command_type::copy_messages, v); },
                 [&](const move_messages& v) { transfer(command_type::move_messages, v); },
                 [&](const drop_account&) { head(command_type::drop_account); },
                 [&](const relocate_body& v) {
                   head(command_type::relocate_body);
                   out.varint(v.old_segment);
                   out.varint(v.old_offset);
                 },
                 [&](const replace_message& v) {
                   head(command_type::replace_message);
                   place(v.from);
                   place(v.to);
                   out.varint(v.uid);
                   put(out, v.message);
                 },
                 [&](const begin_account& v) {
                   head(command_type::begin_account);
                   out.varint(v.mailboxes.size());
                   for (const auto& m : v.mailboxes) {
                     out.bytes(m.name);
                     out.bytes(m.special_use);
                     yes(m.subscribed);
                   }
                 },
                 [&](const restore_messages& v) {
                   head(command_type::restore_messages);
                   out.bytes(v.mailbox);
                   put(out, v.uids);
                 },
                 [&](const set_rights& v) {
                   head(command_type::set_rights);
                   place(v.mailbox);
                   out.bytes(v.who);
                   out.u8(static_cast<std::uint8_t>(v.how));
                   out.varint(v.rights);
                 },
                 [&](const set_seen_mode& v) {
                   head(command_type::set_seen_mode);
                   place(v.mailbox);
                   yes(v.per_reader);
                 },
                 [&](const set_metadata& v) {
                   head(command_type::set_metadata);
                   place(v.mailbox);
                   out.varint(v.reader.value);
                   out.varint(v.changes.size());
                   for (const auto& change : v.changes) {
                     out.bytes(change.name);
                     yes(change.own);
                     yes(change.value.has_value());
                     if (change.value) out.bytes(*change.value);
                   }
                 },
             },
             c.what);
  return octets;
}

base::result<command> decode_command(std::string_view payload) {
  const auto malformed = [] {
    return base::fail(base::error_kind::invalid, "Command cannot be read", "mail command: malformed or of a newer version");
  };
  reader in(payload);
  const auto type = static_cast<command_type>(in.raw().u8());
  const auto version = in.raw().u8();
  command out;
  out.account = base::account_id{in.raw().varint()};
  out.time = base::from_milliseconds(in.raw().i64());
  const bool known = version == format_version || (version == unseen_version && type == command_type::expunge) ||
                     (version == keep_version && (type == command_type::expunge || type == command_type::delete_mailbox)) ||
                     (version == guest_version && has_guest_version(type));
  if (in.failed() || !known) return malformed();
  auto what = read_fields(type, version, in);
  if (!what || !in.done()) return malformed();
  out.what = std::move(*what);
  return out;
}

std::optional<base::account_id> account_of_arrival(std::string_view payload) {
  base::decoder in(payload);
  const auto type = static_cast<command_type>(in.u8());
  const bool known = in.u8() == format_version;
  const base::account_id account{in.varint()};
  if (!in.ok() || !known || (type != command_type::append && type != command_type::deliver)) return std::nullopt;
  return account;
}

} // namespace rookery::storage::mail
