#include "actors/cluster/node_house.hpp"

#include "actors/queue/dispatch_actor.hpp"
#include "actors/shard/maintenance_actor.hpp"
#include "base/log.hpp"
#include "storage/file/file_system.hpp"

namespace rookery::actors {
namespace {

using replication::node_number;
using storage::log_position;

constexpr int close_tries = 3;
constexpr std::uint64_t identity_octets_max = 1u << 16;

/// What the log's actor tells goes to the rules, which look at the time themselves.
class led_sink final : public replica_sink {
public:
  led_sink(node_number volume, std::shared_ptr<led_log> to) : volume_(volume), to_(std::move(to)) {}
  void written(const storage::log_batch_ptr& b, std::uint64_t next_record) override { to_->written(b, next_record); }
  void durable(log_position p) override { to_->durable(p); }
  void committed(log_position) override {}
  void held(std::chrono::milliseconds waited, log_position) override {
    if (waited < std::chrono::seconds(2)) return;
    base::log_event(base::severity::notice, "volume.waits_for_replicas").number("volume", static_cast<std::int64_t>(volume_)).number("milliseconds", waited.count());
  }
  log_position keep_from() const override { return to_->keep_from(); }
  bool may_serve() const noexcept override { return to_->may_serve(); }

private:
  node_number volume_;
  std::shared_ptr<led_log> to_;
};

} // namespace

std::string node_house::directory(node_number v) const { return running_.volume_directory(v); }

std::optional<node_house::of_volume> node_house::led(node_number v) const {
  const std::lock_guard hold(lock_);
  const auto at = led_.find(v);
  return at == led_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<log_position> node_house::open_end(node_number v) {
  const auto volume = running_.find(v);
  if (!volume) return {};
  log_position end;
  caf::scoped_actor self{*running_.face().system};
  self->request(volume->node().log, caf::infinite, list_segments{}).receive([&](const log_segments& s) { end = s.end; }, [](const caf::error&) {});
  return end;
}

base::result<log_position> node_house::open(node_number v, std::uint64_t epoch, bool hold_it, std::shared_ptr<led_log> tell) {
  begin_lead how;
  how.sink = std::make_shared<led_sink>(v, std::move(tell));
  how.epoch = epoch;
  how.hold = hold_it;
  auto end = running_.lead_volume(v, how);
  if (!end) return end;
  const auto volume = running_.find(v);
  if (!volume) return base::fail(base::error_kind::conflict, "the volume was closed by somebody else");
  const std::lock_guard hold(lock_);
  led_[v] = {volume->node().log, volume->maintenance()};
  return end;
}

void node_house::acknowledge(node_number v, std::uint64_t epoch, log_position to) {
  if (const auto of = led(v)) caf::anon_send(of->log, replicated_to{to, epoch});
}

void node_house::hold(node_number v, std::uint64_t epoch, bool hold_it, std::function<void(log_position)> done) {
  if (const auto of = led(v)) caf::anon_send(of->log, hold_for_replicas{hold_it, epoch, std::move(done)});
}

base::result<log_position> node_house::close(node_number v, bool in_order) {
  for (int tries = 0; tries < close_tries; ++tries) {
    auto closed = running_.close_volume(v, in_order ? volume_end::handed : volume_end::lost);
    if (closed || closed.error().kind == base::error_kind::not_found) {
      const std::lock_guard hold(lock_);
      led_.erase(v);
      return closed;
    }
  }
  base::log_event(base::severity::error, "volume.cannot_be_closed").number("volume", static_cast<std::int64_t>(v));
  if (running_.process().options.on_failure) running_.process().options.on_failure();
  return base::fail(base::error_kind::conflict, "the volume does not close");
}

void node_house::freeze_queues(node_number v, bool frozen) {
  const auto volume = running_.find(v);
  if (volume && volume->node().dispatch) caf::anon_send(volume->node().dispatch, freeze_all_queues{frozen});
}

base::result<void> node_house::backup(node_number v, const std::string& folder) {
  const auto of = led(v);
  if (!of) return base::fail(base::error_kind::try_later, "the volume is not open here");
  auto& files = storage::posix_file_system();
  const auto from = directory(v);
  if (auto made = files.make_directory(folder); !made) return made;
  backup_done done;
  done.error = base::make_error(base::error_kind::io, "The copy failed", "the volume closes");
  caf::scoped_actor self{*running_.face().system};
  self->request(of->maintenance, caf::infinite, copy_to_backup{from, folder}).receive([&](const backup_done& d) { done = d; }, [](const caf::error&) {});
  if (done.error) return base::fail(*done.error);
  const auto identity = files.read_all(from + "/store.json", identity_octets_max);
  if (!identity) return base::fail(identity.error());
  return files.replace(folder + "/store.json", *identity);
}

} // namespace rookery::actors
