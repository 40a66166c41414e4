/// Of sessions that begin on a node while it has no volume of its own.
#pragma once

#include <cstdint>

namespace rookery::actors {

struct node;

/// False for the parts of a process alone: sessions that begin there go on at another node, or in another volume.
bool has_volume(const node&);
/// Where a session goes on that needs any volume's spool, when it began without one. In what the others serve already, so that the own volume
/// has no session when it could come home.
std::uint64_t volume_for_reception(const node&);

} // namespace rookery::actors
