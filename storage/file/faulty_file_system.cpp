#include "storage/file/faulty_file_system.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::storage {
namespace {

constexpr auto never = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t page = faulty_file_system::page_octets;

std::string parent(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

base::failure<base::error> refused(base::error_kind kind, const std::string& what) {
  return base::fail(kind, "The server's disk does not work.", what);
}

} // namespace

struct faulty_file_system::node {
  std::string now;                ///< what readers see
  std::string synced;             ///< what a crash cannot take
  std::set<std::size_t> dirty;    ///< pages that a sync would keep; others that differ are lost already
};

class faulty_file_system::handle final : public file {
public:
  handle(faulty_file_system& files, std::shared_ptr<node> of, std::string path)
    : files_(files), node_(std::move(of)), path_(std::move(path)), generation_(files.generation_) {}

  base::result<void> write(std::uint64_t offset, std::span<const std::string_view> pieces) override {
    const std::lock_guard hold(files_.lock_);
    if (auto dead = check_alive(); !dead) return dead;
    std::string octets;
    for (const auto piece : pieces) octets.append(piece);
    const bool last = files_.change();
    const bool fails = files_.writes_until_failure_ != never && files_.writes_until_failure_-- == 0;
    if (fails) files_.writes_until_failure_ = never;
    const auto whole = octets.size();
    if (last || fails) octets.resize(whole == 0 ? 0 : files_.random_() % (whole + 1));
    if (auto room = files_.grow(*node_, offset + octets.size()); !room) return room;
    put(offset, octets);
    if (last) files_.stop();
    if (fails) return refused(base::error_kind::io, "write " + path_ + ": told to fail");
    return {};
  }

  base::result<std::size_t> read(std::uint64_t offset, char* out, std::size_t octets) const override {
    const std::lock_guard hold(files_.lock_);
    if (auto dead = check_alive(); !dead) return base::fail(dead.error());
    return copy(offset, out, octets);
  }

  quick_read try_read(std::uint64_t offset, char* out, std::size_t octets) const noexcept override {
    const std::lock_guard hold(files_.lock_);
    if (files_.stopped_ || generation_ != files_.generation_) return {quick_read::state::failed, 0};
    if (files_.cold_) return {quick_read::state::would_block, 0};
    const auto count = copy(offset, out, octets);
    if (count == 0 && octets > 0) return {quick_read::state::end, 0};
    return {quick_read::state::octets, count};
  }

  base::result<void> sync() override {
    const std::lock_guard hold(files_.lock_);
    if (auto dead = check_alive(); !dead) return dead;
    if (files_.change()) files_.stop();
    if (files_.syncs_until_failure_ != never && files_.syncs_until_failure_-- == 0) {
      files_.syncs_until_failure_ = never;
      for (const auto number : node_->dirty)
        if (files_.random_() % 2 == 0) restore(number);
      node_->dirty.clear();
      return refused(base::error_kind::io, "fdatasync " + path_ + ": told to fail");
    }
    node_->synced.resize(node_->now.size(), '\0');
    for (const auto number : node_->dirty) {
      const auto from = number * page;
      if (from >= node_->now.size()) continue;
      const auto count = std::min(page, node_->now.size() - from);
      std::memcpy(node_->synced.data() + from, node_->now.data() + from, count);
    }
    node_->dirty.clear();
    return {};
  }

  base::result<std::uint64_t> size() const override {
    const std::lock_guard hold(files_.lock_);
    if (auto dead = check_alive(); !dead) return base::fail(dead.error());
    return node_->now.size();
  }

  base::result<void> preallocate(std::uint64_t octets) override {
    const std::lock_guard hold(files_.lock_);
    if (auto dead = check_alive(); !dead) return dead;
    const bool last = files_.change();
    if (auto room = files_.grow(*node_, octets); !room) return room;
    if (last) files_.stop();
    return {};
  }

  base::result<void> truncate(std::uint64_t octets) override {
    const std::lock_guard hold(files_.lock_);
    if (auto dead = check_alive(); !dead) return dead;
    const bool last = files_.change();
    if (octets > node_->now.size()) {
      if (auto room = files_.grow(*node_, octets); !room) return room;
    } else {
      // What was cut may come back after a crash.
      const auto before = node_->now.size();
      node_->now.resize(static_cast<std::size_t>(octets));
      for (auto number = node_->now.size() / page; number * page < before; ++number) node_->dirty.insert(number);
    }
    if (last) files_.stop();
    return {};
  }

private:
  base::result<void> check_alive() const {
    files_.alive();
    if (generation_ != files_.generation_) return refused(base::error_kind::io, path_ + ": opened before the crash");
    return {};
  }

