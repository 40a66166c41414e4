/// What an operator wants of chat that waits for the disk: plain data.
#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace rookery::actors {

struct chat_order {
  enum class verb : std::uint8_t { archive, purge_archive, uploads, purge_uploads, send };
  verb what = verb::archive;
  std::string address;        ///< of an account or a room; uploads: "" for all; send: who says it, an account or a domain of ours
  std::string to;             ///< send: an account or a room's occupant, of ours
  std::string text;           ///< send
  std::string after;          ///< archive: an id; uploads: the id of a file
  std::optional<base::wall_time> before; ///< archive: older ones only; purge: what is older goes
  std::size_t max = 100;      ///< archive, uploads
};

} // namespace rookery::actors
