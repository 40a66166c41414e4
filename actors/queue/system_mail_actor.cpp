#include "actors/queue/system_mail_actor.hpp"

#include "actors/queue/dispatch_actor.hpp"
#include "actors/queue/spool_commit.hpp"
#include "actors/queue/system_order.hpp"
#include "actors/queue/waiting.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"
#include "storage/queue/spool_machine.hpp"

#include <set>

namespace rookery::actors {
namespace {

/// The log takes nothing for a moment, or something could not be read.
constexpr std::chrono::seconds run_again{2};

struct system_mail_state {
  node* of = nullptr;
  caf::actor dispatch;
  std::set<base::message_id> stopped; ///< while the queue is frozen
  static inline const char* name = "system_mail_actor";
};
using self_ptr = caf::stateful_actor<system_mail_state>*;

bool frozen(const node& n) {
  const auto record = n.delivery->get()->queue(system_queue);
  return record && record->frozen;
}

/// The order's first octets as its reader would see them.
std::optional<std::string> text_of(node& n, const storage::queue::envelope& e) {
  std::string text = e.prefix;
  const auto at = text.size();
  text.resize(at + std::min<std::size_t>(e.content.length, order_octets_max));
  const auto got = n.bodies->read(e.content, 0, text.data() + at, text.size() - at);
  if (!got) {
    base::log_event(base::severity::error, "system.unreadable").text("message", message_name(e.id)).text("error", got.error().log.value);
    return std::nullopt;
  }
  text.resize(at + *got);
  return text;
}

/// False: to be run again.
bool run(node& n, const caf::actor& dispatch, base::message_id id) {
  static auto& orders = base::counter_named("rookery_system_orders_total", "", "Orders by mail to the system account");
  auto found = n.spool->view()->find(id);
  if (!found || found->held || found->queue != system_queue) return true;
  const auto message = std::make_shared<const storage::queue::envelope>(std::move(*found));
  const order_tools tools{n, dispatch};
  const auto account = n.directory->get()->account(message->account);
  if (!account || !account->may_log_in()) {
    base::log_event(base::severity::notice, "system.not_obeyed").text("message", message_name(id)).text("login", message->login);
    return tools.commit(spool_group(n.clock->wall(), {storage::queue::removed{id}})) != nullptr;
  }
  const auto text = text_of(n, *message);
  if (!text) return false;
  const auto order = read_order(message, account, *text);
  auto answer = run_order(tools, order);
  if (!answer) return false;
  base::log_event(base::severity::info, "system.order")
      .text("message", message_name(id)).text("account", account->address).text("order", base::printable(order.subject, 100))
      .text("answer", base::printable(answer->subject, 100));
  if (!tools.commit(end_of_order(n, order, std::move(*answer)))) return false;
  orders.add();
  return true;
}

void take(self_ptr self, base::message_id id) {
  auto& st = self->state;
  if (frozen(*st.of)) {
    st.stopped.insert(id);
    return;
  }
  if (!run(*st.of, st.dispatch, id)) self->delayed_send(self, run_again, system_mail{id});
}

caf::behavior system_mail_actor(self_ptr self, node* of) {
  self->state.of = of;
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  return {[self](const system_mail& m) {
            const auto from = self->current_sender();
            if (from && from != self->ctrl()) self->state.dispatch = caf::actor_cast<caf::actor>(from);
            take(self, m.id);
          },
          [self](delivery_configured) {
            for (const auto id : std::exchange(self->state.stopped, {})) take(self, id);
          }};
}

} // namespace

caf::actor spawn_system_mail(caf::actor_system& system, node& n) {
  return system.spawn<caf::detached + caf::hidden>(system_mail_actor, &n);
}

} // namespace rookery::actors
