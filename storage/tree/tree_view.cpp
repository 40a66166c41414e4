#include "storage/tree/tree_view.hpp"

#include <filesystem>

namespace rookery::storage {

base::result<std::unique_ptr<tree>> open_tree_view(const std::string& directory, const std::string& scratch) {
  namespace fs = std::filesystem;
  std::error_code fault;
  if (!fs::exists(fs::path(directory) / "CURRENT", fault))
    return base::fail(base::error_kind::not_found, "The server's store is incomplete.", "there is no tree in " + directory);
  const auto failed = [&] {
    return base::fail(base::error_kind::io, "The store cannot be read", directory + ": " + fault.message());
  };
  fs::create_directories(scratch, fault);
  if (fault) return failed();
  for (const auto& entry : fs::directory_iterator(directory, fs::directory_options::none, fault)) {
    const auto name = entry.path().filename();
    if (name == "LOCK" || name == "LOG" || name == "LOG.old") continue;
    const auto to = fs::path(scratch) / name;
    if (name.extension() == ".ldb" || name.extension() == ".sst") fs::create_symlink(fs::absolute(entry.path()), to, fault);
    else fs::copy_file(entry.path(), to, fault);
    if (fault) return failed();
  }
  if (fault) return failed();
  return tree::open_leveldb(scratch, {.read_only_check = true});
}

} // namespace rookery::storage
