#include "actors/shard/maintenance_actor.hpp"

#include "actors/shard/log_actor.hpp"
#include "actors/shard/messages.hpp"
#include "base/clock.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "storage/body/compactor.hpp"
#include "storage/body/segment_ledger.hpp"
#include "storage/log/log_copy.hpp"
#include "storage/node/node_store.hpp"
#include "storage/tree/tree_copy.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

/// Segments rewritten in one round at most: a round must end, so that checkpoints go on.
constexpr int rewrites_a_round = 10;
/// How long another actor may take to answer; a flush of a busy shard is the slowest.
constexpr std::chrono::seconds answer_time{120};

/// A blocking actor: a round is a straight line of questions, and nobody waits for it.
class maintenance final : public caf::blocking_actor {
public:
  maintenance(caf::actor_config& cfg, std::shared_ptr<maintenance_parts> parts)
      : caf::blocking_actor(cfg), parts_(std::move(parts)), compactor_(*parts_->bodies) {}

  void act() override {
    bool running = true;
    while (running) {
      receive([&](const caf::exit_msg&) { running = false; }, [&](const make_backup& b) { return guarded_backup([&] { return back_up(b); }, true); },
              [&](const copy_to_backup& b) { return guarded_backup([&] { return copy_part(b); }, false); }, caf::others >> [](caf::message_view&) -> caf::result<caf::message> { return caf::sec::unexpected_message; },
              caf::after(parts_->interval) >> [&] { guarded_round(); });
      if (parts_->gate->closed()) running = false;
    }
  }

private:
  void guarded_round() {
    try {
      round();
    } catch (const std::exception& fault) {
      base::log_event(base::severity::warning, "maintenance.fault").text("fault", fault.what());
    }
  }

  backup_done guarded_backup(const std::function<base::result<std::uint64_t>()>& copy, bool whole) {
    backup_done out;
    try {
      auto copied = copy();
      if (copied) out.octets = *copied;
      else out.error = copied.error();
    } catch (const std::exception& fault) {
      out.error = base::make_error(base::error_kind::io, "The backup failed", fault.what());
    }
    if (!whole) return out;
    base::log_event(out.error ? base::severity::error : base::severity::notice, "backup.done")
        .flag("ok", !out.error).number("octets", static_cast<std::int64_t>(out.octets))
        .text("error", out.error ? out.error->log.value : "");
    return out;
  }

  base::result<std::uint64_t> back_up(const make_backup& b) {
    auto& files = storage::posix_file_system();
    const auto there = files.list(b.to);
    if (there && !there->empty()) return base::fail(base::error_kind::exists, "The backup's directory is not empty: " + b.to);
    if (auto made = files.make_directory(b.to); !made) return base::fail(made.error());
    auto octets = copy_part({b.data_directory, b.to});
    if (!octets) return octets;
    if (parts_->configuration) {
      // Behind the mail: it has the accounts of all mail that is in the copy.
      const auto its = ask<backup_done>(parts_->configuration, copy_to_backup{b.data_directory, b.to});
      if (!its) return base::fail(base::error_kind::io, "The backup failed", "the configuration did not answer");
      if (its->error) return base::fail(*its->error);
      *octets += its->octets;
    }
    if (auto key = files.read_all(storage::sealing_key_path(b.data_directory), 4096)) {
      const auto written = files.replace(storage::sealing_key_path(b.to), *key);
      base::wipe(*key);
      if (!written) return base::fail(written.error());
    }
    const auto identity = files.read_all(b.data_directory + "/store.json", 1u << 16);
    if (!identity) return base::fail(identity.error());
    if (auto written = files.replace(b.to + "/store.json", *identity); !written) return base::fail(written.error());
    return octets;
  }

  /// Trees first, then the log that continues them (storage/log/log_copy). Between rounds, so that
  /// no segment goes meanwhile.
  base::result<std::uint64_t> copy_part(const copy_to_backup& b) {
    auto& files = storage::posix_file_system();
    const auto of = storage::read_store_identity(b.data_directory);
    if (!of) return base::fail(of.error());
    checkpoint();
    std::uint64_t octets = 0;
    for (const auto& m : parts_->machines) {
      const auto records = ask<machine_records>(m, get_records{});
      if (!records) return base::fail(base::error_kind::io, "The backup failed", "a machine did not answer");
      const auto copied = storage::copy_tree(*records->tree, storage::machine_directory(b.to, *of, records->shard));
      if (!copied) return base::fail(copied.error());
      octets += *copied;
    }
    const auto segments = ask<log_segments>(parts_->log, list_segments{});
    if (!segments || segments->segments->empty()) return base::fail(base::error_kind::io, "The backup failed", "the log did not answer");
    const auto& last = segments->segments->back();
    const storage::log_position until{last.segment, static_cast<std::uint32_t>(last.octets)};
    const auto plan = storage::plan_log_copy(files, b.data_directory + "/" + parts_->folder, until);
    if (!plan) return base::fail(plan.error());
    std::uint64_t log_octets = 0;
    const auto copied = storage::copy_log(files, b.data_directory + "/" + parts_->folder, *plan, b.to + "/" + parts_->folder, true,
                                          [&](std::uint64_t done) { return log_octets = done, !parts_->gate->closed(); });
    if (!copied) return base::fail(copied.error());
    return octets + log_octets;
  }

