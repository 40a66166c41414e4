#include "storage/queue/spool_store.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <mutex>

namespace rookery::storage::queue {
namespace {

constexpr std::uint8_t counts_version = 1;

// Big-endian, so that keys sort as numbers.
template <class T>
void append_number(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(static_cast<unsigned char>(value >> shift)));
}

template <class T>
T read_number(std::string_view octets) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) value = static_cast<T>(value << 8 | static_cast<unsigned char>(octets[i]));
  return value;
}

std::string behind(std::string prefix) {
  prefix.back() = static_cast<char>(prefix.back() + 1); // prefixes end with a letter of ours
  return prefix;
}

std::string encode_record(const message_record& m) {
  std::string out;
  base::encoder e(out);
  e.u8(envelope_version);
  encode_head(m.head, e);
  e.varint(m.recipients);
  e.varint(m.waiting);
  for (const auto& r : m.head.recipients) encode_recipient(r, e);
  return out;
}

std::string encode_page(const std::vector<recipient>& recipients) {
  std::string out;
  base::encoder e(out);
  e.u8(envelope_version);
  for (const auto& r : recipients) encode_recipient(r, e);
  return out;
}

std::string encode_counts(const queue_counts& c) {
  std::string out;
  base::encoder e(out);
  e.u8(counts_version);
  e.varint(c.messages);
  e.varint(c.held);
  e.varint(c.recipients);
  e.varint(c.octets);
  return out;
}

std::string_view domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view{} : address.substr(at + 1);
}

bool contains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return base::iequals({&a, 1}, {&b, 1}); }) != text.end();
}

bool matches(const spool_filter& wanted, const envelope& m) {
  if (!wanted.queue.empty() && !base::iequals(wanted.queue, m.queue)) return false;
  if (wanted.held && *wanted.held != m.held) return false;
  if (wanted.received_from != base::wall_time{} && m.received < wanted.received_from) return false;
  if (wanted.received_before != base::wall_time{} && m.received >= wanted.received_before) return false;
  if (wanted.sender == "<>" ? !m.sender.empty() : !wanted.sender.empty() && !base::iequals(wanted.sender, m.sender)) return false;
  if (!wanted.sender_domain.empty() && !base::iequals(wanted.sender_domain, domain_of(m.sender))) return false;
  const auto any = [&](const auto& has) { return std::any_of(m.recipients.begin(), m.recipients.end(), has); };
  const auto waits = [](const recipient& r) { return r.state == recipient_state::waiting; };
  if (!wanted.reason.empty() && !contains(m.held_because, wanted.reason) &&
      !any([&](const recipient& r) { return waits(r) && contains(r.last_answer, wanted.reason); }))
    return false;
  if (wanted.recipient.empty() && wanted.domain.empty()) return true;
  return any([&](const recipient& r) {
    if (!wanted.recipient.empty() && !base::iequals(wanted.recipient, r.address)) return false;
    return wanted.domain.empty() || (waits(r) && base::iequals(wanted.domain, domain_of(r.address)));
  });
}

} // namespace

void read_message_record(std::string_view octets, message_record& m) {
  base::decoder d(octets);
  const auto version = d.u8();
  base::check(version > 0 && version <= envelope_version, "a spool record is of a version that this program knows");
  bool good = decode_head(d, m.head, version);
  m.recipients = static_cast<std::uint32_t>(d.varint());
  m.waiting = static_cast<std::uint32_t>(d.varint());
  good = good && d.ok() && m.recipients <= recipients_max;
  if (good) m.head.recipients.resize(std::min<std::size_t>(m.recipients, recipients_a_page));
  for (auto& r : m.head.recipients) good = good && decode_recipient(d, r, version);
  base::check(good && d.done(), "a spool record is whole");
}

message_record read_message_record(std::string_view octets) {
  message_record m;
  read_message_record(octets, m);
  return m;
}

std::string message_key(base::message_id id) {
  std::string key = "m";
  append_number(key, id.value);
  return key;
}

std::string page_key(base::message_id id, std::uint32_t number) {
  std::string key = "r";
  append_number(key, id.value);
  append_number(key, number);
  return key;
}

std::string body_key(std::uint32_t segment, std::uint32_t offset, base::message_id id) {
  std::string key = "b";
  append_number(key, segment);
  append_number(key, offset);
  append_number(key, id.value);
  return key;
}

std::optional<body_place> read_body_key(std::string_view key) {
  if (key.size() != 17 || key[0] != 'b') return {};
  return body_place{read_number<std::uint32_t>(key.substr(1)), read_number<std::uint32_t>(key.substr(5)),
                    base::message_id(read_number<std::uint64_t>(key.substr(9)))};
}

