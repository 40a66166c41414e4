// The two ends of a stream of kind "replica".
#include "actors/cluster/volume_inside.hpp"

#include "base/log.hpp"

#include <filesystem>

namespace rookery::actors {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds dial_time{3000}, dial_again{300}, send_time{10'000}, look_every{100};
/// Who waits for the other side is woken by what ends a stream or a feed: nothing has to be looked for.
constexpr milliseconds quiet_time{5000};
constexpr std::size_t sync_octets = 1u << 20; ///< taken at most before a sync

} // namespace

// The leader's.

void replica_outlet::begin() {
  dial_ = std::thread([this] { run_dial(); });
  talk_ = std::thread([this] { run_words(); });
  send_ = std::thread([this] { run_log(); });
}

void replica_outlet::end() {
  const std::lock_guard hold(lock_);
  ending_ = true;
  if (stream_) stream_->close();
  if (feed_) feed_->stop();
  wake_.notify_all();
}

void replica_outlet::join() {
  for (auto* t : {&dial_, &talk_, &send_})
    if (t->joinable()) t->join();
}

void replica_outlet::say(std::string octets) {
  const std::lock_guard hold(lock_);
  if (!stream_) return;
  if (words_.size() >= words_waiting_max) return stream_->close();
  words_.push_back(std::move(octets));
  wake_.notify_all();
}

void replica_outlet::ship(std::shared_ptr<storage::log_feed> feed) {
  const std::lock_guard hold(lock_);
  if (feed_) feed_->stop();
  feed_ = std::move(feed);
  wake_.notify_all();
}

void replica_outlet::copy() {
  const std::lock_guard hold(lock_);
  if (feed_) feed_->stop();
  feed_ = nullptr;
  copy_ = true;
  wake_.notify_all();
}

void replica_outlet::run_dial() {
  for (;;) {
    {
      const std::lock_guard hold(lock_);
      if (ending_) return;
    }
    auto dialled = cluster::node_stream::dial(*identity_, to_, replica_stream, {{"volume", std::to_string(volume_)}, {"epoch", std::to_string(epoch)}}, dial_time);
    std::shared_ptr<cluster::node_stream> s;
    {
      std::unique_lock hold(lock_);
      if (!dialled) {
        wake_.wait_for(hold, dial_again, [this] { return ending_; });
        continue;
      }
      s = std::move(*dialled);
      if (ending_) return;
      stream_ = s;
      words_.clear();
      have_.clear();
      have_all_ = copy_ = false;
    }
    if (const auto runner = runner_.lock()) {
      const std::lock_guard hold(runner->lock);
      runner->take(runner->rules->connected(to_, runner->time()));
    }
    while (!s->closed()) {
      auto frame = s->receive(quiet_time);
      if (!frame) break;
      if (!*frame) continue;
      if ((*frame)->type == word_frame) {
        const auto word = replication::read_word((*frame)->body);
        const auto runner = runner_.lock();
        if (!word || !runner) break;
        const std::lock_guard hold(runner->lock);
        runner->take(runner->rules->heard(to_, *word, runner->time()));
      } else if ((*frame)->type == have_frame || (*frame)->type == have_end_frame) {
        const std::lock_guard hold(lock_);
        if ((*frame)->type == have_end_frame) have_all_ = true;
        else if (have_.size() < words_waiting_max) have_.push_back(std::move((*frame)->body));
        wake_.notify_all();
      } else {
        break;
      }
    }
    s->close();
    {
      const std::lock_guard hold(lock_);
      stream_ = nullptr;
      if (feed_) feed_->stop();
      feed_ = nullptr;
      wake_.notify_all();
    }
    if (const auto runner = runner_.lock()) {
      const std::lock_guard hold(runner->lock);
      runner->take(runner->rules->disconnected(to_, runner->time()));
    }
  }
}

void replica_outlet::run_words() {
  std::unique_lock hold(lock_);
  for (;;) {
    wake_.wait(hold, [this] { return ending_ || (stream_ && !words_.empty()); });
    if (ending_) return;
    const auto s = stream_;
    const auto octets = std::move(words_.front());
    words_.pop_front();
    hold.unlock();
    if (!s->send(word_frame, octets, send_time)) s->close();
    hold.lock();
  }
}

void replica_outlet::run_log() {
  std::unique_lock hold(lock_);
  for (;;) {
    wake_.wait(hold, [this] { return ending_ || (stream_ && (feed_ || copy_)); });
    if (ending_) return;
    const auto s = stream_;
    const auto feed = feed_;
    const bool copies = std::exchange(copy_, false);
    hold.unlock();
    if (copies) {
      send_copy(s);
    } else if (feed && feed->wait(quiet_time)) {
      const auto frame = feed->take();
      if (!frame) {
        // The segments that it needs are gone here.
        base::log_event(base::severity::notice, "volume.replica_too_far_behind").number("volume", static_cast<std::int64_t>(volume_)).number("node", static_cast<std::int64_t>(to_)).text("error", frame.error().log.value);
        const bool anew = s->send(word_frame, replication::print(replication::begin_anew{epoch}), send_time).ok();
        if (!anew) s->close();
        const std::lock_guard gone(lock_);
        if (feed_ == feed) feed_ = nullptr;
      } else if (!frame->empty() && !s->send(log_frame, *frame, send_time)) {
        s->close();
      }
    }
    hold.lock();
    if (s->closed() && stream_ == s) wake_.wait_for(hold, look_every, [&] { return ending_ || stream_ != s; });
  }
}

void replica_outlet::send_copy(const std::shared_ptr<cluster::node_stream>& s) {
  const auto runner = runner_.lock();
  if (!runner) return;
  const auto folder = runner->is.house->directory(volume_) + "/copy-for-" + std::to_string(to_);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  const auto give_up = [&](const base::error& e) {
    base::log_event(base::severity::warning, "volume.copy_failed").number("volume", static_cast<std::int64_t>(volume_)).number("node", static_cast<std::int64_t>(to_)).text("error", e.log.value);
    s->close();
    std::filesystem::remove_all(folder, ignored);
  };
  if (auto made = runner->is.house->backup(volume_, folder); !made) return give_up(made.error());
  auto sender = storage::copy_sender::open(storage::posix_file_system(), folder);
  if (!sender) return give_up(sender.error());
  if (auto sent = s->send(copy_begin_frame, {}, send_time); !sent) return give_up(sent.error());
  {
    std::unique_lock hold(lock_);
    for (;;) {
      wake_.wait_for(hold, send_time, [&] { return ending_ || stream_ != s || !have_.empty() || have_all_; });
      if (ending_ || stream_ != s) break;
      if (have_.empty() && have_all_) break;
      if (have_.empty() || !(*sender)->take_have(have_.front())) {
        s->close();
        break;
      }
      have_.pop_front();
    }
  }
  const auto& wanted = runner->is.copy_octets_a_second;
  std::uint64_t rate = wanted ? wanted() : 0;
  storage::copy_pace pace(rate);
  while (!s->closed()) {
    const auto frame = (*sender)->next();
    if (!frame) return give_up(frame.error());
    if (frame->empty()) break;
    if (auto sent = s->send(copy_frame, *frame, send_time); !sent) return give_up(sent.error());
    if (const auto now = wanted ? wanted() : 0; now != rate) pace = storage::copy_pace(rate = now);
    std::unique_lock hold(lock_);
    wake_.wait_for(hold, pace.after(frame->size(), storage::copy_pace::clock::now()), [&] { return ending_; });
    if (ending_) break;
  }
  std::filesystem::remove_all(folder, ignored);
}

// The replica's.

void volume_runner::take(std::unique_ptr<cluster::node_stream> stream, const cluster::stream_opening& o) {
  const std::shared_ptr<cluster::node_stream> s(std::move(stream));
  const auto self = in_; // it outlives the runner, as the listener waits for this thread
  std::uint64_t epoch = 0;
  try {
    epoch = std::stoull(o.field("epoch"));
  } catch (const std::exception&) {
    return s->refuse("the epoch cannot be read");
  }
  {
    const std::lock_guard hold(self->lock);
    if (self->stopping) return s->refuse("this node ends");
    if (self->resting) return s->refuse("the disk of its copy fails");
    if (self->from_leader) self->from_leader->close();
    self->from_leader = s;
  }
  if (s->accept()) self->take_stream(s, epoch);
  s->close();
  const std::lock_guard hold(self->lock);
  if (self->from_leader == s) self->from_leader = nullptr;
}

/// With the lock: what was taken is made durable, and the leader told. False: the copy fails, or follows somebody else now.
bool volume_runner::inside::sync_replica(std::unique_lock<std::mutex>& hold, const std::shared_ptr<cluster::node_stream>& s, std::uint64_t epoch) {
  const auto synced = [](storage::volume_replica& r) {
    const auto end = r.sync();
    return end ? base::result<void>() : base::result<void>(base::fail(end.error()));
  };
  if (!with_replica(hold, synced) || stopping || failed || from_leader != s || !rules->accepts(s->peer(), epoch)) return false;
  take(rules->stored(replica->durable(), time()));
  return true;
}

void volume_runner::inside::take_stream(const std::shared_ptr<cluster::node_stream>& s, std::uint64_t epoch) {
  std::unique_ptr<storage::copy_receiver> receiver;
  std::size_t unsynced = 0;
  while (!s->closed()) {
    // What comes at once shares one sync.
    auto got = s->receive(unsynced > 0 ? milliseconds(0) : quiet_time);
    if (!got) return;
    std::unique_lock hold(lock);
    if (stopping || failed || from_leader != s) return;
    if (!*got || unsynced >= sync_octets) {
      if (unsynced > 0 && replica && rules->accepts(s->peer(), epoch) && !sync_replica(hold, s, epoch)) return;
      unsynced = 0;
      if (!*got) continue;
    }
    const auto& frame = **got;
    if (frame.type == word_frame) {
      const auto word = replication::read_word(frame.body);
      if (!word) return;
      take(rules->heard(s->peer(), *word, time()));
      continue;
    }
    // What is not taken leaves a gap: the stream begins anew.
    if (!rules->accepts(s->peer(), epoch)) return;
    if (frame.type == log_frame) {
      if (!replica || !rules->kept().whole) return;
      if (auto done = replica->take(frame.body); !done) {
        // A frame that does not follow is the stream's fault, everything else the disk's.
        if (done.error().kind != base::error_kind::invalid) replica_failed(done.error());
        else say("the leader's log cannot be followed: " + done.error().log.value);
        return;
      }
      unsynced += frame.body.size();
      // The leader need not be quicker than the machines.
      if (replica->far_behind() && (!with_replica(hold, [](storage::volume_replica& r) { return r.work(); }) || from_leader != s)) return;
    } else if (frame.type == copy_begin_frame) {
      if (rules->kept().whole) return;
      const auto target = storage::begin_arrival(is.house->directory(is.volume));
      if (!target) return say("a copy cannot be taken: " + target.error().log.value);
      auto opened_copy = storage::copy_receiver::open(storage::posix_file_system(), *target);
      if (!opened_copy) return say("a copy cannot be taken: " + opened_copy.error().log.value);
      receiver = std::move(*opened_copy);
      for (;;) {
        const auto have = receiver->have();
        if (!have || !s->send(have->empty() ? have_end_frame : have_frame, *have, send_time)) return;
        if (have->empty()) break;
      }
    } else if (frame.type == copy_frame && receiver) {
      if (auto done = receiver->take(frame.body); !done) return say("a copy fails: " + done.error().log.value);
      copied_octets = receiver->octets();
      if (!receiver->complete()) continue;
      auto done = receiver->finish();
      receiver = nullptr;
      if (!done) return say("a copy fails: " + done.error().log.value);
      const auto end = verified_end();
      if (!end) return say("a copy cannot be opened: " + end.error().log.value);
      if (auto follows = replica->follow(epoch); !follows) return say(follows.error().log.value);
      base::log_event(base::severity::notice, "volume.copied").number("volume", static_cast<std::int64_t>(is.volume)).number("octets", static_cast<std::int64_t>(copied_octets));
      take(rules->copied(*end, time()));
    } else {
      return;
    }
  }
}

} // namespace rookery::actors
