#include "actors/queue/delivery_settings.hpp"

#include <algorithm>

namespace rookery::actors {

delivery::retry_settings retry_settings_of(const config::settings& s) {
  delivery::retry_settings out;
  if (auto plan = delivery::retry_plan::parse(s.queue_retry_plan)) out.plan = std::move(*plan);
  out.expire = std::chrono::seconds(s.queue_expire_seconds);
  out.expire_reports = std::chrono::seconds(s.queue_report_expire_seconds);
  out.delay_notice = std::chrono::seconds(s.queue_delay_notice_seconds);
  return out;
}

queueing::dispatcher_settings dispatcher_settings_of(const config::settings& s) {
  queueing::dispatcher_settings out;
  out.connections = static_cast<std::uint32_t>(s.queue_connections_max);
  out.failing_a_second = std::max<std::uint32_t>(1, out.connections / 5);
  out.limits.connections = static_cast<std::uint32_t>(s.queue_destination_connections_max);
  out.limits.first_connections = static_cast<std::uint32_t>(std::min(s.queue_new_destination_connections_max, s.queue_destination_connections_max));
  out.limits.messages_a_connection = static_cast<std::uint32_t>(s.queue_connection_messages_max);
  out.limits.recipients_a_transaction = static_cast<std::uint32_t>(s.queue_transaction_recipients_max);
  out.limits.messages_a_minute = static_cast<std::uint32_t>(s.queue_destination_messages_a_minute);
  return out;
}

delivery::waiting_facts waiting_facts_of(const storage::queue::envelope& e, const storage::queue::recipient& r) {
  delivery::waiting_facts out;
  out.id = e.id;
  out.begin = std::max(e.received, e.hold_until);
  out.deliver_by = e.deliver_by;
  out.deliver_by_return = e.deliver_by_return;
  out.null_sender = e.sender.empty();
  out.wants_delay = !e.sender.empty() && delivery::notifies(r.notify, delivery::happened::delayed);
  out.delay_told = r.delay_told;
  return out;
}

} // namespace rookery::actors
