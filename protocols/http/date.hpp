/// The date as HTTP writes it: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
#pragma once

#include "base/clock.hpp"

#include <string>

namespace rookery::http {

std::string date_text(base::wall_time);

} // namespace rookery::http
