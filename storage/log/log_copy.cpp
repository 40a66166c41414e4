#include "storage/log/log_copy.hpp"

#include <algorithm>

namespace rookery::storage {
namespace {

constexpr std::size_t piece_octets = 1u << 20;

base::result<void> copy_file(file_system& files, const std::string& from, const std::string& to, std::uint64_t octets) {
  auto source = files.open(from, open_mode::read);
  if (!source) return base::fail(source.error());
  auto target = files.open(to, open_mode::create);
  if (!target) return base::fail(target.error());
  std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(piece_octets, octets)), '\0');
  for (std::uint64_t at = 0; at < octets;) {
    const auto count = (*source)->read(at, piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), octets - at)));
    if (!count) return base::fail(count.error());
    if (*count == 0) return base::fail(base::error_kind::damaged, "The server's store is damaged.", from + " is too short");
    if (auto done = (*target)->write(at, std::string_view(piece).substr(0, *count)); !done) return done;
    at += *count;
  }
  return (*target)->sync();
}

} // namespace

base::result<log_copy_plan> plan_log_copy(file_system& files, const std::string& directory, log_position until) {
  const auto numbers = list_segments(files, directory);
  if (!numbers) return base::fail(numbers.error());
  log_copy_plan plan;
  plan.until = until;
  for (const auto number : *numbers) {
    if (number > until.segment) break;
    if (number == until.segment) {
      plan.parts.push_back({number, until.offset, false});
      continue;
    }
    auto opened = files.open(directory + "/" + segment_name(number), open_mode::read);
    if (!opened) return base::fail(opened.error());
    const auto size = (*opened)->size();
    if (!size) return base::fail(size.error());
    plan.parts.push_back({number, *size, true});
  }
  if (plan.parts.empty() || plan.parts.back().segment != until.segment)
    return base::fail(base::error_kind::not_found, "The server's store is incomplete.",
                      directory + "/" + segment_name(until.segment) + " is missing");
  return plan;
}

base::result<void> copy_log(file_system& files, const std::string& directory, const log_copy_plan& plan,
                            const std::string& to, bool link_sealed, const std::function<bool(std::uint64_t)>& progress) {
  if (auto made = files.make_directory(to); !made) return made;
  std::uint64_t octets = 0;
  for (const auto& part : plan.parts) {
    const auto name = "/" + segment_name(part.segment);
    bool done = false;
    if (part.whole && link_sealed) {
      const auto linked = files.link(directory + name, to + name);
      if (!linked && linked.error().kind != base::error_kind::unsupported) return linked;
      done = linked.ok();
    }
    if (!done)
      if (auto copied = copy_file(files, directory + name, to + name, part.octets); !copied) return copied;
    octets += part.octets;
    if (progress && !progress(octets))
      return base::fail(base::error_kind::try_later, "The backup was stopped.");
  }
  return files.sync_directory(to);
}

base::result<log_report> check_log_copy(file_system& files, const std::string& directory, log_position until) {
  auto report = check_log(files, directory);
  if (!report) return report;
  const auto numbers = list_segments(files, directory);
  if (!numbers) return base::fail(numbers.error());
  if (numbers->empty() || numbers->back() != until.segment) {
    report->faults.push_back(directory + ": the last segment is not number " + std::to_string(until.segment));
    return report;
  }
  const auto end = for_each_record(files, directory, until.segment, [](const record_place&, std::string_view) { return true; });
  if (end && *end != until.offset)
    report->faults.push_back(directory + "/" + segment_name(until.segment) + ": ends at offset " + std::to_string(*end) +
                             " instead of " + std::to_string(until.offset));
  return report;
}

} // namespace rookery::storage
