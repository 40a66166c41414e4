// INPROGRESS: a long command is still running (RFC 9585).
#include "actors/imap/imap_host.hpp"

namespace rookery::actors {

void imap_host::tell_progress(std::function<std::pair<std::uint32_t, std::uint32_t>()> how_far) {
  if (settings_->limits.progress_time.count() != 0) return tell_progress_later(commands_, std::move(how_far));
  const auto [done, goal] = how_far();
  session_.writer().ok(imap::in_progress_code(session_.tag(), done, goal), "Begun");
}

void imap_host::tell_progress_later(std::uint64_t command,
                                    std::function<std::pair<std::uint32_t, std::uint32_t>()> how_far) {
  link().after(settings_->limits.progress_time, [this, command, how_far = std::move(how_far)] {
    if (command != commands_ || !session_.command_open()) return;
    const auto [done, goal] = how_far();
    session_.writer().ok(imap::in_progress_code(session_.tag(), done, goal), "Still at work");
    tell_progress_later(command, how_far);
  });
}

} // namespace rookery::actors
