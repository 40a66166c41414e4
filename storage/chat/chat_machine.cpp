#include "storage/chat/chat_machine.hpp"

#include "base/check.hpp"
#include "base/codec.hpp"
#include "storage/chat/chat_check.hpp"
#include "storage/chat/chat_store.hpp"
#include "storage/chat/limits.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace rookery::storage::chat {
namespace {

constexpr std::uint8_t state_version = 1;
/// A larger command is worth a thread of its own.
constexpr std::size_t quick_octets_max = 64u << 10;

command_result said(outcome what, std::uint64_t number = 0) {
  command_result r;
  r.what = what;
  r.number = number;
  return r;
}

std::uint64_t microseconds(base::wall_time t) {
  constexpr std::int64_t most = (std::int64_t{1} << 62) / 1000;
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(base::to_milliseconds(t), 0, most)) * 1000;
}

class real_chat_machine final : public chat_machine {
public:
  real_chat_machine(base::shard_id shard, std::unique_ptr<tree> rows)
    : shard_(shard), store_(std::make_shared<chat_store>(std::move(rows))) {}

  base::result<void> load() {
    const auto state = store_->get(key::state());
    if (!state) return {};
    base::decoder d(*state);
    const auto version = d.u8();
    const auto shard = d.u32();
    flushed_ = applied_ = log_position::unpacked(d.u64());
    last_number_ = d.varint();
    if (version != state_version)
      return base::fail(base::error_kind::unsupported, "The server's store is newer than this program.",
                        "chat: format version " + std::to_string(version) + " is unknown");
    if (!d.done() || shard != shard_.value)
      return base::fail(base::error_kind::damaged, "The server's store is damaged.",
                        "chat: the state record is damaged, or the tree is that of shard " + std::to_string(shard));
    store_->load_doomed();
    return {};
  }

  base::shard_id shard() const override { return shard_; }
  log_position flushed() const override { return flushed_; }
  log_position applied() const override { return applied_; }
  std::size_t unflushed_octets() const override { return store_->unflushed_octets(); }
  std::vector<notice> publish() override { return {}; }
  std::shared_ptr<const chat_view> view() const override { return store_; }
  const tree& records() const override { return store_->records(); }
  std::vector<std::string> check() const override { return check_rows(store_->rows(), last_number_); }
  bool quick(const committed_command& c) const override {
    return c.payload.size() <= quick_octets_max && is_small(c.payload);
  }

  command_result apply(const committed_command& committed) override {
    if (committed.group_end) applied_ = committed.next;
    const auto read = decode_command(committed.payload);
    if (!read) return said(outcome::malformed);
    return std::visit([&](const auto& what) { return change(what, *read); }, read->what);
  }

  base::result<void> flush(bool durable) override {
    std::string state;
    base::encoder e(state);
    e.u8(state_version);
    e.u32(shard_.value);
    e.u64(applied_.packed());
    e.varint(last_number_);
    store_->put(key::state(), std::move(state));
    if (auto done = store_->flush(durable); !done) return done;
    flushed_ = applied_;
    return {};
  }

private:
  owner_head head_for(const std::string& owner) {
    if (auto h = store_->head(owner)) return *h;
    owner_head fresh;
    fresh.number = ++last_number_;
    return fresh;
  }
  void keep(const std::string& owner, const owner_head& h) { store_->put(key::owner(owner), encode(h)); }

  command_result change(const put_records& c, const command& all) {
    const auto was = store_->head(all.owner);
    owner_head h = was ? *was : owner_head{};
    std::map<std::pair<record_kind, std::string_view>, std::string_view> fresh; // the last of a key counts
    for (const auto& r : c.records) fresh.insert_or_assign({r.kind, r.key}, r.value);
    for (const auto& [which, value] : fresh) {
      const auto old = was ? store_->get(key::record(h.number, which.first, which.second)) : std::nullopt;
      if (old) h.facts.record_octets -= which.second.size() + read_record(key::record(h.number, which.first, which.second), *old).value.size();
      else ++h.facts.records;
      h.facts.record_octets += which.second.size() + value.size();
    }
    if (h.facts.records > records_an_owner_max || h.facts.record_octets > record_octets_an_owner_max) return said(outcome::over_limit);
    if (!was) h.number = ++last_number_;
    ++h.facts.change;
    for (const auto& [which, value] : fresh)
      store_->put(key::record(h.number, which.first, which.second), encode_record(h.facts.change, value));
    keep(all.owner, h);
    return said(outcome::done, h.facts.change);
  }

  command_result change(const drop_records& c, const command& all) {
    auto h = store_->head(all.owner);
    if (!h) return said(outcome::no_such_record);
    const auto first = key::record(h->number, c.kind, c.key);
    std::vector<std::string> gone;
    const auto note = [&](std::string_view k, std::string_view value) {
      const auto r = read_record(k, value);
      h->facts.record_octets -= r.key.size() + r.value.size();
      --h->facts.records;
      gone.emplace_back(k);
      return gone.size() < removed_at_once_max;
    };
    if (c.prefix) store_->rows().scan(first, pending_rows::behind(first), note);
    else if (const auto row = store_->get(first)) note(first, *row);
    if (gone.empty()) return said(outcome::no_such_record);
    ++h->facts.change;
    const auto count = gone.size();
    for (auto& k : gone) store_->remove(std::move(k));
    keep(all.owner, *h);
    return said(outcome::done, count);
  }

