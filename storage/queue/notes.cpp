#include "storage/queue/notes.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"
#include "base/text.hpp"
#include "storage/queue/spool_store.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace rookery::storage::queue {
namespace {

constexpr std::uint8_t note_version = 1;

command_result said(outcome what, std::uint64_t number = 0) {
  command_result r;
  r.what = what;
  r.number = number;
  return r;
}

bool good_name(std::string_view space, std::string_view key) {
  return !space.empty() && space.size() <= note_space_octets_max && key.size() <= note_key_octets_max &&
         std::all_of(space.begin(), space.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

// No space has a zero octet: it ends the name.
std::string note_key(std::string_view space, std::string_view key) {
  std::string out = "n";
  out.append(space).push_back('\0');
  return out.append(key);
}

std::string until_key(base::wall_time until, std::string_view space, std::string_view key) {
  std::string out = "t";
  const auto ms = static_cast<std::uint64_t>(base::to_milliseconds(until));
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(static_cast<unsigned char>(ms >> shift)));
  out.append(space).push_back('\0');
  return out.append(key);
}

bool has_end(const note& n) { return n.until > base::wall_time{}; }

std::string encode_note(const note& n) {
  std::string out;
  base::encoder e(out);
  e.u8(note_version);
  e.i64(base::to_milliseconds(n.until));
  out.append(n.value);
  return out;
}

note read_note(std::string_view key, std::string_view record) {
  base::decoder d(record);
  const auto version = d.u8();
  note n;
  n.key = key;
  n.until = base::from_milliseconds(d.i64());
  base::check(d.ok() && version == note_version, "a note is of a version that this program knows");
  n.value = d.rest();
  return n;
}

} // namespace

std::optional<note> find_note(const spool_store& store, std::string_view space, std::string_view key) {
  const auto record = store.get(note_key(space, key));
  if (!record) return {};
  return read_note(key, *record);
}

std::vector<note> list_notes(const spool_store& store, std::string_view space, std::string_view prefix, std::size_t max,
                             std::string_view after) {
  std::vector<note> out;
  if (max == 0) return out;
  const auto start = note_key(space, prefix);
  const auto name_octets = note_key(space, {}).size();
  const auto from = after.empty() ? start : std::max(start, note_key(space, after) + '\0');
  store.scan(start, from, [&](std::string_view key, std::string_view record) {
    out.push_back(read_note(key.substr(name_octets), record));
    return out.size() < max;
  });
  return out;
}

void note_book::remove(std::string_view space, const note& old) {
  store_.put(note_key(space, old.key), std::nullopt);
  if (has_end(old)) store_.put(until_key(old.until, space, old.key), std::nullopt);
  --notes_;
  octets_ -= old.key.size() + old.value.size();
  if (const auto at = bounded_.find(space); at != bounded_.end()) at->second.erase(old.key);
}

std::set<std::string>& note_book::keys_of(std::string_view space) {
  const auto at = bounded_.find(space);
  if (at != bounded_.end()) return at->second;
  auto& keys = bounded_[std::string(space)];
  const auto prefix = note_key(space, {});
  store_.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    keys.emplace_hint(keys.end(), key.substr(prefix.size()));
    return true;
  });
  return keys;
}

void note_book::keep_last(std::string_view space, std::uint64_t max) {
  auto& keys = keys_of(space);
  while (keys.size() > max) {
    const auto oldest = find_note(store_, space, *keys.begin());
    base::check(oldest.has_value(), "the keys of a bounded space are those of its notes");
    remove(space, *oldest);
  }
}