  template <class Answer, class Question>
  std::optional<Answer> ask(const caf::actor& who, Question what) {
    std::optional<Answer> got;
    request(who, answer_time, std::move(what)).receive([&](const Answer& a) { got = a; }, [](const caf::error&) {});
    return got;
  }

  /// Syncs all machines and tells the log, so that replay begins here; the position that all have
  /// reached. A machine without commands has reached it too, whatever position it last wrote.
  storage::log_position checkpoint() {
    const auto log = ask<log_segments>(parts_->log, list_segments{});
    if (!log) return {};
    if (log->end == noted_) return reached_;
    for (const auto& m : parts_->machines)
      if (!ask<std::uint64_t>(m, flush_now{true})) return {};
    const auto noted = ask<std::uint64_t>(parts_->log, note_needed_from{log->end});
    if (!noted || *noted == 0) return {};
    noted_ = storage::log_position::unpacked(*noted);
    return reached_ = log->end;
  }

  std::vector<storage::live_body> live(std::uint32_t segment) {
    std::vector<storage::live_body> all;
    if (!parts_->names_bodies) return all;
    for (const auto& m : parts_->machines) {
      const auto some = ask<segment_bodies>(m, list_bodies{segment});
      // No answer: take the segment as fully alive rather than lose mail.
      base::check(some.has_value(), "a machine did not say which bodies live");
      all.insert(all.end(), some->bodies->begin(), some->bodies->end());
    }
    return all;
  }

  void round() {
    for (const auto segment : pinned_) parts_->bodies->unpin(segment);
    pinned_.clear();
    const auto reached = checkpoint();
    const auto segments = ask<log_segments>(parts_->log, list_segments{});
    if (!segments) return;
    ledger_.follow(*segments->segments);
    for (const auto& m : parts_->names_bodies ? parts_->machines : std::vector<caf::actor>())
      if (const auto lost = ask<lost_bodies>(m, get_lost_bodies{}))
        for (const auto& [segment, octets] : *lost->octets) ledger_.lost(segment, octets);
    const storage::live_bodies who = [this](std::uint32_t s) { return live(s); };
    for (const auto& s : ledger_.due(reached)) {
      if (parts_->gate->closed()) return;
      const auto use = storage::compactor::survey(s, who);
      ledger_.surveyed(use);
      if (use.live_count == 0) remove(s.segment);
    }
    for (int i = 0; i < rewrites_a_round && !parts_->gate->closed(); ++i) {
      const auto chosen = ledger_.emptiest();
      if (!chosen || !rewrite(chosen->segment, who)) return;
    }
  }

  /// False when the rest of the round is better left: the log does not take what is moved.
  bool rewrite(std::uint32_t segment, const storage::live_bodies& who) {
    static auto& moved = base::counter_named("rookery_compacted_octets_total", "", "Octets of bodies moved by compaction");
    compactor_.begin(segment, who);
    while (!parts_->gate->closed()) {
      auto group = compactor_.step(base::system_clock().wall());
      if (!group) {
        base::log_event(base::severity::error, "compaction.failed").number("segment", segment).text("error", group.error().log.value);
        ledger_.set_aside(segment);
        if (group.error().kind == base::error_kind::damaged) continue; // the other bodies of it still move
        return true;
      }
      if (group->commands.empty()) break;
      for (const auto& b : group->bodies) moved.add(b.length);
      if (!commit(std::move(*group))) return false;
      caf::scoped_actor rest{system()};
      rest->receive(caf::after(parts_->step_rest) >> [] {});
    }
    const auto reached = checkpoint();
    compactor_.moved(reached);
    if (compactor_.removable(reached, who)) remove(segment);
    ledger_.lost(segment, 0); // gone, or copied from meanwhile: asked about anew
    return true;
  }

  bool commit(storage::commit_group group) {
    auto r = std::make_shared<commit_request>();
    r->group = std::move(group);
    r->when = ack::applied;
    bool good = false;
    caf::scoped_actor self{system()};
    r->reply_to = caf::actor_cast<caf::strong_actor_ptr>(self.ptr());
    r->octets = 64;
    for (const auto& b : r->group.bodies) r->octets += b.length;
    if (!parts_->gate->enter(r->octets)) return false;
    caf::anon_send(parts_->log, std::move(r));
    self->receive([&](const commit_done_ptr& d) { good = !d->error; }, caf::after(answer_time) >> [] {});
    return good;
  }

  void remove(std::uint32_t segment) {
    // Readers of older views may still want it: it can be read until the next round.
    if (parts_->bodies->pin(segment)) pinned_.push_back(segment);
    if (ask<bool>(parts_->log, remove_segment{segment}).value_or(false))
      base::log_event(base::severity::info, "log.segment_removed").number("segment", segment).text("log", parts_->folder);
  }

  std::shared_ptr<maintenance_parts> parts_;
  storage::compactor compactor_;
  storage::segment_ledger ledger_;
  std::vector<std::uint32_t> pinned_; ///< removed in this round
  storage::log_position reached_; ///< at the last checkpoint
  storage::log_position noted_;   ///< behind its note: nothing has come since when the log ends here
};

} // namespace

caf::actor spawn_maintenance(caf::actor_system& system, std::shared_ptr<maintenance_parts> parts) {
  return system.spawn<maintenance, caf::detached + caf::hidden>(std::move(parts));
}

} // namespace rookery::actors
