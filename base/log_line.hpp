/// A log event as a line for people.
#pragma once

#include <string>
#include <string_view>

namespace rookery::base {

/// `members` are those of an event as JSON without braces, "time" and "event" first, as
/// base::log_event writes them: strings have no escapes but \" and \\. Gives
/// "2026-11-21T14:00:00.000Z info smtp.accepted session=ab12 octets=400 text=\"two words\"", without
/// the end of the line. With `journald` a priority stands in front, and time and level are left out:
/// the journal has them.
std::string log_text_line(std::string_view members, std::string_view level, int priority, bool journald);

} // namespace rookery::base
