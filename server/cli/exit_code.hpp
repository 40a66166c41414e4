/// What `rookery` tells the shell; docs/manual/administration.md lists them for people.
#pragma once

namespace rookery::cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_refused = 1;      ///< understood and refused: a value that does not fit, not allowed
inline constexpr int exit_usage = 2;        ///< the command line is wrong
inline constexpr int exit_unreachable = 3;  ///< no server answers, or no store is there
inline constexpr int exit_not_found = 4;    ///< what was named does not exist
inline constexpr int exit_conflict = 5;     ///< it exists already, or somebody else changed it meanwhile
inline constexpr int exit_damage = 6;       ///< `check` found faults
inline constexpr int exit_try_later = 7;    ///< busy, full or shutting down
inline constexpr int exit_io = 74;          ///< the disk refused (EX_IOERR)

} // namespace rookery::cli
