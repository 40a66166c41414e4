/// What an operator wants of chat rooms: plain data.
#pragma once

#include "protocols/json/value.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace rookery::actors {

struct room_order {
  enum class verb : std::uint8_t { list, show, create, configure, destroy, members, set_member, history };
  verb what = verb::list;
  std::string room;           ///< its address; of list: the domain, "" for all
  std::string address;        ///< create: the first owner; set_member: whose
  std::string affiliation;    ///< set_member: owner, admin, member, none, outcast
  std::string text;           ///< destroy, set_member: the reason
  std::string alternate;      ///< destroy: where to go instead
  std::string after;          ///< list: an address; history: an id
  std::size_t max = 100;
  json::value settings;       ///< create, configure: members as `show` gives them
};

} // namespace rookery::actors
