#include "cluster/consensus/consensus_log.hpp"

#include "base/codec.hpp"
#include "base/crc32c.hpp"
#include "cluster/consensus/message.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace rookery::consensus {
namespace {

constexpr std::string_view journal_magic = "RKCJ", snapshot_magic = "RKCS", frame_magic = "RKCF";
constexpr std::uint16_t format_version = 1;
constexpr std::size_t journal_octets_max = std::size_t{4} << 30;
constexpr std::size_t frame_head_octets = 4 + 4 + 8 + 4;
constexpr std::size_t journal_head_octets = 4 + 2 + 8 + 8;

enum class op : std::uint8_t { term = 1, vote = 2, append = 3, truncate = 4, state = 5 };

void print_entries(base::encoder& to, std::uint64_t first, const auto& entries) {
  to.varint(first);
  to.varint(entries.size());
  for (const entry& e : entries) {
    to.varint(e.term);
    to.u8(static_cast<std::uint8_t>(e.kind));
    to.bytes(e.octets);
  }
}

bool read_entries(base::decoder& in, std::uint64_t& first, std::deque<entry>& entries) {
  first = in.varint();
  const auto count = in.varint();
  if (!in.ok() || count > in.rest().size()) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    entry e;
    e.term = in.varint();
    const auto kind = in.u8();
    if (kind < 1 || kind > 3) return false;
    e.kind = static_cast<entry_kind>(kind);
    e.octets = in.bytes();
    if (!in.ok()) return false;
    entries.push_back(std::move(e));
  }
  return true;
}

std::string frame_around(std::uint64_t number, std::string_view payload) {
  std::string counted;
  base::encoder(counted).u64(number);
  std::string out(frame_magic);
  base::encoder to(out);
  to.u32(static_cast<std::uint32_t>(payload.size()));
  to.u64(number);
  to.u32(base::crc32c(payload, base::crc32c(counted)));
  out += payload;
  return out;
}

/// The payload of the whole frame at the front; nothing when it is not whole.
std::optional<std::string_view> frame_at(std::string_view octets, std::uint64_t& number) {
  if (octets.size() < frame_head_octets || !octets.starts_with(frame_magic)) return {};
  base::decoder in(octets.substr(4));
  const auto length = in.u32();
  number = in.u64();
  const auto sum = in.u32();
  if (length > octets.size() - frame_head_octets) return {};
  const auto payload = octets.substr(frame_head_octets, length);
  if (base::crc32c(payload, base::crc32c(octets.substr(8, 8))) != sum) return {};
  return payload;
}

std::string journal_head(std::uint64_t number, member_id self) {
  std::string out(journal_magic);
  base::encoder to(out);
  to.u16(format_version);
  to.u64(number);
  to.u64(self);
  return out;
}

std::string state_payload(std::uint64_t term, member_id vote, const snapshot_ptr& last, std::uint64_t first, const auto& entries) {
  std::string payload;
  base::encoder to(payload);
  to.u8(static_cast<std::uint8_t>(op::state));
  to.varint(term);
  to.varint(vote);
  to.varint(last ? last->index : 0);
  to.varint(last ? last->term : 0);
  print_entries(to, first, entries);
  return payload;
}

std::string snapshot_file(const snapshot& s) {
  std::string content;
  print(content, s);
  std::string out(snapshot_magic);
  base::encoder to(out);
  to.u16(format_version);
  to.u32(base::crc32c(content));
  return out + content;
}

std::string numbered(const char* what, std::uint64_t number) {
  char name[40];
  std::snprintf(name, sizeof name, "%s-%016llx", what, static_cast<unsigned long long>(number));
  return name;
}

base::failure<base::error> damaged(const std::string& what) {
  return base::fail(base::error_kind::damaged, "the log of the cluster's consensus is damaged",
                    what + "; this node must leave the cluster and join again with an empty log");
}

} // namespace

std::string consensus_log::journal_path(std::uint64_t number) const { return directory_ + '/' + numbered("journal", number); }
std::string consensus_log::snapshot_path(const snapshot& s) const {
  return directory_ + '/' + numbered("snapshot", s.index) + numbered("", s.term);
}