// Reading.

std::optional<std::string> spool_store::get(std::string_view key) const {
  {
    const std::shared_lock hold(lock_);
    const auto found = pending_.find(key);
    if (found != pending_.end()) return found->second.value;
  }
  auto value = tree_->get(key);
  base::check(value.ok(), "the spool's tree can be read");
  return std::move(*value);
}

// What waits to be flushed is copied first: a row flushed meanwhile is then seen in the tree, or in
// the copy, or in both with the same value.
void spool_store::scan(std::string_view prefix, std::string from,
                       const std::function<bool(std::string_view, std::string_view)>& each) const {
  static constexpr std::size_t copied_max = 1024;
  const auto end = behind(std::string(prefix.substr(0, 1)));
  from = std::max(from, std::string(prefix));
  const auto wanted = [&](std::string_view key) { return key.starts_with(prefix); };
  bool more = true;
  while (more) {
    std::vector<std::pair<std::string, std::optional<std::string>>> fresh;
    auto until = end;
    {
      const std::shared_lock hold(lock_);
      for (auto i = pending_.lower_bound(from); i != pending_.end() && i->first < end; ++i) {
        if (fresh.size() == copied_max) {
          until = i->first;
          break;
        }
        fresh.emplace_back(i->first, i->second.value);
      }
    }
    auto next = fresh.begin();
    const auto give = [&](std::string_view key, std::string_view value) {
      more = wanted(key) && each(key, value);
      return more;
    };
    const auto give_fresh_before = [&](std::string_view key) {
      for (; more && next != fresh.end() && next->first < key; ++next)
        if (next->second) give(next->first, *next->second);
    };
    auto done = tree_->scan(from, until, [&](std::string_view key, std::string_view value) {
      give_fresh_before(key);
      if (!more) return false;
      if (next != fresh.end() && next->first == key) {
        if (next->second) give(key, *next->second);
        ++next;
      } else {
        give(key, value);
      }
      return more;
    });
    base::check(done.ok(), "the spool's tree can be read");
    if (more) give_fresh_before(until);
    more = more && until != end;
    from = until;
  }
}

// A new id is looked for by everything that brings it. LevelDB would look into each level for it, and move
// levels about for having been asked in vain.
std::optional<message_record> spool_store::message(base::message_id id) const {
  const auto key = message_key(id);
  std::optional<std::string> octets;
  {
    const std::shared_lock hold(lock_);
    const auto found = pending_.find(key);
    if (found != pending_.end()) octets = found->second.value;
    if (found != pending_.end() ? !octets : id.value > newest_) return {};
  }
  if (!octets) octets = get(key);
  if (!octets) return {};
  return read_message_record(*octets);
}

std::vector<recipient> spool_store::page(base::message_id id, std::uint32_t number) const {
  std::vector<recipient> out;
  const auto octets = get(page_key(id, number));
  if (!octets) return out;
  base::decoder d(*octets);
  const auto version = d.u8();
  base::check(version > 0 && version <= envelope_version, "a spool page is of a version that this program knows");
  while (!d.rest().empty()) base::check(decode_recipient(d, out.emplace_back(), version), "a spool page is whole");
  return out;
}

void spool_store::complete(message_record& m) const {
  for (std::uint32_t number = 1; m.head.recipients.size() < m.recipients; ++number) {
    auto more = page(m.head.id, number);
    if (more.empty()) break; // removed meanwhile, by the owner's thread
    std::move(more.begin(), more.end(), std::back_inserter(m.head.recipients));
  }
}

envelope spool_store::whole(message_record m) const {
  complete(m);
  return std::move(m.head);
}

std::optional<envelope> spool_store::find(base::message_id id) const {
  auto m = message(id);
  if (!m) return {};
  return whole(std::move(*m));
}

spool_page spool_store::list(const spool_filter& wanted, base::message_id from, std::size_t max,
                             std::size_t looked_at_max) const {
  spool_page out;
  std::size_t looked_at = 0;
  scan("m", message_key(from), [&](std::string_view key, std::string_view value) {
    if (out.messages.size() == max || looked_at == looked_at_max) {
      out.next = base::message_id(read_number<std::uint64_t>(key.substr(1)));
      return false;
    }
    ++looked_at;
    auto m = whole(read_message_record(value));
    if (matches(wanted, m)) out.messages.push_back(std::move(m));
    return true;
  });
  return out;
}

void spool_store::for_each(base::message_id from, const std::function<bool(const envelope&)>& each) const {
  message_record m; // one for all: its strings keep their memory
  scan("m", message_key(from), [&](std::string_view, std::string_view value) {
    read_message_record(value, m);
    complete(m);
    return each(m.head);
  });
}

