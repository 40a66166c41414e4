#include "actors/queue/messages.hpp"

#include <cstdio>

namespace rookery::actors {

smtp::mailbox mailbox_of(std::string_view address) {
  if (address.empty()) return {};
  auto read = smtp::read_mailbox(address);
  return read ? std::move(*read) : smtp::mailbox{std::string(address), {}};
}

std::string message_name(base::message_id id) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(id.value));
  return text;
}

} // namespace rookery::actors
