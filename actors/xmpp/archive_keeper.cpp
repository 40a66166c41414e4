#include "actors/xmpp/archive_keeper.hpp"

#include "actors/queue/spool_commit.hpp"
#include "actors/xmpp/router.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "storage/chat/chat_view.hpp"
#include "storage/chat/command.hpp"
#include "storage/chat/limits.hpp"

#include <optional>
#include <string>

namespace rookery::actors {
namespace {

using night = caf::atom_constant<caf::atom("night")>;

constexpr std::size_t owners_at_once = 500;
constexpr std::chrono::seconds commit_time{60};
constexpr std::int64_t night_second = 2 * 3600, day_seconds = 86'400;

/// What went of one owner; less than the most at once: nothing old is left.
base::result<std::uint64_t> drop_some(node& n, const std::string& owner, base::wall_time before, std::uint64_t last_id) {
  storage::commit_group group;
  const auto shard = n.chat_shard_of(owner);
  group.commands.push_back(
      {shard, 1, storage::chat::encode({owner, n.clock->wall(), storage::chat::drop_before{storage::chat::stream_kind::archive, before, last_id}}), {}});
  caf::scoped_actor self{*n.system};
  base::result<std::uint64_t> went = base::fail(base::error_kind::try_later, "the log does not answer");
  if (!commit_group_of(*self, n, std::move(group))) return went;
  self->receive(
      [&](const commit_done_ptr& d) {
        if (d->error) went = base::fail(*d->error);
        else went = d->results.front().what == storage::outcome::done ? d->results.front().number : 0;
      },
      caf::after(commit_time) >> [] {});
  return went;
}

std::optional<std::uint64_t> days_of(const node& n, const chat_router& router, std::string_view owner) {
  std::uint64_t days = 0;
  if (owner.starts_with('a')) {
    const auto id = base::parse_u64(owner.substr(1));
    const auto account = id ? n.directory->get()->account(base::account_id{*id}) : nullptr;
    if (account) days = router.rules()->limits(account->domain()).archive_days;
  } else if (owner.starts_with('r')) {
    const auto room = xmpp::read_jid(owner.substr(1));
    const auto dot = room ? room->domain.find('.') : std::string::npos;
    if (dot != std::string::npos) days = router.limits(std::string_view(room->domain).substr(dot + 1)).room_archive_days;
  }
  return days == 0 ? std::nullopt : std::optional(days);
}

class archive_keeper final : public caf::event_based_actor {
public:
  archive_keeper(caf::actor_config& c, actors::node* n, const chat_router* router) : caf::event_based_actor(c), node_(*n), router_(*router) {}
  const char* name() const override { return "archive_keeper"; }
  caf::behavior make_behavior() override {
    wait();
    return {[this](night) {
      // It waits for the disk: a thread for this night.
      home_system().spawn<caf::detached + caf::hidden>([&n = node_, &router = router_] {
        const auto went = drop_old_messages(n, [&](std::string_view owner) { return days_of(n, router, owner); }, n.clock->wall());
        if (went) base::log_event(base::severity::info, "chat.archives_purged").number("messages", static_cast<std::int64_t>(*went));
        else base::log_event(base::severity::warning, "chat.archives_not_purged").text("error", went.error().log.value);
      });
      wait();
    }};
  }

private:
  void wait() { delayed_send(this, until_night(node_.clock->wall()), night::value); }

  actors::node& node_;
  const chat_router& router_;
};

} // namespace

std::chrono::seconds until_night(base::wall_time now) {
  const auto second = base::to_seconds(now) % day_seconds;
  return std::chrono::seconds(second < night_second ? night_second - second : day_seconds - second + night_second);
}

base::result<std::uint64_t> drop_old_messages(node& n, const archive_days& days, base::wall_time now) {
  std::uint64_t all = 0;
  for (const auto& shard : n.chat) {
    std::string after;
    for (;;) {
      const auto page = shard->owners({}, owners_at_once, after);
      for (const auto& o : page) {
        if (n.gate->closed()) return base::fail(base::error_kind::try_later, "the node ends");
        const auto kept = o.facts.archive.entries == 0 ? std::nullopt : days(o.owner);
        if (!kept) continue;
        const auto before = now - std::chrono::hours(24) * static_cast<std::int64_t>(*kept);
        for (;;) {
          const auto went = drop_some(n, o.owner, before, o.facts.archive.last_id);
          if (!went) return went;
          all += *went;
          if (*went < storage::chat::removed_at_once_max) break;
        }
      }
      if (page.size() < owners_at_once) break;
      after = page.back().owner;
    }
  }
  return all;
}

caf::actor spawn_archive_keeper(caf::actor_system& system, node& n, const chat_router& router) {
  return system.spawn<archive_keeper, caf::hidden>(&n, &router);
}

} // namespace rookery::actors
