// The machine against a model of maps and vectors: each result and each page is the same.
#include "storage/chat/limits.hpp"
#include "tests/storage/chat/chat_day.hpp"

#include <algorithm>
#include <map>

namespace rookery::storage::chat {
namespace {

class chat_model {
public:
  struct stream {
    std::vector<entry> entries;
    std::uint64_t last_id = 0;
    base::wall_time last_time{};
  };
  struct owner {
    std::map<std::pair<record_kind, std::string>, std::string> records;
    std::map<stream_kind, stream> streams;
    std::uint64_t change = 0;
  };

  std::pair<outcome, std::uint64_t> apply(const any_step& step) {
    return std::visit([&](const auto& c) { return change(step, c); }, step.what);
  }
  stream_page page(const std::string& name, stream_kind s, const stream_query& q) const {
    stream_page out;
    const auto at = owners_.find(name);
    if (at == owners_.end() || !at->second.streams.contains(s)) return out;
    for (const auto& e : at->second.streams.at(s).entries)
      if (e.id > q.after_id && e.id < q.before_id && (!q.from || e.time >= *q.from) && (!q.until || e.time <= *q.until) &&
          (q.with.empty() || e.with == q.with))
        out.entries.push_back(e);
    out.more = out.entries.size() > q.max;
    if (!out.more) return out;
    const auto surplus = static_cast<std::ptrdiff_t>(out.entries.size() - q.max);
    if (q.backwards) out.entries.erase(out.entries.begin(), out.entries.begin() + surplus);
    else out.entries.erase(out.entries.end() - surplus, out.entries.end());
    return out;
  }
  const std::map<std::string, owner>& owners() const { return owners_; }

private:
  using said_result = std::pair<outcome, std::uint64_t>;
  static constexpr said_result none{outcome::no_such_record, 0};

  said_result change(const any_step& step, const put_records& c) {
    auto& o = owners_[step.owner];
    for (const auto& r : c.records) o.records[{r.kind, r.key}] = r.value;
    return {outcome::done, ++o.change};
  }
  said_result change(const any_step& step, const drop_records& c) {
    const auto at = owners_.find(step.owner);
    if (at == owners_.end()) return none;
    const auto count = std::erase_if(at->second.records, [&](const auto& r) {
      return r.first.first == c.kind && (c.prefix ? r.first.second.starts_with(c.key) : r.first.second == c.key);
    });
    if (count == 0) return none;
    ++at->second.change;
    return {outcome::done, count};
  }
  said_result change(const any_step& step, const append& c) {
    const auto found = owners_.find(step.owner);
    const bool full = c.entries_max != 0 && found != owners_.end() && found->second.streams[c.stream].entries.size() >= c.entries_max;
    if (full && !c.drop_oldest) return {outcome::over_limit, 0};
    auto& s = owners_[step.owner].streams[c.stream];
    while (c.entries_max != 0 && s.entries.size() >= c.entries_max) s.entries.erase(s.entries.begin());
    s.last_time = std::max(s.last_time, base::from_milliseconds(step.time));
    s.last_id = std::max({s.last_id + 1, c.id, static_cast<std::uint64_t>(base::to_milliseconds(s.last_time)) * 1000});
    s.entries.push_back({s.last_id, s.last_time, c.with, c.stanza});
    return {outcome::done, s.last_id};
  }
  said_result change(const any_step& step, const replace_entry& c) {
    auto* s = stream_of(step, c.stream);
    if (s == nullptr) return none;
    for (auto& e : s->entries)
      if (e.id == c.id) {
        e.stanza = c.stanza;
        return {outcome::done, c.id};
      }
    return none;
  }
  said_result change(const any_step& step, const drop_entries& c) {
    auto* s = stream_of(step, c.stream);
    if (s == nullptr) return none;
    const auto count = std::erase_if(s->entries, [&](const entry& e) { return std::find(c.ids.begin(), c.ids.end(), e.id) != c.ids.end(); });
    return count == 0 ? none : said_result{outcome::done, count};
  }
  said_result change(const any_step& step, const drop_before& c) {
    if (!owners_.contains(step.owner)) return none;
    auto* s = stream_of(step, c.stream);
    if (s == nullptr) return {outcome::done, 0};
    return {outcome::done, std::erase_if(s->entries, [&](const entry& e) { return e.time < c.before && e.id <= c.last_id; })};
  }
  said_result change(const any_step& step, const drop_owner&) {
    return owners_.erase(step.owner) == 0 ? none : said_result{outcome::done, 0};
  }
  stream* stream_of(const any_step& step, stream_kind s) {
    const auto at = owners_.find(step.owner);
    if (at == owners_.end()) return nullptr;
    const auto found = at->second.streams.find(s);
    return found == at->second.streams.end() ? nullptr : &found->second;
  }

  std::map<std::string, owner> owners_;
};

std::string text(const stream_page& p) {
  std::string out;
  for (const auto& e : p.entries) out += std::to_string(e.id) + "@" + std::to_string(base::to_milliseconds(e.time)) + "<" + e.with + ">" + e.stanza + " ";
  return out + (p.more ? "…" : "");
}

stream_query random_query(std::mt19937_64& random, int i) {
  stream_query q;
  const auto some = [&] { return static_cast<std::int64_t>(random() % static_cast<unsigned>(i + 5)); };
  if (random() % 3 == 0) q.after_id = static_cast<std::uint64_t>(some()) * 1000;
  if (random() % 3 == 0) q.before_id = static_cast<std::uint64_t>(some()) * 1000 + random() % 3;
  if (random() % 3 == 0) q.from = base::from_milliseconds(some());
  if (random() % 3 == 0) q.until = base::from_milliseconds(some());
  if (random() % 3 == 0) q.with = "w" + std::to_string(random() % 3);
  q.backwards = random() % 2 == 0;
  q.max = random() % 8;
  return q;
}

TEST(ChatModel, TheMachineDoesWhatTheModelDoes) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    std::mt19937_64 random(seed);
    chat_shard s;
    chat_model m;
    for (int i = 0; i < 600; ++i) {
      const auto step = random_step(random, i);
      const auto wanted = m.apply(step);
      const auto got = s.apply(step.owner, step.time, step.what);
      ASSERT_EQ(got.what, wanted.first) << "seed " << seed << " step " << i << " command " << step.what.index();
      ASSERT_EQ(got.number, wanted.second) << "seed " << seed << " step " << i << " command " << step.what.index();
      if (i % 40 == 39) {
        ASSERT_TRUE(s.machine->flush(i % 80 == 79));
      }
      for (int look = 0; look < 3; ++look) {
        const auto q = random_query(random, i);
        const auto owner = std::string(1, "ars"[random() % 3]) + std::to_string(random() % 3);
        const auto stream = random() % 3 == 0 ? stream_kind::offline : stream_kind::archive;
        ASSERT_EQ(text(s.machine->view()->page(owner, stream, q)), text(m.page(owner, stream, q))) << "seed " << seed << " step " << i;
      }
    }
    ASSERT_EQ(s.machine->check(), std::vector<std::string>());
    ASSERT_EQ(s.machine->view()->owners("", 100).size(), m.owners().size());
    for (const auto& [name, o] : m.owners())
      for (const auto& [which, value] : o.records) {
        const auto r = s.machine->view()->record(name, which.first, which.second);
        ASSERT_TRUE(r) << name << " " << which.second;
        EXPECT_EQ(r->value, value);
      }
  }
}

} // namespace
} // namespace rookery::storage::chat
