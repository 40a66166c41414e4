#include "storage/search/index_store.hpp"

#include "base/text.hpp"
#include "storage/search/index_files.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>
#include <tuple>

namespace rookery::storage::search {
namespace {

/// Larger ones are damaged.
constexpr std::size_t manifest_octets_max = 64u << 20;
constexpr std::size_t documents_octets_max = 1u << 30;
/// Files of places before they become one.
constexpr std::size_t place_files_max = 16;

std::string_view octets_of(const content_key& k) { return {k.data(), k.size()}; }

} // namespace

std::optional<std::uint32_t> index_batch::find(const content_key& k) const {
  const auto at = known_.find(std::string(octets_of(k)));
  if (at == known_.end()) return std::nullopt;
  return at->second;
}

base::result<std::uint32_t> index_batch::add(const content_key& k, const document& d) {
  if (!builder_) builder_ = std::make_unique<segment_builder>(scratch_);
  if (failed_) return base::fail(*failed_);
  const auto number = next_;
  if (auto done = builder_->add(number, d); !done) return base::fail(done.error());
  ++next_;
  keys_.push_back(k);
  if (d.partial()) partial_.push_back(number);
  known_[std::string(octets_of(k))] = number;
  return number;
}

void index_batch::place(base::mailbox_id mailbox, std::uint32_t uid, std::uint32_t document) {
  places_.push_back({mailbox.value, {uid, document}});
}

void index_batch::reached(base::mailbox_id mailbox, std::uint32_t uid) { reached_.emplace_back(mailbox.value, uid); }

index_store::index_store(file_system& files, std::string directory, std::string store, log_position log_end, index_store_settings s)
    : files_(files), directory_(std::move(directory)), store_(std::move(store)), log_end_(log_end), settings_(s) {}

std::string index_store::directory_of(base::account_id account) const {
  char name[17];
  std::snprintf(name, sizeof name, "%016llx", static_cast<unsigned long long>(account.value));
  return directory_ + "/" + name;
}

std::string index_store::path_of(base::account_id account, std::uint32_t file) const {
  return directory_of(account) + "/" + std::to_string(file);
}

base::result<std::shared_ptr<const account_index>> index_store::load(base::account_id account) const {
  auto stored = files_.read_all(directory_of(account) + "/manifest", manifest_octets_max);
  if (!stored) {
    if (stored.error().kind == base::error_kind::not_found) return std::shared_ptr<const account_index>{};
    return base::fail(stored.error());
  }
  const auto m = read_manifest(*stored);
  if (!m) return base::fail(m.error());
  if (m->store != store_ || log_position::unpacked(m->position) > log_end_)
    return base::fail(base::error_kind::damaged, "Search index of another store", "search: it belongs to another state of the store");
  auto index = std::make_shared<account_index>();
  index->next_document_ = m->next_document;
  index->next_file_ = m->next_file;
  index->place_files_ = m->place_files;
  for (const auto& [mailbox, uid] : m->reached) index->reached_[mailbox] = uid;
  for (const auto& row : m->segments) {
    auto octets = files_.read_all(path_of(account, row.file) + ".docs", documents_octets_max);
    if (!octets) return base::fail(octets.error());
    auto docs = read_documents(*octets);
    if (!docs) return base::fail(docs.error());
    if (docs->keys.size() != row.documents)
      return base::fail(base::error_kind::damaged, "Search index damaged", "search: a segment has another number of documents");
    index->segments_.push_back({row.file, row.octets,
                                std::make_shared<segment>(files_, path_of(account, row.file), segment_range{row.first, row.documents}),
                                std::make_shared<const std::vector<content_key>>(std::move(docs->keys)),
                                std::make_shared<const std::vector<std::uint32_t>>(std::move(docs->partial))});
  }
  std::map<std::uint32_t, places> by_mailbox;
  for (const auto file : m->place_files) {
    auto octets = files_.read_all(path_of(account, file) + ".places", documents_octets_max);
    if (!octets) return base::fail(octets.error());
    const auto rows = read_places(*octets);
    if (!rows) return base::fail(rows.error());
    for (const auto& r : *rows) by_mailbox[r.mailbox].push_back(r.at);
  }
  for (auto& [mailbox, list] : by_mailbox) {
    const auto by_uid = [](const place& a, const place& b) { return a.uid < b.uid; };
    if (!std::is_sorted(list.begin(), list.end(), by_uid)) std::stable_sort(list.begin(), list.end(), by_uid);
    index->places_[mailbox] = std::make_shared<const places>(std::move(list));
  }
  return std::shared_ptr<const account_index>(std::move(index));
}

void index_store::keep(base::account_id account, std::shared_ptr<const account_index> index) {
  const auto octets = index ? index->memory_octets() : 128;
  std::vector<std::shared_ptr<const account_index>> let_go; // freed without the lock
  const std::lock_guard hold(lock_);
  auto& k = kept_[account.value];
  if (k.octets != 0) by_use_.erase(k.use);
  kept_octets_ += octets - k.octets;
  let_go.push_back(std::exchange(k.index, std::move(index)));
  k.octets = octets;
  k.use = by_use_.insert(by_use_.begin(), account.value);
  while (kept_octets_ > settings_.memory_octets_max && by_use_.size() > 1) {
    const auto last = kept_.find(by_use_.back());
    kept_octets_ -= last->second.octets;
    let_go.push_back(std::move(last->second.index));
    kept_.erase(last);
    by_use_.pop_back();
  }
}

std::shared_ptr<const account_index> index_store::open(base::account_id account) {
  {
    const std::lock_guard hold(lock_);
    if (const auto at = kept_.find(account.value); at != kept_.end()) {
      by_use_.splice(by_use_.begin(), by_use_, at->second.use);
      return at->second.index;
    }
  }
  auto loaded = load(account);
  std::shared_ptr<const account_index> index;
  if (loaded) index = *loaded;
  {
    const std::lock_guard hold(lock_);
    // Somebody was faster, perhaps with a newer one.
    if (const auto at = kept_.find(account.value); at != kept_.end()) return at->second.index;
    if (!loaded) damaged_.emplace_back(account, loaded.error());
  }
  keep(account, index);
  return index;
}

std::vector<std::pair<base::account_id, base::error>> index_store::take_damaged() {
  const std::lock_guard hold(lock_);
  return std::exchange(damaged_, {});
}

void index_store::tell_damage(base::account_id account, const std::shared_ptr<const account_index>& seen, base::error e) {
  const std::lock_guard hold(lock_);
  const auto at = kept_.find(account.value);
  if (at == kept_.end() || at->second.index != seen) return;
  damaged_.emplace_back(account, std::move(e));
  at->second.index.reset(); // no search needs to meet it again
}

index_batch index_store::begin(base::account_id account, const std::vector<content_key>& contents) {
  index_batch b;
  b.before_ = open(account);
  b.scratch_ = directory_of(account) + "/scratch";
  if (!b.before_) {
    // What may lie there belongs to nothing, and its numbers are given again.
    if (auto gone = remove(account); !gone) b.failed_ = gone.error();
  }
  if (!b.failed_)
    if (auto made = files_.make_directory(directory_of(account)); !made) b.failed_ = made.error();
  if (!b.before_) return b;
  b.next_ = b.before_->next_document_;
  std::unordered_map<std::string_view, bool> wanted;
  for (const auto& k : contents) wanted.emplace(octets_of(k), true);
  for (const auto& s : b.before_->segments_) {
    auto number = s.words->range().first;
    for (const auto& k : *s.keys) {
      if (wanted.contains(octets_of(k))) b.known_[std::string(octets_of(k))] = number;
      ++number;
    }
  }
  return b;
}

base::result<void> index_store::put_segment(base::account_id account, account_index& to, std::uint32_t file, segment_range range,
                                            std::uint64_t octets, std::vector<content_key> keys,
                                            std::vector<std::uint32_t> partial) const {
  documents_file docs{std::move(keys), std::move(partial)};
  const auto stored = write_documents(docs);
  if (auto done = write_durably(files_, path_of(account, file) + ".docs", stored); !done) return done;
  to.segments_.push_back({file, octets + stored.size(), std::make_shared<segment>(files_, path_of(account, file), range),
                          std::make_shared<const std::vector<content_key>>(std::move(docs.keys)),
                          std::make_shared<const std::vector<std::uint32_t>>(std::move(docs.partial))});
  return {};
}

base::result<void> index_store::merge(base::account_id account, account_index& in, std::size_t first) const {
  std::vector<std::string> paths;
  std::vector<content_key> keys;
  std::vector<std::uint32_t> partial;
  segment_range range{in.segments_[first].words->range().first, 0};
  for (auto i = first; i < in.segments_.size(); ++i) {
    const auto& s = in.segments_[i];
    paths.push_back(s.words->path());
    keys.insert(keys.end(), s.keys->begin(), s.keys->end());
    partial.insert(partial.end(), s.partial->begin(), s.partial->end());
    range.documents += s.words->range().documents;
  }
  const auto file = in.next_file_++;
  const auto octets = merge_segments(files_, paths, path_of(account, file));
  if (!octets) return base::fail(octets.error());
  in.segments_.resize(first);
  return put_segment(account, in, file, range, *octets, std::move(keys), std::move(partial));
}

base::result<void> index_store::put_all_places(base::account_id account, account_index& in) const {
  std::vector<place_row> rows;
  for (const auto& [mailbox, list] : in.places_)
    for (const auto& p : *list) rows.push_back({mailbox, p});
  const auto file = in.next_file_++;
  in.place_files_ = {file};
  return write_durably(files_, path_of(account, file) + ".places", write_places(rows));
}

base::result<void> index_store::publish(base::account_id account, std::shared_ptr<account_index> now, log_position at) {
  manifest m;
  m.store = store_;
  m.position = at.packed();
  m.next_file = now->next_file_;
  m.next_document = now->next_document_;
  for (const auto& s : now->segments_)
    m.segments.push_back({s.file, s.words->range().first, s.words->range().documents, s.octets});
  m.place_files = now->place_files_;
  m.reached.assign(now->reached_.begin(), now->reached_.end());
  const auto directory = directory_of(account);
  if (auto done = files_.sync_directory(directory); !done) return done;
  if (auto done = files_.replace(directory + "/manifest", write_manifest(m)); !done) return done;
  remove_strays(account, *now);
  keep(account, std::move(now));
  return {};
}

void index_store::remove_strays(base::account_id account, const account_index& now) const {
  std::set<std::string> wanted;
  for (const auto& s : now.segments_) wanted.insert(std::to_string(s.file));
  for (const auto f : now.place_files_) wanted.insert(std::to_string(f));
  const auto names = files_.list(directory_of(account));
  if (!names) return;
  for (const auto& name : *names) {
    const auto dot = name.find('.');
    if (dot != std::string::npos && !wanted.contains(name.substr(0, dot))) (void)files_.remove(directory_of(account) + "/" + name);
  }
}

base::result<void> index_store::commit(base::account_id account, index_batch batch, log_position at) {
  if (batch.failed_) return base::fail(*batch.failed_);
  auto now = batch.before_ ? std::make_shared<account_index>(*batch.before_) : std::make_shared<account_index>();
  if (batch.documents() > 0) {
    const auto file = now->next_file_++;
    const segment_range range{now->next_document_, batch.documents()};
    const auto octets = batch.builder_->finish(files_, path_of(account, file));
    if (!octets) return base::fail(octets.error());
    if (auto done = put_segment(account, *now, file, range, *octets, std::move(batch.keys_), std::move(batch.partial_)); !done) return done;
    now->next_document_ += range.documents;
  }
  batch.builder_.reset();
  if (!batch.places_.empty()) {
    std::vector<place_row> rows;
    std::map<std::uint32_t, places> more;
    for (const auto& [mailbox, p] : batch.places_) {
      rows.push_back({mailbox, p});
      more[mailbox].push_back(p);
    }
    for (auto& [mailbox, list] : more) {
      auto& there = now->places_[mailbox];
      places all = there ? *there : places{};
      all.insert(all.end(), list.begin(), list.end());
      std::stable_sort(all.begin(), all.end(), [](const place& a, const place& b) { return a.uid < b.uid; });
      there = std::make_shared<const places>(std::move(all));
    }
    if (now->place_files_.size() >= place_files_max) {
      if (auto done = put_all_places(account, *now); !done) return done;
    } else {
      const auto file = now->next_file_++;
      now->place_files_.push_back(file);
      if (auto done = write_durably(files_, path_of(account, file) + ".places", write_places(rows)); !done) return done;
    }
  }
  for (const auto& [mailbox, uid] : batch.reached_) now->reached_[mailbox] = std::max(now->reached_[mailbox], uid);
  if (now->segments_.size() > settings_.segments_max) {
    // The youngest, and older ones as long as they are not much larger than all behind them: each
    // document is rewritten a number of times that grows with the logarithm of all.
    auto first = now->segments_.size() - 1;
    std::uint64_t behind = now->segments_[first].words->range().documents;
    while (first > 0 && (first + 1 == now->segments_.size() || now->segments_[first - 1].words->range().documents <= 2 * behind))
      behind += now->segments_[--first].words->range().documents;
    if (auto done = merge(account, *now, first); !done) return done;
  }
  return publish(account, std::move(now), at);
}

base::result<bool> index_store::tidy(base::account_id account, const std::function<bool(base::mailbox_id, std::uint32_t)>& alive) {
  const auto before = open(account);
  if (!before) return false;
  auto now = std::make_shared<account_index>(*before);
  std::vector<bool> used(now->next_document_);
  bool lost = false;
  for (auto it = now->places_.begin(); it != now->places_.end();) {
    places left;
    for (const auto& p : *it->second)
      if (alive(base::mailbox_id{it->first}, p.uid)) {
        left.push_back(p);
        if (p.document < used.size()) used[p.document] = true;
      }
    lost = lost || left.size() != it->second->size();
    if (left.empty()) {
      it = now->places_.erase(it);
      continue;
    }
    it->second = std::make_shared<const places>(std::move(left));
    ++it;
  }
  const auto living = static_cast<std::uint64_t>(std::count(used.begin(), used.end(), true));
  if (living * 2 < now->documents()) return true;
  if (!lost && now->segments_.size() <= 1 && now->place_files_.size() <= 1) return false;
  if (auto done = put_all_places(account, *now); !done) return base::fail(done.error());
  if (now->segments_.size() > 1)
    if (auto done = merge(account, *now, 0); !done) return base::fail(done.error());
  const auto stored = files_.read_all(directory_of(account) + "/manifest", manifest_octets_max);
  if (!stored) return base::fail(stored.error());
  const auto m = read_manifest(*stored);
  if (!m) return base::fail(m.error());
  if (auto done = publish(account, std::move(now), log_position::unpacked(m->position)); !done) return base::fail(done.error());
  return false;
}

base::result<void> index_store::remove(base::account_id account) {
  keep(account, nullptr);
  // The manifest first: without it the rest is nothing.
  const auto directory = directory_of(account);
  if (auto gone = files_.remove(directory + "/manifest"); !gone && gone.error().kind != base::error_kind::not_found) return gone;
  std::error_code failed;
  std::filesystem::remove_all(directory, failed);
  if (failed) return base::fail(base::error_kind::io, "Search index not removed", "search: " + directory + ": " + failed.message());
  return {};
}

base::result<std::vector<base::account_id>> index_store::accounts() const {
  std::vector<base::account_id> all;
  const auto names = files_.list(directory_);
  if (!names) {
    if (names.error().kind == base::error_kind::not_found) return all;
    return base::fail(names.error());
  }
  for (const auto& name : *names) {
    std::uint64_t value = 0;
    const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), value, 16);
    if (name.size() == 16 && fault == std::errc{} && end == name.data() + name.size()) all.push_back(base::account_id{value});
  }
  return all;
}

} // namespace rookery::storage::search
