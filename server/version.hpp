/// What this program calls itself.
#pragma once

namespace rookery::server {

inline constexpr char version[] = "0.1.0";

} // namespace rookery::server
