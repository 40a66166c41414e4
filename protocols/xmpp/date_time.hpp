/// Moments as text.
///
/// Source: XEP-0082 (a profile of ISO 8601).
#pragma once

#include "base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rookery::xmpp {

/// "2026-11-21T22:35:00.123Z"; milliseconds only where there are some.
std::string date_time(base::wall_time);
/// With any zone; fractions beyond milliseconds are cut. Nothing for what is no moment.
std::optional<base::wall_time> read_date_time(std::string_view text);

} // namespace rookery::xmpp