  command_result change(const append& c, const command& all) {
    auto h = head_for(all.owner);
    auto& s = h.stream(c.stream);
    const auto most = c.entries_max == 0 ? entries_a_stream_max : std::min(c.entries_max, entries_a_stream_max);
    if (s.entries >= most && (!c.drop_oldest || c.entries_max == 0)) return said(outcome::over_limit);
    if (s.entries >= most) remove_first(h, c.stream, std::min<std::uint64_t>(s.entries - most + 1, removed_at_once_max));
    entry e;
    e.time = std::max(all.time, s.last_time);
    e.id = std::max({c.id, microseconds(e.time), s.last_id + 1});
    e.with = c.with;
    e.stanza = c.stanza;
    store_->put(key::entry(h.number, c.stream, e.id), encode_entry(e));
    if (!e.with.empty()) store_->put(key::with(h.number, c.stream, e.with, e.id), {});
    ++s.entries;
    s.octets += e.stanza.size();
    s.last_id = e.id;
    s.last_time = e.time;
    keep(all.owner, h);
    return said(outcome::done, e.id);
  }

  command_result change(const replace_entry& c, const command& all) {
    auto h = store_->head(all.owner);
    const auto row = h ? store_->get(key::entry(h->number, c.stream, c.id)) : std::nullopt;
    if (!row) return said(outcome::no_such_record);
    auto e = read_entry(c.id, *row);
    auto& s = h->stream(c.stream);
    s.octets = s.octets - e.stanza.size() + c.stanza.size();
    e.stanza = c.stanza;
    store_->put(key::entry(h->number, c.stream, c.id), encode_entry(e));
    keep(all.owner, *h);
    return said(outcome::done, c.id);
  }

  command_result change(const drop_entries& c, const command& all) {
    auto h = store_->head(all.owner);
    std::uint64_t count = 0;
    if (h)
      for (const auto id : c.ids)
        if (const auto row = store_->get(key::entry(h->number, c.stream, id))) {
          remove(*h, c.stream, read_entry(id, *row));
          ++count;
        }
    if (count == 0) return said(outcome::no_such_record);
    keep(all.owner, *h);
    return said(outcome::done, count);
  }

  command_result change(const drop_before& c, const command& all) {
    auto h = store_->head(all.owner);
    if (!h) return said(outcome::no_such_record);
    std::vector<entry> gone;
    const auto whole = key::stream(h->number, c.stream);
    store_->rows().scan(whole, pending_rows::behind(whole), [&](std::string_view k, std::string_view value) {
      auto e = read_entry(key::last_number(k), value);
      if (e.time >= c.before || e.id > c.last_id || gone.size() >= removed_at_once_max) return false;
      gone.push_back(std::move(e));
      return true;
    });
    for (const auto& e : gone) remove(*h, c.stream, e);
    if (!gone.empty()) keep(all.owner, *h);
    return said(outcome::done, gone.size());
  }

  command_result change(const drop_owner&, const command& all) {
    const auto h = store_->head(all.owner);
    if (!h) return said(outcome::no_such_record);
    store_->remove(key::owner(all.owner));
    store_->doom(h->number);
    return said(outcome::done);
  }

  void remove_first(owner_head& h, stream_kind stream, std::uint64_t count) {
    std::vector<entry> gone;
    const auto whole = key::stream(h.number, stream);
    store_->rows().scan(whole, pending_rows::behind(whole), [&](std::string_view k, std::string_view value) {
      gone.push_back(read_entry(key::last_number(k), value));
      return gone.size() < count;
    });
    for (const auto& e : gone) remove(h, stream, e);
  }

  void remove(owner_head& h, stream_kind stream, const entry& e) {
    auto& s = h.stream(stream);
    base::check(s.entries > 0 && s.octets >= e.stanza.size(), "a chat stream counts its entries");
    --s.entries;
    s.octets -= e.stanza.size();
    store_->remove(key::entry(h.number, stream, e.id));
    if (!e.with.empty()) store_->remove(key::with(h.number, stream, e.with, e.id));
  }

  base::shard_id shard_;
  std::shared_ptr<chat_store> store_;
  log_position flushed_, applied_;
  std::uint64_t last_number_ = 0; ///< given to an owner
};

} // namespace

base::result<std::unique_ptr<chat_machine>> chat_machine::open(base::shard_id shard, std::unique_ptr<tree> rows) {
  auto fresh = std::make_unique<real_chat_machine>(shard, std::move(rows));
  if (auto done = fresh->load(); !done) return base::fail(done.error());
  return std::unique_ptr<chat_machine>(std::move(fresh));
}

} // namespace rookery::storage::chat
