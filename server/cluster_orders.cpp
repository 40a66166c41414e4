#include "server/cluster_orders.hpp"

#include "actors/admin/volume_order.hpp"

#include <chrono>
#include <thread>

namespace rookery::server {
namespace {

constexpr const char* order_verb = "order";
/// What is done to many messages takes its time.
constexpr std::chrono::seconds order_time{60};

admin::response not_reached(const base::error& e) { return admin::refusal(base::make_error(base::error_kind::try_later, e.client.value)); }

} // namespace

std::vector<admin::volume_answer> ask_volumes_of(actors::cluster_service& cluster, const admin::request& what, std::optional<std::uint64_t> only) {
  struct asked {
    admin::volume_answer answer;
    std::uint64_t leader = 0;
  };
  std::vector<asked> all;
  for (const auto& v : cluster.led_volumes())
    if (!only || *only == v.id) all.push_back({{v.id, v.name, not_reached(base::make_error(base::error_kind::try_later, "no node serves it now"))}, v.leader});
  std::vector<std::thread> asking;
  for (auto& each : all)
    asking.emplace_back([&] {
      const auto said = cluster.ask_node(each.leader, order_verb, admin::print_order(what, each.answer.volume), order_time);
      if (!said) {
        each.answer.said = not_reached(said.error());
        return;
      }
      auto read = admin::read_answer(*said);
      each.answer.said = read ? std::move(*read) : not_reached(base::make_error(base::error_kind::try_later, "its answer cannot be read"));
    });
  for (auto& t : asking) t.join();
  std::vector<admin::volume_answer> out;
  for (auto& each : all) out.push_back(std::move(each.answer));
  return out;
}

void answer_for_volumes(actors::cluster_service& cluster, actors::running_node& running, const std::shared_ptr<const admin::node_services>& services) {
  cluster.answers(order_verb, [&running, weak = std::weak_ptr(services)](const std::string&, const json::value& body) -> base::result<json::value> {
    auto order = admin::read_order(body);
    if (!order) return base::fail(base::error_kind::invalid, "the order cannot be read");
    const auto known = weak.lock();
    if (!known) return base::fail(base::error_kind::try_later, "this node ends");
    return admin::print_answer(admin::carry_out(running.volumes()->find(order->volume), order->volume, known, std::move(order->what), order_time));
  });
}

} // namespace rookery::server
