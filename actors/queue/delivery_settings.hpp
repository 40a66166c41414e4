/// The settings of outgoing mail in the words of its policies.
#pragma once

#include "actors/config/settings.hpp"
#include "policy/delivery/notifications.hpp"
#include "policy/delivery/retry_plan.hpp"
#include "policy/queueing/dispatcher.hpp"
#include "storage/queue/envelope_record.hpp"

namespace rookery::actors {

delivery::retry_settings retry_settings_of(const config::settings&);
queueing::dispatcher_settings dispatcher_settings_of(const config::settings&);
delivery::waiting_facts waiting_facts_of(const storage::queue::envelope&, const storage::queue::recipient&);

} // namespace rookery::actors