command_result note_book::put(const put_note& c) {
  if (!good_name(c.space, c.key) || c.value.size() > note_value_octets_max) return said(outcome::malformed);
  // Of a bounded space it is known what there is: the store is not asked for what is new.
  const auto bounded = bounded_.find(c.space);
  const auto old = bounded != bounded_.end() && !bounded->second.contains(c.key) ? std::nullopt : find_note(store_, c.space, c.key);
  if (old && old->value == c.value && old->until == c.until) return said(outcome::already_done);
  const auto before = old ? old->key.size() + old->value.size() : 0;
  const auto after = c.key.size() + c.value.size();
  if ((!old && notes_ >= notes_max_) || octets_ - before + after > octets_max_) return said(outcome::over_limit);
  if (old) remove(c.space, *old);
  const note fresh{c.key, c.value, c.until};
  const auto put = [&](std::string key, std::string value) {
    if (old) store_.put(std::move(key), std::move(value));
    else store_.put_new(std::move(key), std::move(value));
  };
  put(note_key(c.space, c.key), encode_note(fresh));
  if (has_end(fresh)) put(until_key(c.until, c.space, c.key), std::string());
  ++notes_;
  octets_ += after;
  if (bounded != bounded_.end()) bounded->second.insert(c.key);
  if (c.of_space_max != 0) keep_last(c.space, c.of_space_max);
  return said(outcome::done);
}

command_result note_book::count(const count_note& c) {
  if (!good_name(c.space, c.key)) return said(outcome::malformed);
  std::uint64_t sum = 0;
  if (const auto old = find_note(store_, c.space, c.key)) {
    const auto number = base::parse_u64(old->value);
    if (!number) return said(outcome::malformed);
    sum = *number;
  }
  sum += c.by;
  auto done = put({c.space, c.key, std::to_string(sum), c.until, 0});
  if (done.what == outcome::done || done.what == outcome::already_done) done = said(outcome::done, sum);
  return done;
}

command_result note_book::drop(const drop_note& c) {
  if (!good_name(c.space, c.key)) return said(outcome::malformed);
  const auto old = find_note(store_, c.space, c.key);
  if (!old) return said(outcome::no_such_record);
  remove(c.space, *old);
  return said(outcome::done);
}

command_result note_book::drop_before(base::wall_time now) {
  std::vector<std::pair<std::string, std::string>> names;
  const auto end = until_key(now + std::chrono::milliseconds(1), {}, {}).substr(0, 9);
  store_.scan("t", "t", [&](std::string_view key, std::string_view) {
    if (key >= end || names.size() == dropped_notes_max) return false;
    const auto name = key.substr(9);
    const auto zero = name.find('\0');
    base::check(key.size() > 9 && zero != std::string_view::npos, "the index of notes by their end is whole");
    names.emplace_back(name.substr(0, zero), name.substr(zero + 1));
    return true;
  });
  for (const auto& [space, key] : names) {
    const auto old = find_note(store_, space, key);
    base::check(old.has_value(), "the index of notes names a note");
    remove(space, *old);
  }
  return said(outcome::done, names.size());
}

std::vector<std::string> note_book::check() const {
  std::vector<std::string> faults;
  std::uint64_t notes = 0, octets = 0;
  std::set<std::string> ends;
  store_.scan("n", "n", [&](std::string_view key, std::string_view record) {
    const auto zero = key.find('\0');
    if (zero == std::string_view::npos) {
      faults.push_back("spool: a note has no space");
      return true;
    }
    const auto name = key.substr(zero + 1);
    try {
      const auto n = read_note(name, record);
      ++notes;
      octets += n.key.size() + n.value.size();
      if (has_end(n)) ends.insert(until_key(n.until, key.substr(1, zero - 1), name));
    } catch (const base::broken& why) {
      faults.push_back("spool: " + std::string(why.what()));
    }
    return true;
  });
  std::uint64_t indexed = 0;
  store_.scan("t", "t", [&](std::string_view key, std::string_view) {
    ++indexed;
    if (ends.count(std::string(key)) == 0) faults.push_back("spool: the index of notes names one that is not there");
    return true;
  });
  if (indexed < ends.size()) faults.push_back("spool: the index of notes is incomplete");
  if (notes != notes_ || octets != octets_) faults.push_back("spool: the counts of notes are wrong");
  return faults;
}

} // namespace rookery::storage::queue
