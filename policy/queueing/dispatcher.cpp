#include "policy/queueing/dispatcher_state.hpp"

namespace rookery::queueing {

std::vector<std::chrono::seconds> destination_limits::default_pauses() {
  using namespace std::chrono_literals;
  return {5min, 10min, 20min, 40min, 1h, 2h, 4h};
}

std::string_view word(destination_state s) noexcept {
  switch (s) {
  case destination_state::idle: return "idle";
  case destination_state::waiting: return "waiting";
  case destination_state::active: return "active";
  case destination_state::down: return "down";
  case destination_state::rated: return "rated";
  case destination_state::closed: return "closed";
  case destination_state::paused: return "paused";
  case destination_state::on_request: return "on request";
  }
  return "";
}

dispatcher::dispatcher(dispatcher_settings s) : state_(std::make_unique<state>(std::move(s))) {}
dispatcher::~dispatcher() = default;
dispatcher::dispatcher(dispatcher&&) noexcept = default;
dispatcher& dispatcher::operator=(dispatcher&&) noexcept = default;

void dispatcher::put(const waiting_message& m, wall_time now) { state_->put(m, ms(now)); }
void dispatcher::remove(base::message_id id) { state_->remove(id.value); }
bool dispatcher::contains(base::message_id id) const noexcept { return state_->contains(id.value); }
bool dispatcher::in_flight(base::message_id id) const noexcept { return state_->in_flight(id.value); }
std::vector<part_status> dispatcher::parts(base::message_id id) const { return state_->parts_of(id.value); }

std::optional<slot> dispatcher::next_open(wall_time now) { return state_->next_open(ms(now)); }
taken dispatcher::take(connection_number c, wall_time now, std::uint32_t recipients_max) {
  return state_->take(c, ms(now), recipients_max);
}
void dispatcher::ended(std::uint64_t t, end_reason how, wall_time now) { state_->end(t, how, nullptr, ms(now)); }
void dispatcher::ended(std::uint64_t t, end_reason how, const std::vector<still_waiting>& waiting, wall_time now) {
  state_->end(t, how, &waiting, ms(now));
}
void dispatcher::closed(connection_number c, close_reason how, std::string_view why, wall_time now) {
  state_->closed(c, how, why, ms(now));
}
void dispatcher::in_vain(connection_number c) { state_->in_vain(c); }
std::optional<connection_number> dispatcher::admit(std::string_view d, wall_time now) { return state_->admit(d, ms(now)); }
void dispatcher::release(std::string_view d, wall_time now) { state_->release(d, ms(now)); }
void dispatcher::set_shared(bool on, wall_time now) { state_->set_shared(on, ms(now)); }
void dispatcher::share(const destination_share& s, wall_time now) { state_->share(s, ms(now)); }
std::vector<destination_need> dispatcher::take_needs(wall_time now) { return state_->take_needs(ms(now)); }
std::optional<transaction> dispatcher::next_lapsed(wall_time now) { return state_->next_lapsed(ms(now)); }
std::optional<wall_time> dispatcher::wake_at() const {
  const auto t = state_->wake_at();
  return t ? std::optional(at(*t)) : std::nullopt;
}

void dispatcher::set_queue(std::string_view queue, bool frozen, delivery::schedule hours, wall_time now) {
  state_->set_queue(queue, frozen, std::move(hours), ms(now));
}
bool dispatcher::queue_open(std::string_view queue, wall_time now) const { return state_->queue_open(queue, ms(now)); }
void dispatcher::pause(std::string_view d, std::string_view why, wall_time now) { state_->pause(d, why, ms(now)); }
void dispatcher::unpause(std::string_view d, wall_time now) { state_->unpause(d, ms(now)); }
void dispatcher::retry_message(base::message_id id, wall_time now) { state_->retry_message(id.value, ms(now)); }
void dispatcher::retry_destination(std::string_view d, wall_time now) { state_->retry_destination(d, ms(now)); }
void dispatcher::retry_queue(std::string_view queue, wall_time now) { state_->retry_queue(queue, ms(now)); }
void dispatcher::set_settings(dispatcher_settings s, wall_time now) { state_->set_settings(std::move(s), ms(now)); }
void dispatcher::set_limits(std::string_view d, std::optional<destination_limits> limits, wall_time now) {
  state_->set_limits(d, std::move(limits), ms(now));
}
std::optional<destination_status> dispatcher::status(std::string_view d, wall_time now) const {
  return state_->status(d, ms(now));
}
std::vector<destination_status> dispatcher::list(std::string_view after, std::size_t max, wall_time now) const {
  return state_->list(after, max, ms(now));
}
dispatcher_counts dispatcher::counts() const noexcept { return state_->counts(); }
std::uint64_t dispatcher::waiting_in(std::string_view queue) const noexcept { return state_->waiting_in(queue); }

} // namespace rookery::queueing
