#include "storage/replica/volume_folder.hpp"

#include "storage/file/file_system.hpp"

#include <filesystem>
#include <system_error>

namespace rookery::storage {
namespace {

base::result<void> remove_all(const std::string& path) {
  std::error_code why;
  std::filesystem::remove_all(path, why);
  if (why) return base::fail(base::error_kind::io, "The server's disk does not work.", "remove " + path + ": " + why.message());
  return {};
}

} // namespace

bool is_volume_file(std::string_view name) {
  return name == "log" || name == "spool" || name == "search" || name.starts_with("mail-") || name.starts_with("chat-");
}

std::string arriving_volume(const std::string& folder) { return folder + "/volume.arrived"; }

base::result<std::string> begin_arrival(const std::string& folder) {
  auto& files = posix_file_system();
  const auto arrived = arriving_volume(folder);
  if (!files.list(arrived)) return arrived;
  const auto again = files.list(arrived + ".copy") ? remove_all(arrived) : files.rename(arrived, arrived + ".copy");
  if (!again) return base::fail(again.error());
  return arrived;
}

base::result<void> remove_volume(const std::string& folder) {
  auto& files = posix_file_system();
  const auto names = files.list(folder);
  if (!names) return names.error().kind == base::error_kind::not_found ? base::result<void>() : base::fail(names.error());
  for (const auto& path : {arriving_volume(folder), arriving_volume(folder) + ".copy"})
    if (auto gone = remove_all(path); !gone) return gone;
  for (const auto& name : *names)
    if (is_volume_file(name))
      if (auto gone = remove_all(folder + "/" + name); !gone) return gone;
  return files.sync_directory(folder);
}

// What has arrived is moved piece by piece: a piece that is still there was not moved yet.
base::result<void> settle_volume(const std::string& folder) {
  auto& files = posix_file_system();
  const auto arrived = arriving_volume(folder);
  const auto names = files.list(arrived);
  if (!names) return names.error().kind == base::error_kind::not_found ? base::result<void>() : base::fail(names.error());
  if (auto gone = remove_all(folder + "/search"); !gone) return gone; // it is of the mail that was here
  for (const auto& name : *names) {
    // A node's own folder has its identity already, and whatever else there is.
    const bool there = files.open(folder + "/" + name, open_mode::read).ok();
    if (!is_volume_file(name) && (name != "store.json" || there)) continue;
    if (auto gone = remove_all(folder + "/" + name); !gone) return gone;
    if (auto moved = files.rename(arrived + "/" + name, folder + "/" + name); !moved) return moved;
  }
  if (auto done = files.sync_directory(folder); !done) return done;
  if (auto gone = remove_all(arrived); !gone) return gone;
  return files.sync_directory(folder);
}

} // namespace rookery::storage