base::result<void> consensus_log::create(storage::file_system& files, const std::string& directory, member_id self, const durable_state& state) {
  if (auto made = files.make_directory(directory); !made) return made;
  auto names = files.list(directory);
  if (!names) return base::fail(names.error());
  for (const auto& name : *names)
    if (name.starts_with("journal-")) return base::fail(base::error_kind::exists, "this node has a log of a cluster already");
  consensus_log made(files, directory);
  made.self_ = self;
  made.term_ = state.term;
  made.vote_ = state.vote;
  made.last_ = state.last;
  made.first_ = state.first_index;
  made.entries_.assign(state.entries.begin(), state.entries.end());
  if (state.last)
    if (auto kept = files.replace(made.snapshot_path(*state.last), snapshot_file(*state.last)); !kept) return kept;
  return made.begin_journal(1);
}

base::result<std::unique_ptr<consensus_log>> consensus_log::open(storage::file_system& files, const std::string& directory) {
  auto names = files.list(directory);
  if (!names) return base::fail(base::error_kind::not_found, "this node has no log of a cluster", names.error().log.value);
  std::string newest; // names have numbers of one width
  for (const auto& name : *names)
    if (name.starts_with("journal-") && name.size() == 24 && name > newest) newest = name;
  if (newest.empty()) return base::fail(base::error_kind::not_found, "this node has no log of a cluster");
  std::unique_ptr<consensus_log> log(new consensus_log(files, directory));
  if (auto loaded = log->load(directory + '/' + newest); !loaded) return base::fail(loaded.error());
  log->forget_old_files();
  return log;
}

base::result<void> consensus_log::load(const std::string& path) {
  auto content = files_.read_all(path, journal_octets_max);
  if (!content) return base::fail(content.error());
  const std::string_view all = *content;
  base::decoder head(all.substr(0, std::min(all.size(), journal_head_octets)));
  if (!all.starts_with(journal_magic) || all.size() < journal_head_octets) return damaged(path + ": no journal");
  (void)head.u32();
  if (const auto version = head.u16(); version != format_version)
    return base::fail(base::error_kind::unsupported, path + " is of format " + std::to_string(version) + ", made by a newer rookery");
  number_ = head.u64();
  self_ = head.u64();
  std::size_t at = journal_head_octets;
  bool first = true;
  for (; at < all.size(); ++frame_) {
    std::uint64_t number = 0;
    const auto payload = frame_at(all.substr(at), number);
    if (!payload || number != frame_) {
      for (auto next = all.find(frame_magic, at + 1); next != std::string_view::npos; next = all.find(frame_magic, next + 1))
        if (std::uint64_t later = 0; frame_at(all.substr(next), later) && later > frame_)
          return damaged(path + ": damage at octet " + std::to_string(at) + ", in front of a whole frame at " + std::to_string(next));
      if (first) return damaged(path + ": damage in its first frame");
      break;
    }
    base::decoder in(*payload);
    while (in.ok() && !in.rest().empty()) {
      std::deque<entry> entries;
      std::uint64_t from = 0;
      const auto what = static_cast<op>(in.u8());
      if (first != (what == op::state)) return damaged(path + ": frames out of order");
      first = false;
      switch (what) {
      case op::term: apply(keep_term{in.varint()}); break;
      case op::vote: apply(keep_vote{in.varint()}); break;
      case op::truncate: apply(truncate_entries{in.varint()}); break;
      case op::append:
        if (!read_entries(in, from, entries) || from != first_ + entries_.size()) return damaged(path + ": entries out of order");
        std::move(entries.begin(), entries.end(), std::back_inserter(entries_));
        break;
      case op::state: {
        term_ = in.varint();
        vote_ = in.varint();
        snapshot named;
        named.index = in.varint();
        named.term = in.varint();
        if (!read_entries(in, first_, entries_)) return damaged(path + ": its first frame cannot be read");
        if (named.index == 0) break;
        auto kept = files_.read_all(snapshot_path(named), snapshot_octets_max + (1u << 20));
        if (!kept) return damaged(snapshot_path(named) + ": " + kept.error().log.value);
        base::decoder s(*kept);
        const bool known = kept->starts_with(snapshot_magic) && (s.u32(), s.u16()) == format_version;
        const auto sum = s.u32();
        auto read = known && s.ok() && base::crc32c(s.rest()) == sum ? read_snapshot(s.rest()) : std::nullopt;
        if (!read || read->index != named.index) return damaged(snapshot_path(named) + ": its checksum is wrong");
        last_ = std::make_shared<snapshot>(std::move(*read));
        break;
      }
      default: return damaged(path + ": an unknown record");
      }
    }
    if (!in.ok()) return damaged(path + ": a frame that cannot be read at octet " + std::to_string(at));
    at += frame_head_octets + payload->size();
  }
  auto opened = files_.open(path, storage::open_mode::write);
  if (!opened) return base::fail(opened.error());
  journal_ = std::move(*opened);
  end_ = at;
  if (at < all.size())
    if (auto cut = journal_->truncate(at); !cut) return cut;
  // What was read may not be on the disk yet: it is vouched for from now on.
  return journal_->sync();
}

