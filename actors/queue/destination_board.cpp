#include "actors/queue/destination_board.hpp"

#include "base/metrics.hpp"

#include <chrono>

namespace rookery::actors {
namespace {

/// Another number at each start.
std::uint64_t incarnation() {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(wall).count()) | 1;
}
base::counter& notes(const char* direction) {
  return base::counter_named("rookery_cluster_destination_notes_total", "direction=\"" + std::string(direction) + '"', "Notes between nodes about the destinations that they deliver to");
}

} // namespace

std::chrono::milliseconds destination_board::now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

std::vector<caf::actor> destination_board::dispatchers() const {
  std::vector<caf::actor> out;
  for (const auto& [number, dispatcher] : members_) out.push_back(dispatcher);
  return out;
}

void destination_board::wake(const std::vector<caf::actor>& all) {
  for (const auto& dispatcher : all) caf::anon_send(dispatcher, sharing_changed{});
}

destination_board::outbox destination_board::collect() {
  std::map<queueing::member_number, std::vector<queueing::destination_share>> by_member;
  for (auto& [member, share] : book_->take_shares()) by_member[member].push_back(std::move(share));
  outbox out;
  for (auto& [member, shares] : by_member)
    if (const auto at = members_.find(member); at != members_.end()) out.emplace_back(at->second, std::move(shares));
  return out;
}

void destination_board::send(outbox all) {
  for (auto& [dispatcher, shares] : all)
    caf::anon_send(dispatcher, shares_changed{std::make_shared<const std::vector<queueing::destination_share>>(std::move(shares))});
}

void destination_board::begin(std::uint64_t self, const std::vector<std::uint64_t>& nodes) {
  std::unique_lock hold(lock_);
  book_.emplace(self, incarnation(), now());
  book_->nodes(nodes, now());
  const auto all = dispatchers();
  hold.unlock();
  wake(all);
}

void destination_board::nodes(const std::vector<std::uint64_t>& nodes) {
  std::unique_lock hold(lock_);
  if (!book_) return;
  book_->nodes(nodes, now());
  auto out = collect();
  hold.unlock();
  send(std::move(out));
}

void destination_board::end() {
  std::unique_lock hold(lock_);
  book_.reset();
  lends_ = false;
  lending_.forget_nodes();
  const auto all = dispatchers();
  hold.unlock();
  wake(all);
}

void destination_board::tick(bool lends) {
  std::unique_lock hold(lock_);
  if (!book_) return;
  lends_ = lends;
  book_->tick(now());
  auto out = collect();
  hold.unlock();
  send(std::move(out));
}

std::optional<std::string> destination_board::note_for(std::uint64_t node) {
  static auto& sent = notes("sent");
  const std::lock_guard hold(lock_);
  if (!book_) return {};
  book_->tell(lends_ ? std::optional(lending_.load()) : std::nullopt);
  auto note = book_->note_for(node, now());
  if (note) sent.add();
  return note;
}

void destination_board::heard(std::uint64_t node, std::string_view octets) {
  static auto &received = notes("received"), &refused = notes("refused");
  std::unique_lock hold(lock_);
  if (!book_) return;
  const bool good = book_->heard(node, octets, now());
  (good ? received : refused).add();
  if (good) lending_.heard(node, book_->load_of(node), now());
  auto out = collect();
  hold.unlock();
  send(std::move(out));
}

bool destination_board::active() const {
  const std::lock_guard hold(lock_);
  return book_.has_value();
}

queueing::member_number destination_board::enter(caf::actor dispatcher) {
  const std::lock_guard hold(lock_);
  members_.emplace(++last_, std::move(dispatcher));
  return last_;
}

void destination_board::leave(queueing::member_number member) {
  std::unique_lock hold(lock_);
  const auto at = members_.find(member);
  if (at == members_.end()) return;
  const auto gone = std::move(at->second); // its last handle may be this one: not under the lock
  members_.erase(at);
  lending_.leave(member);
  outbox out;
  if (book_) {
    book_->leave(member, now());
    out = collect();
  }
  hold.unlock();
  send(std::move(out));
}

std::vector<queueing::destination_share> destination_board::update(queueing::member_number member, const std::vector<queueing::destination_need>& needs) {
  std::unique_lock hold(lock_);
  if (!book_) return {};
  for (const auto& n : needs) book_->update(member, n, now());
  std::vector<queueing::destination_share> own;
  outbox others;
  for (auto& [to, shares] : collect()) {
    if (to == members_.at(member)) own = std::move(shares);
    else others.emplace_back(to, std::move(shares));
  }
  hold.unlock();
  send(std::move(others));
  return own;
}

void destination_board::carries(queueing::member_number member, const queueing::node_load& load) {
  const std::lock_guard hold(lock_);
  if (members_.contains(member)) lending_.carries(member, load);
}

std::optional<std::uint64_t> destination_board::lend() {
  const std::lock_guard hold(lock_);
  if (!book_ || !lends_) return {};
  return lending_.lend(now());
}

void destination_board::returned(std::uint64_t node, bool came_about) {
  const std::lock_guard hold(lock_);
  lending_.returned(node, came_about, now());
}

bool destination_board::borrow() {
  const std::lock_guard hold(lock_);
  return lends_ && lending_.borrow();
}

void destination_board::give_back() {
  const std::lock_guard hold(lock_);
  lending_.give_back();
}

destination_board::lending_counts destination_board::count_lent() const {
  const std::lock_guard hold(lock_);
  return {lending_.lent(), lending_.borrowed()};
}

queueing::share_book::counts destination_board::count() const {
  const std::lock_guard hold(lock_);
  return book_ ? book_->count() : queueing::share_book::counts{};
}

} // namespace rookery::actors
