#include "actors/cluster/volume_keeper.hpp"

#include "base/log.hpp"
#include "storage/replica/volume_folder.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using replication::node_number;
using replication::volume;
using std::chrono::milliseconds;

constexpr milliseconds hand_over_pause{50}, look_again{500}, idle_pause{60'000};
/// A queue is not frozen any more when who is to have the copy is silent for so long, or when it takes longer.
constexpr milliseconds copy_silent_max{30'000};
constexpr std::chrono::hours frozen_max{1};

bool has_part(const volume& v, node_number n) { return v.id == n || v.leader == n || replication::contains(v.in_sync, n) || replication::contains(v.learners, n); }

} // namespace

volume_keeper::volume_keeper(parts p) : is_(std::move(p)), house_(std::make_shared<node_house>(*is_.running)) {
  thread_ = std::thread([this] { run(); });
}

volume_keeper::~volume_keeper() {
  {
    const std::lock_guard hold(lock_);
    ending_ = true;
    wake_.notify_all();
  }
  thread_.join();
  for (const auto& [id, r] : runners()) r->stop();
}

bool volume_keeper::alone(const storage::directory::config_table& table, node_number self) {
  const auto own = find_volume(table, self);
  return !own || (own->is.leader == self && replication::never_shared(own->is));
}

void volume_keeper::followed() {
  const std::lock_guard hold(lock_);
  news_ = true;
  wake_.notify_all();
}

void volume_keeper::run() {
  std::unique_lock hold(lock_);
  for (;;) {
    wake_.wait_for(hold, drains_ || !frozen_.empty() ? look_again : idle_pause, [this] { return ending_ || news_; });
    if (ending_) return;
    const bool news = std::exchange(news_, false);
    hold.unlock();
    if (news) look();
    mind_drain();
    mind_frozen();
    hold.lock();
  }
}

std::map<node_number, volume_keeper::runner_ptr> volume_keeper::runners() const {
  const std::lock_guard hold(lock_);
  return runners_;
}

/// Each document to its runner; of what this node has no part in any more nothing stays.
void volume_keeper::look() {
  const auto all = agreed_volumes(*is_.running->face().config->table());
  std::vector<node_number> members;
  for (const auto& n : is_.nodes()) members.push_back(n.id);
  if (!members.empty() && std::find(members.begin(), members.end(), is_.self) == members.end()) return give_up();
  for (const auto& v : all)
    if (has_part(v.is, is_.self) && !runners().contains(v.is.id)) start(v);
  for (const auto& [id, r] : runners()) {
    const auto v = std::find_if(all.begin(), all.end(), [id = id](const auto& a) { return a.is.id == id; });
    if (v == all.end() || !has_part(v->is, is_.self)) {
      forget(id, r);
      continue;
    }
    r->document(v->version, v->is);
    r->members(members);
  }
}

/// The cluster has let this node go: others lead what they have, and what it alone has it keeps serving.
void volume_keeper::give_up() {
  for (const auto& [id, r] : runners()) {
    const auto v = r->now().agreed;
    if (v.leader == is_.self && replication::only_holder(v, is_.self)) continue;
    {
      const std::lock_guard hold(lock_);
      runners_.erase(id);
    }
    r->stop();
  }
}

/// What others have in sync goes to them, and nothing comes back, until the operator takes it back.
void volume_keeper::mind_drain() {
  const bool drained = is_.drained && is_.drained();
  bool before = false;
  {
    const std::lock_guard hold(lock_);
    before = std::exchange(drains_, drained);
  }
  if (!drained && !before) return;
  for (const auto& [id, r] : runners()) {
    if (!drained) {
      r->staying();
      continue;
    }
    r->leaving();
    const auto v = r->now();
    if (v.agreed.leader == is_.self && v.agreed.in_sync.size() > 1 && v.state == replication::standing::serving) (void)r->hand_over(0, milliseconds(0));
  }
}

/// While a volume is copied for the first time nothing leaves its queue: the copy has the disk, and what the node has accepted is
/// soon on two. It ends when the copy is whole.
void volume_keeper::mind_frozen() {
  const bool wanted = is_.freezes && is_.freezes();
  const auto at = std::chrono::steady_clock::now();
  for (const auto& [id, r] : runners()) {
    const auto v = r->now();
    const bool heard = std::any_of(v.replicas.begin(), v.replicas.end(), [](const auto& replica) { return replica.silent_ms < copy_silent_max.count(); });
    bool freeze = wanted && v.agreed.leader == is_.self && v.state == replication::standing::serving && replication::first_copy(v.agreed) && heard;
    {
      const std::lock_guard hold(lock_);
      if (!freeze) frozen_.erase(id);
      // It stays in the list: frozen for so long, and not again.
      else freeze = at - frozen_.try_emplace(id, at).first->second < frozen_max;
    }
    const bool before = told_frozen_.contains(id);
    if (!freeze && !before) continue;
    house_->freeze_queues(id, freeze); // said again, as it may have been opened anew
    if (freeze == before) continue;
    if (freeze) told_frozen_.insert(id);
    else told_frozen_.erase(id);
    base::log_event(base::severity::notice, freeze ? "volume.queues_frozen" : "volume.queues_go_on").number("volume", static_cast<std::int64_t>(id));
  }
}

std::set<node_number> volume_keeper::frozen() const {
  std::set<node_number> out;
  const std::lock_guard hold(lock_);
  for (const auto& [id, since] : frozen_)
    if (std::chrono::steady_clock::now() - since < frozen_max) out.insert(id);
  return out;
}

std::string volume_keeper::kept_file(node_number id) const { return is_.directory + "/volume-" + std::to_string(id); }

void volume_keeper::start(const agreed_volume& v) {
  auto& files = storage::posix_file_system();
  const auto id = v.is.id;
  for (const auto& folder : {is_.directory, id == is_.self ? std::string() : is_.running->volume_directory(id)})
    if (!folder.empty())
      if (auto made = files.make_directory(folder); !made) return base::log_event(base::severity::error, "volume.not_kept").number("volume", static_cast<std::int64_t>(id)).text("error", made.error().log.value), void();
  volume_runner::parts p;
  p.self = is_.self;
  p.volume = id;
  p.kept_file = kept_file(id);
  p.own_and_whole = id == is_.self;
  p.copy_octets_a_second = is_.copy_octets_a_second;
  p.identity = is_.identity;
  p.house = house_;
  p.propose = is_.propose;
  p.place = [this](const volume& now) { return place(now); };
  // In a quiet moment nobody has to log in anew.
  p.goes_home_after = [this, id] {
    const auto open = is_.running->find(id);
    return !open || open->sessions() == 0 || !is_.home_return ? milliseconds(0) : is_.home_return();
  };
  p.alarm = [](const std::string& what) { base::log_event(base::severity::warning, "volume.alarm").text("text", what); };
  auto runner = volume_runner::start(std::move(p));
  if (!runner) return base::log_event(base::severity::error, "volume.not_kept").number("volume", static_cast<std::int64_t>(id)).text("error", runner.error().log.value), void();
  const std::lock_guard hold(lock_);
  runners_[id] = std::move(*runner);
}

/// No replica of others is needed here any more, by agreement; what this node has brought stays.
void volume_keeper::forget(node_number id, const runner_ptr& runner) {
  {
    const std::lock_guard hold(lock_);
    runners_.erase(id);
  }
  runner->stop();
  if (id == is_.self) return;
  auto& files = storage::posix_file_system();
  const auto folder = is_.running->volume_directory(id);
  // Whoever stops in between has no whole copy.
  auto done = files.replace(kept_file(id), volume_runner::kept_of_none());
  if (done) done = storage::remove_volume(folder);
  if (done) done = files.remove(kept_file(id));
  base::log_event(base::severity::notice, "volume.forgotten").number("volume", static_cast<std::int64_t>(id)).flag("ok", done.ok());
}

std::optional<volume> volume_keeper::place(const volume& v) const {
  const auto wanted = is_.copies();
  if (v.copies != wanted) {
    auto next = v;
    next.copies = wanted;
    return next;
  }
  std::vector<volume> all;
  for (auto& a : agreed_volumes(*is_.running->face().config->table())) all.push_back(std::move(a.is));
  const auto wall = std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  return replication::place_copies(v, all, is_.nodes(), {}, wall);
}

void volume_keeper::take(std::unique_ptr<cluster::node_stream> s, const cluster::stream_opening& o) {
  runner_ptr to;
  const auto wanted = o.field("volume");
  for (const auto& [id, r] : runners())
    if (std::to_string(id) == wanted) to = r;
  if (!to) return s->refuse("this node has no part in that volume yet");
  to->take(std::move(s), o);
}

bool volume_keeper::hand_over(milliseconds away_for, milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  const auto wall = std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  for (const auto& [id, r] : runners()) r->leaving();
  for (;;) {
    bool led = false;
    for (const auto& [id, r] : runners()) {
      const auto v = r->now();
      if (v.agreed.leader != is_.self || v.agreed.in_sync.size() < 2) continue;
      led = true;
      if (v.state == replication::standing::serving) (void)r->hand_over(0, wall + away_for);
    }
    if (!led) return true;
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(hand_over_pause);
  }
}

std::size_t volume_keeper::send_home(std::optional<node_number> only) {
  std::size_t sent = 0;
  const auto nodes = is_.nodes();
  for (const auto& [id, r] : runners()) {
    const auto v = r->now();
    const bool wants = std::any_of(nodes.begin(), nodes.end(), [id = id](const auto& f) { return f.id == id && f.alive && !f.leaving; });
    if (id != is_.self && id == only.value_or(id) && wants && v.agreed.leader == is_.self && v.state == replication::standing::serving && r->hand_over(id, milliseconds(0))) ++sent;
  }
  return sent;
}

volume_keeper::views volume_keeper::now() const {
  views out;
  for (const auto& [id, r] : runners()) out.emplace(id, r->now());
  return out;
}

} // namespace rookery::actors
