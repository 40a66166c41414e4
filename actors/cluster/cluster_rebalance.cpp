// `rookery cluster rebalance`: the volumes that others serve go home, one after the other.
#include "actors/cluster/cluster_service.hpp"
#include "actors/cluster/volume_documents.hpp"
#include "actors/cluster/volume_keeper.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {
namespace {

/// A volume that is not served at home after this time keeps the others waiting no longer.
constexpr std::chrono::seconds home_patience{30};
constexpr std::chrono::seconds home_question_time{5};

} // namespace

/// Those go whose nodes are there; the keeper takes them in turn.
base::result<json::value> cluster_service::rebalance(const json::value&) {
  const auto nodes = facts_of_nodes();
  std::deque<volume_id> going;
  json::array unreached;
  for (const auto& v : agreed_volumes(*running_.face().config->table())) {
    const auto home = std::find_if(nodes.begin(), nodes.end(), [&](const auto& f) { return f.id == v.is.id; });
    if (v.is.leader == v.is.id || home == nodes.end() || home->leaving) continue;
    if (home->alive) going.push_back(v.is.id);
    else unreached.emplace_back("node " + std::to_string(v.is.id) + " cannot be reached");
  }
  json::value out{json::object{}};
  out.set("volumes", going.size());
  out.set("unreached", std::move(unreached));
  const std::lock_guard hold(lock_);
  // What is on its way already goes first.
  std::erase_if(going, [this](volume_id v) { return going_home_.now == v; });
  going_home_.next = std::move(going);
  return out;
}

/// The next volume goes when the one before is served: mail for a home that moves waits a moment, and for one at a time it is short.
void cluster_service::go_on_home() {
  volume_id volume = 0;
  std::chrono::steady_clock::time_point until;
  {
    const std::lock_guard hold(lock_);
    auto& going = going_home_;
    if (going.now == 0) {
      if (going.next.empty()) return;
      going.now = going.next.front();
      going.next.pop_front();
      going.until = std::chrono::steady_clock::now() + home_patience;
    }
    volume = going.now;
    until = going.until;
  }
  json::value which{json::object{}};
  which.set("volume", volume);
  const auto known = find_volume(*running_.face().config->table(), volume);
  bool over = !known || std::chrono::steady_clock::now() >= until;
  if (known && known->is.leader == volume) {
    const auto said = ask_node(volume, "serves", which, home_question_time);
    over = over || !said || said->get_bool("serves").value_or(true); // a program of before does not know the question
  } else if (known && known->is.leader != 0) {
    // Said again until it is done: the home may not have all of it yet.
    (void)ask_node(known->is.leader, "home", which, home_question_time);
  }
  if (!over) return;
  base::log_event(base::severity::notice, "cluster.volume_went_home").number("volume", static_cast<std::int64_t>(volume)).flag("ok", known && known->is.leader == volume);
  const std::lock_guard hold(lock_);
  going_home_.now = 0;
}

} // namespace rookery::actors
