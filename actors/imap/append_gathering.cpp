#include "actors/imap/append_gathering.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

/// So much is hashed and scanned in about a millisecond.
constexpr std::uint64_t short_work_octets = 256 * 1024;

} // namespace

void append_gathering::begin(const imap::append_message& m) {
  auto& next = *messages_.emplace_back(std::make_unique<arriving>(spill_directory_));
  next.about = m;
  octets_ += m.octets;
}

base::result<void> append_gathering::add(std::string_view octets) {
  auto& last = *messages_.back();
  last.have += octets.size();
  if (last.about.catenate) octets_ += octets.size(); // the others were announced
  return last.octets.append(octets);
}

bool append_gathering::has_empty_message() const noexcept {
  return std::any_of(messages_.begin(), messages_.end(), [](const auto& m) { return m->have == 0; });
}

bool append_gathering::long_work() const noexcept {
  return octets_ > short_work_octets ||
         std::any_of(messages_.begin(), messages_.end(), [](const auto& m) { return m->octets.spilled(); });
}

base::result<append_gathering::gathered> append_gathering::finish(base::wall_time now) {
  gathered out;
  out.command.mailbox = mailbox_;
  for (auto& m : messages_) {
    auto& message = out.command.messages.emplace_back();
    message.internal_date = m->about.internal_date.value_or(now);
    message.flags = {m->about.flags.system, m->about.flags.keywords};
    out.bodies.push_back(m->octets.finish());
    auto summary = m->octets.summarize({});
    if (!summary) return base::fail(std::move(summary).error());
    message.summary = std::move(summary).value();
  }
  return out;
}

} // namespace rookery::actors
