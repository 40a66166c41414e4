#include "storage/file/file_system.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

namespace rookery::storage {
namespace {

base::failure<base::error> refused(const char* step, const std::string& path, int code) {
  auto kind = base::error_kind::io;
  auto client = "The server's disk does not work.";
  switch (code) {
    case ENOENT: kind = base::error_kind::not_found; break;
    case EEXIST: kind = base::error_kind::exists; break;
    case EXDEV: kind = base::error_kind::unsupported; break;
    case ENOSPC:
    case EDQUOT:
      kind = base::error_kind::no_space;
      client = "The server's disk is full.";
      break;
    default: break;
  }
  return base::fail(kind, client, std::string(step) + " " + path + ": " + std::strerror(code));
}

base::result<std::size_t> read_fully(int descriptor, std::uint64_t offset, char* out, std::size_t octets,
                                     const std::string& path) {
  std::size_t done = 0;
  while (done < octets) {
    const auto n = ::pread(descriptor, out + done, octets - done, static_cast<off_t>(offset + done));
    if (n < 0) {
      if (errno == EINTR) continue;
      return refused("read", path, errno);
    }
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

class posix_file final : public file {
public:
  posix_file(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  posix_file(const posix_file&) = delete;
  posix_file& operator=(const posix_file&) = delete;
  ~posix_file() override { ::close(descriptor_); }

  base::result<void> write(std::uint64_t offset, std::span<const std::string_view> pieces) override {
    static constexpr std::size_t vectors_max = 1024; // IOV_MAX of Linux
    std::array<iovec, vectors_max> vectors;
    std::size_t next = 0;
    std::size_t taken = 0; // octets of pieces[next] that are written
    while (next < pieces.size()) {
      std::size_t count = 0;
      auto skip = taken;
      for (auto i = next; i < pieces.size() && count < vectors_max; ++i, skip = 0)
        vectors[count++] = {const_cast<char*>(pieces[i].data()) + skip, pieces[i].size() - skip};
      const auto n = ::pwritev(descriptor_, vectors.data(), static_cast<int>(count), static_cast<off_t>(offset));
      if (n < 0) {
        if (errno == EINTR) continue;
        return refused("write", path_, errno);
      }
      auto written = static_cast<std::size_t>(n);
      offset += written;
      while (next < pieces.size() && written >= pieces[next].size() - taken) {
        written -= pieces[next].size() - taken;
        ++next;
        taken = 0;
      }
      taken += written;
    }
    return {};
  }

  base::result<std::size_t> read(std::uint64_t offset, char* out, std::size_t octets) const override {
    return read_fully(descriptor_, offset, out, octets, path_);
  }

  quick_read try_read(std::uint64_t offset, char* out, std::size_t octets) const noexcept override {
    if (octets == 0) return {quick_read::state::octets, 0};
    const iovec vector{out, octets};
    auto n = ::preadv2(descriptor_, &vector, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    if (n < 0 && errno == EOPNOTSUPP) // a file system in memory: it does not wait
      n = ::preadv(descriptor_, &vector, 1, static_cast<off_t>(offset));
    if (n > 0) return {quick_read::state::octets, static_cast<std::size_t>(n)};
    if (n == 0) return {quick_read::state::end, 0};
    if (errno == EAGAIN || errno == EINTR) return {quick_read::state::would_block, 0};
    return {quick_read::state::failed, 0};
  }

  base::result<void> sync() override {
    if (::fdatasync(descriptor_) != 0) return refused("fdatasync", path_, errno);
    return {};
  }

  void start_writing(std::uint64_t offset, std::uint64_t octets) noexcept override {
    (void)::sync_file_range(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(octets), SYNC_FILE_RANGE_WRITE);
  }

  base::result<std::uint64_t> size() const override {
    struct stat facts {};
    if (::fstat(descriptor_, &facts) != 0) return refused("stat", path_, errno);
    return static_cast<std::uint64_t>(facts.st_size);
  }

  base::result<void> preallocate(std::uint64_t octets) override {
    const auto length = static_cast<off_t>(octets);
    int code = 0;
    do code = ::fallocate(descriptor_, 0, 0, length) == 0 ? 0 : errno;
    while (code == EINTR);
    if (code == EOPNOTSUPP) code = ::posix_fallocate(descriptor_, 0, length);
    if (code != 0) return refused("allocate", path_, code);
    return {};
  }

  base::result<void> truncate(std::uint64_t octets) override {
    if (::ftruncate(descriptor_, static_cast<off_t>(octets)) != 0) return refused("truncate", path_, errno);
    return {};
  }

private:
  int descriptor_;
  std::string path_;
};

class posix_files final : public file_system {
public:
  base::result<std::unique_ptr<file>> open(const std::string& path, open_mode mode) override {
    int flags = O_CLOEXEC;
    switch (mode) {
      case open_mode::read: flags |= O_RDONLY; break;
      case open_mode::write: flags |= O_RDWR; break;
      case open_mode::create: flags |= O_RDWR | O_CREAT | O_EXCL; break;
    }
    const int descriptor = ::open(path.c_str(), flags, 0600);
    if (descriptor < 0) return refused("open", path, errno);
    return std::unique_ptr<file>(std::make_unique<posix_file>(descriptor, path));
  }

  base::result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return refused("rename", from, errno);
    return {};
  }

  base::result<void> link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) != 0) {
      const bool never = errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP;
      return refused("link", from, never ? EXDEV : errno);
    }
    return {};
  }

  base::result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return refused("remove", path, errno);
    return {};
  }