std::optional<queue::note> spool_store::note(std::string_view space, std::string_view key) const { return find_note(*this, space, key); }

std::vector<queue::note> spool_store::notes(std::string_view space, std::string_view prefix, std::size_t max,
                                     std::string_view after) const {
  return list_notes(*this, space, prefix, max, after);
}

std::vector<queue_counts> spool_store::counts() const {
  const std::shared_lock hold(lock_);
  std::vector<queue_counts> out;
  for (const auto& [name, c] : counts_)
    if (c.messages > 0) out.push_back(c);
  return out;
}

// Changing.

void spool_store::put(std::string key, std::optional<std::string> value, bool fresh) {
  const std::unique_lock hold(lock_);
  auto [place, added] = pending_.try_emplace(std::move(key));
  auto& [name, row] = *place;
  if (added) row.fresh = fresh;
  else pending_octets_ -= octets_of(name, row);
  if (!value && row.fresh) {
    pending_.erase(place);
    return;
  }
  row.value = std::move(value);
  pending_octets_ += octets_of(name, row);
}

void spool_store::put(std::string key, std::optional<std::string> value) { put(std::move(key), std::move(value), false); }
void spool_store::put_new(std::string key, std::string value) { put(std::move(key), std::move(value), true); }
void spool_store::put(const message_record& m) { put(message_key(m.head.id), encode_record(m)); }
void spool_store::put_new(const message_record& m) { put_new(message_key(m.head.id), encode_record(m)); }

void spool_store::put_page(base::message_id id, std::uint32_t number, const std::vector<recipient>& recipients) {
  put(page_key(id, number), encode_page(recipients));
}
void spool_store::put_new_page(base::message_id id, std::uint32_t number, const std::vector<recipient>& recipients) {
  put_new(page_key(id, number), encode_page(recipients));
}

void spool_store::remove(const message_record& m) {
  put(message_key(m.head.id), std::nullopt);
  for (std::uint32_t number = 1; number * recipients_a_page < m.recipients; ++number) put(page_key(m.head.id, number), std::nullopt);
  remove_body(m.head.id, m.head.content);
}

void spool_store::add_body(base::message_id id, const body_ref& b) { put_new(body_key(b.segment, b.offset, id), std::string()); }
void spool_store::remove_body(base::message_id id, const body_ref& b) {
  put(body_key(b.segment, b.offset, id), std::nullopt);
  lost_bodies_[b.segment] += b.length;
}

void spool_store::count(const message_record* before, const message_record* after) {
  const auto change = [this](const message_record& m, std::uint64_t sign) { // 1, or its negative modulo 2^64
    std::string row;
    {
      const std::unique_lock hold(lock_);
      auto& c = counts_[m.head.queue];
      c.queue = m.head.queue;
      c.messages += sign;
      c.held += m.head.held ? sign : 0;
      c.recipients += sign * m.waiting;
      c.octets += sign * m.head.octets();
      if (c.messages > 0) row = encode_counts(c);
    }
    put("q" + m.head.queue, row.empty() ? std::nullopt : std::optional(std::move(row)));
  };
  if (before != nullptr) change(*before, ~std::uint64_t{0});
  if (after != nullptr) change(*after, 1);
}

void spool_store::load_counts() {
  std::map<std::string, queue_counts> loaded;
  scan("q", "q", [&](std::string_view key, std::string_view value) {
    queue_counts c;
    c.queue = key.substr(1);
    base::decoder d(value);
    const auto version = d.u8();
    c.messages = d.varint();
    c.held = d.varint();
    c.recipients = d.varint();
    c.octets = d.varint();
    base::check(version == counts_version && d.done(), "the counts of a queue are whole");
    loaded.emplace(c.queue, c);
    return true;
  });
  const std::unique_lock hold(lock_);
  counts_ = std::move(loaded);
}

std::uint64_t spool_store::messages() const {
  const std::shared_lock hold(lock_);
  std::uint64_t sum = 0;
  for (const auto& [name, c] : counts_) sum += c.messages;
  return sum;
}

base::result<void> spool_store::flush(bool durable, base::message_id last) {
  newest_ = std::max(newest_.load(), last.value); // before a reader can miss it among what waits
  tree::batch batch;
  for (const auto& [key, row] : pending_) { // only this thread changes it
    if (row.value) batch.put(key, *row.value);
    else batch.remove(key);
  }
  if (auto done = tree_->write(batch, durable); !done) return done;
  const std::unique_lock hold(lock_);
  pending_.clear();
  pending_octets_ = 0;
  return {};
}

} // namespace rookery::storage::queue