void consensus_log::apply(const durable_write& w) {
  if (const auto* t = std::get_if<keep_term>(&w)) {
    term_ = t->term;
    vote_ = 0;
  } else if (const auto* v = std::get_if<keep_vote>(&w)) {
    vote_ = v->vote;
  } else if (const auto* a = std::get_if<append_entries>(&w)) {
    base::check(a->first == first_ + entries_.size(), "consensus entries with a gap");
    entries_.insert(entries_.end(), a->entries.begin(), a->entries.end());
  } else if (const auto* c = std::get_if<truncate_entries>(&w)) {
    while (!entries_.empty() && first_ + entries_.size() > c->from) entries_.pop_back();
  } else if (const auto* s = std::get_if<keep_snapshot>(&w)) {
    last_ = s->what;
    if (s->trailing == 0) entries_.clear();
    while (!entries_.empty() && first_ + s->trailing <= last_->index) {
      entries_.pop_front();
      ++first_;
    }
    if (entries_.empty()) first_ = last_->index + 1;
  }
}

base::result<void> consensus_log::begin_journal(std::uint64_t number) {
  const auto path = journal_path(number);
  const auto content = journal_head(number, self_) + frame_around(0, state_payload(term_, vote_, last_, first_, entries_));
  if (auto written = files_.replace(path, content); !written) return written;
  auto opened = files_.open(path, storage::open_mode::write);
  if (!opened) return base::fail(opened.error());
  journal_ = std::move(*opened);
  number_ = number;
  frame_ = 1;
  end_ = content.size();
  return {};
}

/// What the newest journal does not name. A file that stays because of an error is tried again next time.
void consensus_log::forget_old_files() {
  const auto names = files_.list(directory_);
  if (!names) return;
  const auto journal = numbered("journal", number_);
  const auto kept = last_ ? snapshot_path(*last_).substr(directory_.size() + 1) : std::string();
  for (const auto& name : *names)
    if ((name.starts_with("journal-") || name.starts_with("snapshot-")) && name != journal && name != kept)
      (void)files_.remove(directory_ + '/' + name);
}

base::result<void> consensus_log::write(std::span<const durable_write> writes) {
  if (failed_) return base::fail(base::error_kind::io, "the log of the consensus has failed");
  if (writes.empty()) return {};
  failed_ = true; // until all is well
  const bool shorter = std::any_of(writes.begin(), writes.end(), [](const auto& w) { return std::holds_alternative<keep_snapshot>(w); });
  for (const auto& w : writes) apply(w);
  if (shorter) {
    if (auto kept = files_.replace(snapshot_path(*last_), snapshot_file(*last_)); !kept) return kept;
    if (auto begun = begin_journal(number_ + 1); !begun) return begun;
    forget_old_files();
    failed_ = false;
    return {};
  }
  std::string payload;
  base::encoder to(payload);
  for (const auto& w : writes) {
    if (const auto* t = std::get_if<keep_term>(&w)) {
      to.u8(static_cast<std::uint8_t>(op::term));
      to.varint(t->term);
    } else if (const auto* v = std::get_if<keep_vote>(&w)) {
      to.u8(static_cast<std::uint8_t>(op::vote));
      to.varint(v->vote);
    } else if (const auto* a = std::get_if<append_entries>(&w)) {
      to.u8(static_cast<std::uint8_t>(op::append));
      print_entries(to, a->first, a->entries);
    } else if (const auto* c = std::get_if<truncate_entries>(&w)) {
      to.u8(static_cast<std::uint8_t>(op::truncate));
      to.varint(c->from);
    }
  }
  const auto frame = frame_around(frame_, payload);
  if (auto written = journal_->write(end_, frame); !written) return written;
  if (auto synced = journal_->sync(); !synced) return synced;
  end_ += frame.size();
  ++frame_;
  failed_ = false;
  return {};
}

durable_state consensus_log::state() const {
  return {term_, vote_, last_, first_, {entries_.begin(), entries_.end()}};
}

} // namespace rookery::consensus