  void put(std::uint64_t offset, std::string_view octets) {
    if (octets.empty()) return;
    const auto at = static_cast<std::size_t>(offset);
    std::memcpy(node_->now.data() + at, octets.data(), octets.size());
    for (auto number = at / page; number <= (at + octets.size() - 1) / page; ++number) node_->dirty.insert(number);
  }

  void restore(std::size_t number) {
    const auto from = number * page;
    if (from >= node_->now.size()) return;
    const auto count = std::min(page, node_->now.size() - from);
    std::memset(node_->now.data() + from, 0, count);
    if (from < node_->synced.size())
      std::memcpy(node_->now.data() + from, node_->synced.data() + from, std::min(count, node_->synced.size() - from));
  }

  std::size_t copy(std::uint64_t offset, char* out, std::size_t octets) const noexcept {
    if (offset >= node_->now.size()) return 0;
    const auto count = std::min<std::size_t>(octets, node_->now.size() - static_cast<std::size_t>(offset));
    std::memcpy(out, node_->now.data() + offset, count);
    return count;
  }

  faulty_file_system& files_;
  std::shared_ptr<node> node_;
  std::string path_;
  std::uint64_t generation_;
};

faulty_file_system::faulty_file_system(std::uint64_t seed) : random_(seed) {}
faulty_file_system::~faulty_file_system() = default;

void faulty_file_system::stop_at(std::uint64_t n) {
  const std::lock_guard hold(lock_);
  stop_at_ = changes_ + n;
}

void faulty_file_system::never_stop() {
  const std::lock_guard hold(lock_);
  stop_at_ = never;
}

std::uint64_t faulty_file_system::changes() const {
  const std::lock_guard hold(lock_);
  return changes_;
}

void faulty_file_system::set_capacity(std::uint64_t octets) {
  const std::lock_guard hold(lock_);
  capacity_ = octets;
}

void faulty_file_system::fail_sync_at(std::uint64_t n) {
  const std::lock_guard hold(lock_);
  syncs_until_failure_ = n;
}

void faulty_file_system::fail_write_at(std::uint64_t n) {
  const std::lock_guard hold(lock_);
  writes_until_failure_ = n;
}

void faulty_file_system::set_cold(bool cold) {
  const std::lock_guard hold(lock_);
  cold_ = cold;
}

bool faulty_file_system::change() {
  alive();
  return changes_++ == stop_at_;
}

void faulty_file_system::alive() const {
  if (stopped_) throw power_lost{};
}

void faulty_file_system::stop() {
  stopped_ = true;
  throw power_lost{};
}

void faulty_file_system::apply(const entry_change& c, std::map<std::string, std::shared_ptr<node>>& names) {
  if (!c.from.empty()) names.erase(c.from);
  if (!c.to.empty()) names[c.to] = c.what;
}

void faulty_file_system::note(entry_change c) {
  const bool last = change();
  apply(c, names_);
  unsynced_entries_.push_back(std::move(c));
  if (last) stop();
}

void faulty_file_system::crash() {
  const std::lock_guard hold(lock_);
  // A directory may keep any of its unsynced changes; a rename is whole or not at all.
  for (const auto& c : unsynced_entries_)
    if (random_() % 2 == 0) apply(c, durable_names_);
  unsynced_entries_.clear();
  names_ = durable_names_;
  std::set<node*> seen;
  for (const auto& [name, of] : names_) {
    if (!seen.insert(of.get()).second) continue;
    auto& n = *of;
    auto left = n.synced;
    // The new size is durable with the sync only; a crash may keep it early.
    if (n.now.size() != left.size() && random_() % 2 == 0) left.resize(n.now.size(), '\0');
    const auto mode = random_() % 4; // all lost, all kept, or page by page
    for (const auto number : n.dirty) {
      const auto from = number * page;
      if (mode == 0 || from >= n.now.size() || from >= left.size()) continue;
      const auto count = std::min({page, n.now.size() - from, left.size() - from});
      const auto half = std::min(count, page / 2);
      switch (mode == 1 ? 0 : random_() % 4) {
        case 0: std::memcpy(left.data() + from, n.now.data() + from, count); break;
        case 1: std::memcpy(left.data() + from, n.now.data() + from, half); break;
        case 2: std::memcpy(left.data() + from + half, n.now.data() + from + half, count - half); break;
        default: break;
      }
    }
    n.now = n.synced = std::move(left);
    n.dirty.clear();
  }
  ++generation_;
  stopped_ = false;
  stop_at_ = syncs_until_failure_ = writes_until_failure_ = never;
}

void faulty_file_system::kill() {
  const std::lock_guard hold(lock_);
  ++generation_;
  stopped_ = false;
  stop_at_ = syncs_until_failure_ = writes_until_failure_ = never;
}

void faulty_file_system::damage(const std::string& path, std::uint64_t offset, std::string_view octets) {
  const std::lock_guard hold(lock_);
  const auto found = names_.find(path);
  base::check(found != names_.end(), "damage needs a file");
  for (auto* kept : {&found->second->now, &found->second->synced})
    if (offset < kept->size())
      std::memcpy(kept->data() + offset, octets.data(),
                  std::min<std::size_t>(octets.size(), kept->size() - static_cast<std::size_t>(offset)));
}

std::string faulty_file_system::contents(const std::string& path) const {
  const std::lock_guard hold(lock_);
  const auto found = names_.find(path);
  return found == names_.end() ? std::string() : found->second->now;
}

bool faulty_file_system::exists(const std::string& path) const {
  const std::lock_guard hold(lock_);
  return names_.count(path) > 0;
}

std::uint64_t faulty_file_system::used() const {
  std::uint64_t sum = 0;
  std::set<const node*> seen;
  for (const auto& [name, of] : names_)
    if (seen.insert(of.get()).second) sum += of->now.size();
  return sum;
}

base::result<void> faulty_file_system::grow(node& n, std::uint64_t size) {
  if (size <= n.now.size()) return {};
  if (used() + (size - n.now.size()) > capacity_)
    return base::fail(base::error_kind::no_space, "The server's disk is full.", "the volume is full");
  n.now.resize(static_cast<std::size_t>(size), '\0');
  return {};
}

base::result<std::unique_ptr<file>> faulty_file_system::open(const std::string& path, open_mode mode) {
  const std::lock_guard hold(lock_);
  alive();
  auto found = names_.find(path);
  if (mode == open_mode::create) {
    if (found != names_.end()) return refused(base::error_kind::exists, path + " exists");
    auto fresh = std::make_shared<node>();
    note({parent(path), "", path, fresh});
    return std::unique_ptr<file>(std::make_unique<handle>(*this, std::move(fresh), path));
  }
  if (found == names_.end()) return refused(base::error_kind::not_found, path + " is missing");
  return std::unique_ptr<file>(std::make_unique<handle>(*this, found->second, path));
}

base::result<void> faulty_file_system::rename(const std::string& from, const std::string& to) {
  const std::lock_guard hold(lock_);
  alive();
  const auto found = names_.find(from);
  if (found == names_.end()) return refused(base::error_kind::not_found, from + " is missing");
  note({parent(to), from, to, found->second});
  return {};
}

base::result<void> faulty_file_system::link(const std::string& from, const std::string& to) {
  const std::lock_guard hold(lock_);
  alive();
  const auto found = names_.find(from);
  if (found == names_.end()) return refused(base::error_kind::not_found, from + " is missing");
  if (names_.count(to) > 0) return refused(base::error_kind::exists, to + " exists");
  note({parent(to), "", to, found->second});
  return {};
}

base::result<void> faulty_file_system::remove(const std::string& path) {
  const std::lock_guard hold(lock_);
  alive();
  if (names_.count(path) == 0) return refused(base::error_kind::not_found, path + " is missing");
  note({parent(path), path, "", nullptr});
  return {};
}

base::result<std::vector<std::string>> faulty_file_system::list(const std::string& directory) const {
  const std::lock_guard hold(lock_);
  alive();
  if (directories_.count(directory) == 0) return refused(base::error_kind::not_found, directory + " is missing");
  std::vector<std::string> found;
  for (const auto& [name, of] : names_)
    if (parent(name) == directory) found.push_back(name.substr(directory.size() + 1));
  return found;
}

base::result<void> faulty_file_system::make_directory(const std::string& path) {
  const std::lock_guard hold(lock_);
  alive();
  for (auto part = path; part != "." && part != "/"; part = parent(part)) directories_.insert(part);
  return {};
}

base::result<void> faulty_file_system::sync_directory(const std::string& path) {
  const std::lock_guard hold(lock_);
  if (change()) stop();
  std::vector<entry_change> others;
  for (auto& c : unsynced_entries_) {
    if (c.directory == path)
      apply(c, durable_names_);
    else
      others.push_back(std::move(c));
  }
  unsynced_entries_ = std::move(others);
  return {};
}

base::result<std::uint64_t> faulty_file_system::free_octets(const std::string&) const {
  const std::lock_guard hold(lock_);
  alive();
  const auto taken = used();
  return taken >= capacity_ ? 0 : capacity_ - taken;
}

} // namespace rookery::storage
