#include "storage/file/spill_file.hpp"

#include "storage/file/file_system.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace rookery::storage {
namespace {

base::failure<base::error> refused(const char* step, int code) {
  const bool full = code == ENOSPC || code == EDQUOT;
  return base::fail(full ? base::error_kind::no_space : base::error_kind::io,
                    full ? "The server's disk is full." : "The server's disk does not work.",
                    std::string(step) + " a spill file: " + std::strerror(code));
}

} // namespace

base::result<std::unique_ptr<spill_file>> spill_file::open(const std::string& directory) {
  int descriptor = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    auto name = directory + "/spill.XXXXXX";
    descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor >= 0) ::unlink(name.c_str());
  }
  if (descriptor < 0) return refused("open", errno);
  return std::unique_ptr<spill_file>(new spill_file(descriptor));
}

spill_file::~spill_file() { ::close(descriptor_); }

base::result<void> spill_file::append(std::string_view octets) {
  while (!octets.empty()) {
    const auto n = ::pwrite(descriptor_, octets.data(), octets.size(), static_cast<off_t>(size_));
    if (n < 0) {
      if (errno == EINTR) continue;
      return refused("write", errno);
    }
    size_ += static_cast<std::uint64_t>(n);
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

base::result<std::size_t> spill_file::read(std::uint64_t offset, char* out, std::size_t octets) const {
  return read_descriptor(descriptor_, offset, out, octets);
}

} // namespace rookery::storage
