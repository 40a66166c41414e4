#include "storage/file/file_entry.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>

namespace rookery::storage {
namespace {

base::failure<base::error> refused(const std::string& path, int code) {
  return base::fail(code == ENOENT ? base::error_kind::not_found : base::error_kind::io, "The file cannot be looked at.",
                    path + ": " + std::strerror(code));
}

} // namespace

base::result<file_entry> entry_at(const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return refused(path, errno);
  file_entry out;
  out.what = S_ISREG(facts.st_mode) ? file_entry::kind::regular : S_ISDIR(facts.st_mode) ? file_entry::kind::directory : file_entry::kind::other;
  out.octets = static_cast<std::uint64_t>(facts.st_size);
  out.modified = base::from_milliseconds(std::int64_t{facts.st_mtim.tv_sec} * 1000 + facts.st_mtim.tv_nsec / 1'000'000);
  return out;
}

base::result<void> set_modified(const std::string& path, base::wall_time when) {
  const auto ms = base::to_milliseconds(when);
  ::timespec times[2]{};
  times[0].tv_sec = times[1].tv_sec = base::to_seconds(when);
  times[0].tv_nsec = times[1].tv_nsec = (ms - base::to_seconds(when) * 1000) * 1'000'000;
  if (::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) return refused(path, errno);
  return {};
}

} // namespace rookery::storage
