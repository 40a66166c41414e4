#include "storage/node/store_view.hpp"

#include "storage/log/log_epoch.hpp"
#include "storage/log/log_reader.hpp"
#include "storage/log/tail_recovery.hpp"
#include "storage/tree/tree_view.hpp"

#include <filesystem>
#include <system_error>

#include <stdlib.h>
#include <unistd.h>

namespace rookery::storage {

store_view::~store_view() {
  chat.clear();
  mail.clear();
  spool.reset();
  config.reset();
  std::error_code fault;
  if (!scratch_.empty()) std::filesystem::remove_all(scratch_, fault);
  if (lock_ >= 0) ::close(lock_);
}

base::result<std::unique_ptr<store_view>> store_view::open(const std::string& directory) {
  auto& files = posix_file_system();
  auto identity = read_store_identity(directory);
  if (!identity) return base::fail(identity.error());
  auto view = std::make_unique<store_view>();
  view->directory = directory;
  view->identity = *identity;
  auto lock = lock_store(directory, false);
  if (!lock) return base::fail(lock.error());
  view->lock_ = *lock;
  std::string scratch = (std::filesystem::temp_directory_path() / "rookery-view-XXXXXX").string();
  if (::mkdtemp(scratch.data()) == nullptr)
    return base::fail(base::error_kind::io, "The store cannot be read", "no folder can be made in " + std::filesystem::temp_directory_path().string());
  view->scratch_ = scratch;

  const auto segments = list_segments(files, view->log_directory());
  if (!segments) return base::fail(segments.error());
  view->segments = *segments;
  if (segments->empty())
    return base::fail(base::error_kind::damaged, "The server's store is incomplete.", view->log_directory() + " has no segments");
  const auto last = open_segment_file(files, view->log_directory(), segments->back());
  if (!last) return base::fail(last.error());
  const auto epoch = read_log_epoch(files, view->log_directory());
  if (!epoch) return base::fail(epoch.error());
  const auto tail = find_tail(*last, view->log_directory() + "/" + segment_name(segments->back()), epoch->followed);
  if (!tail) return base::fail(tail.error());
  view->tail = tail->report;
  view->end = {segments->back(), static_cast<std::uint32_t>(tail->end)};

  const auto opened = view->open_machines(
      [&](const std::string& where) {
        return open_tree_view(where, scratch + "/" + std::filesystem::path(where).filename().string());
      },
      {});
  if (!opened && opened.error().kind == base::error_kind::not_found)
    return base::fail(base::error_kind::damaged, opened.error().client.value, opened.error().log.value);
  if (!opened) return base::fail(opened.error());
  if (const auto replayed = view->replay_log(view->end, view->end); !replayed) return base::fail(replayed.error());
  return view;
}

} // namespace rookery::storage
