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

base::result<store_view::log_end> store_view::find_end(const std::string& log) {
  auto& files = posix_file_system();
  auto segments = list_segments(files, log);
  if (!segments && segments.error().kind != base::error_kind::not_found) return base::fail(segments.error());
  if (!segments || segments->empty()) return base::fail(base::error_kind::damaged, "The server's store is incomplete.", log + " has no segments");
  const auto last = open_segment_file(files, log, segments->back());
  if (!last) return base::fail(last.error());
  const auto epoch = read_log_epoch(files, log);
  if (!epoch) return base::fail(epoch.error());
  const auto tail = find_tail(*last, log + "/" + segment_name(segments->back()), epoch->followed);
  if (!tail) return base::fail(tail.error());
  return log_end{*segments, {segments->back(), static_cast<std::uint32_t>(tail->end)}, tail->report};
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

  auto of_log = find_end(view->log_directory());
  if (!of_log) return base::fail(of_log.error());
  view->segments = std::move(of_log->segments);
  view->tail = of_log->tail;
  view->end = of_log->end;
  const bool configuration = !view->config_apart() || has_configuration(files, directory);
  if (view->config_apart() && configuration) {
    const auto of_config = find_end(view->config_log_directory());
    if (!of_config) return base::fail(of_config.error());
    view->config_tail = of_config->tail;
    view->config_end = of_config->end;
  }

  const auto opened = view->open_machines(
      [&](const std::string& where) {
        return open_tree_view(where, scratch + "/" + std::filesystem::path(where).filename().string());
      },
      {}, configuration);
  if (!opened && opened.error().kind == base::error_kind::not_found)
    return base::fail(base::error_kind::damaged, opened.error().client.value, opened.error().log.value);
  if (!opened) return base::fail(opened.error());
  if (const auto replayed = view->replay_log(view->end, view->end); !replayed) return base::fail(replayed.error());
  if (view->config_apart() && configuration)
    if (const auto replayed = view->replay_config_log(view->config_end, view->config_end); !replayed) return base::fail(replayed.error());
  return view;
}

} // namespace rookery::storage