  base::result<std::vector<std::string>> list(const std::string& directory) const override {
    DIR* const stream = ::opendir(directory.c_str());
    if (stream == nullptr) return refused("list", directory, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
      std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const int code = errno;
    ::closedir(stream);
    if (code != 0) return refused("list", directory, code);
    std::sort(names.begin(), names.end());
    return names;
  }

  base::result<void> make_directory(const std::string& path) override {
    for (auto slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
      const auto part = path.substr(0, slash);
      if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) return refused("make directory", part, errno);
      if (slash == std::string::npos) return {};
    }
  }

  base::result<void> sync_directory(const std::string& path) override {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return refused("open directory", path, errno);
    const int code = ::fsync(descriptor) == 0 ? 0 : errno;
    ::close(descriptor);
    if (code != 0) return refused("sync directory", path, code);
    return {};
  }

  base::result<std::uint64_t> free_octets(const std::string& path) const override {
    struct statvfs facts {};
    if (::statvfs(path.c_str(), &facts) != 0) return refused("measure the volume of", path, errno);
    return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
  }
};

} // namespace

base::result<std::string> file_system::read_all(const std::string& path, std::size_t octets_max) {
  auto opened = open(path, open_mode::read);
  if (!opened) return base::fail(opened.error());
  const auto size = (*opened)->size();
  if (!size) return base::fail(size.error());
  if (*size > octets_max)
    return base::fail(base::error_kind::over_limit, "A file of the server is too large.", path + " is too large");
  std::string contents(static_cast<std::size_t>(*size), '\0');
  const auto count = (*opened)->read(0, contents.data(), contents.size());
  if (!count) return base::fail(count.error());
  contents.resize(*count);
  return contents;
}

base::result<void> file_system::replace(const std::string& path, std::string_view contents) {
  const auto fresh = path + ".new";
  if (auto gone = remove(fresh); !gone && gone.error().kind != base::error_kind::not_found) return gone;
  {
    auto opened = open(fresh, open_mode::create);
    if (!opened) return base::fail(opened.error());
    if (auto done = (*opened)->write(0, contents); !done) return done;
    if (auto done = (*opened)->sync(); !done) return done;
  }
  if (auto done = rename(fresh, path); !done) return done;
  const auto slash = path.rfind('/');
  return sync_directory(slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash));
}

file_system& posix_file_system() {
  static posix_files files;
  return files;
}

base::result<std::size_t> read_descriptor(int descriptor, std::uint64_t offset, char* out, std::size_t octets) {
  return read_fully(descriptor, offset, out, octets, "a spill file");
}

} // namespace rookery::storage
