#include "actors/cluster/path_probe.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace rookery::actors {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds look_again{100};

std::chrono::microseconds since(clock::time_point t) { return std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - t); }

std::string file_of(const std::string& path, const std::string& nonce, const std::string& of) { return path + "/.rookery-probe-" + nonce + '-' + of; }
std::string content_of(const std::string& nonce, std::uint64_t node) { return "rookery " + nonce + ' ' + std::to_string(node) + '\n'; }

base::failure<base::error> failed(const std::string& what) {
  return base::fail(base::error_kind::invalid, what + ": " + std::generic_category().message(errno));
}

std::string type_name(const struct ::statfs& s) {
  switch (static_cast<unsigned long>(s.f_type)) {
  case 0x6969: return "nfs";
  case 0xff534d42: case 0xfe534d42: case 0x517b: return "smb";
  case 0x00c36400: return "ceph";
  case 0x65735546: return "fuse";
  case 0x01161970: return "gfs2";
  case 0x7461636f: return "ocfs2";
  case 0xef53: return "ext";
  case 0x58465342: return "xfs";
  case 0x9123683e: return "btrfs";
  case 0x2fc12fc1: return "zfs";
  case 0x01021994: return "tmpfs";
  case 0x794c7630: return "overlay";
  default: break;
  }
  char out[24];
  std::snprintf(out, sizeof out, "0x%lx", static_cast<unsigned long>(s.f_type));
  return out;
}

} // namespace

bool is_probe_nonce(const std::string& n) {
  return n.size() >= 16 && n.size() <= 64 && std::all_of(n.begin(), n.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

path_probe::~path_probe() {
  for (const auto& [nonce, fd] : held_) ::close(fd);
}

base::result<path_probe::written> path_probe::write(const std::string& path, const std::string& nonce, std::uint64_t self) {
  if (path.empty() || path.front() != '/' || !is_probe_nonce(nonce)) return base::fail(base::error_kind::invalid, "a path begins with /");
  struct ::stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return failed("the path cannot be looked at");
  if (!S_ISDIR(facts.st_mode)) return base::fail(base::error_kind::invalid, "the path is no directory");
  written out;
  struct ::statfs system {};
  struct ::statvfs space {};
  if (::statfs(path.c_str(), &system) == 0) out.type = type_name(system);
  if (::statvfs(path.c_str(), &space) == 0) {
    out.free = std::uint64_t{space.f_bavail} * space.f_frsize;
    out.total = std::uint64_t{space.f_blocks} * space.f_frsize;
  }
  const auto content = content_of(nonce, self);
  auto begin = clock::now();
  const int fd = ::open(file_of(path, nonce, std::to_string(self)).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return failed("no file can be made there");
  const bool whole = ::write(fd, content.data(), content.size()) == static_cast<::ssize_t>(content.size());
  out.write = since(begin);
  begin = clock::now();
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = whole && ::fsync(fd) == 0 && directory >= 0 && ::fsync(directory) == 0;
  const int why = errno;
  out.sync = since(begin);
  if (directory >= 0) ::close(directory);
  const bool closed = ::close(fd) == 0;
  if (!synced || !closed) {
    if (!synced) errno = why;
    return failed(whole ? "what is written cannot be synced" : "nothing can be written");
  }
  return out;
}

path_probe::seen path_probe::read(const std::string& path, const std::string& nonce, const std::vector<std::uint64_t>& nodes) {
  seen out;
  if (!is_probe_nonce(nonce)) return out;
  auto wanted = nodes;
  for (const auto until = clock::now() + sight_time;;) {
    std::erase_if(wanted, [&](std::uint64_t node) {
      const auto begin = clock::now();
      const int fd = ::open(file_of(path, nonce, std::to_string(node)).c_str(), O_RDONLY | O_CLOEXEC);
      if (fd < 0) return false;
      char content[256];
      const auto got = ::read(fd, content, sizeof content);
      ::close(fd);
      if (got < 0 || std::string(content, static_cast<std::size_t>(got)) != content_of(nonce, node)) return false;
      out.read = std::max(out.read, since(begin));
      out.nodes.push_back(node);
      return true;
    });
    if (wanted.empty() || clock::now() >= until) break;
    std::this_thread::sleep_for(look_again);
  }
  std::sort(out.nodes.begin(), out.nodes.end());
  return out;
}

path_probe::lock_answer path_probe::lock(const std::string& path, const std::string& nonce) {
  if (!is_probe_nonce(nonce)) return lock_answer::failed;
  const int fd = ::open(file_of(path, nonce, "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660);
  if (fd < 0) return lock_answer::failed;
  struct ::flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd, F_SETLK, &whole) != 0) {
    const bool busy = errno == EACCES || errno == EAGAIN;
    ::close(fd);
    return busy ? lock_answer::busy : lock_answer::failed;
  }
  const std::lock_guard hold(lock_);
  held_.emplace_back(nonce, fd);
  if (held_.size() > locks_max) {
    ::close(held_.front().second);
    held_.erase(held_.begin());
  }
  return lock_answer::taken;
}

void path_probe::unlock(const std::string& nonce) {
  const std::lock_guard hold(lock_);
  std::erase_if(held_, [&](const auto& h) {
    if (h.first != nonce) return false;
    ::close(h.second);
    return true;
  });
}

void path_probe::clean(const std::string& path, const std::string& nonce, std::uint64_t self) {
  if (!is_probe_nonce(nonce)) return;
  unlock(nonce);
  (void)::unlink(file_of(path, nonce, std::to_string(self)).c_str());
  (void)::unlink(file_of(path, nonce, "lock").c_str());
}

std::vector<std::string> path_warnings(const std::string& path, const std::vector<path_finding>& all, const lock_finding& locks) {
  std::vector<std::string> out;
  const auto name_of = [&](std::uint64_t node) {
    const auto at = std::find_if(all.begin(), all.end(), [node](const auto& f) { return f.node == node; });
    return at == all.end() ? std::to_string(node) : at->name;
  };
  std::size_t asked = 0;
  for (const auto& f : all) {
    if (!f.fault.empty()) {
      out.push_back(f.name + ": " + f.fault);
      continue;
    }
    ++asked;
    std::string missing;
    for (const auto& other : all)
      if (other.fault.empty() && std::find(f.seen.nodes.begin(), f.seen.nodes.end(), other.node) == f.seen.nodes.end()) missing += (missing.empty() ? "" : ", ") + other.name;
    if (!missing.empty()) out.push_back(f.name + " does not see what is written by " + missing + ": " + path + " is not the same storage there");
    if (f.written.sync > slow_sync) out.push_back(f.name + ": syncing took " + std::to_string(f.written.sync.count() / 1000) + " ms");
    if (f.written.total != 0 && f.written.free < path_free_least) out.push_back(f.name + ": " + std::to_string(f.written.free >> 20) + " MiB are left there");
  }
  if (asked > 1) {
    if (locks.holder == 0) out.push_back("no node could lock a file there: the storage has no locks (fcntl)");
    for (const auto node : locks.beside) out.push_back(name_of(node) + " got a lock that " + name_of(locks.holder) + " held: locks do not work between the nodes");
    for (const auto node : locks.failed) out.push_back(name_of(node) + " could not try to lock");
    if (locks.holder != 0 && locks.beside.empty() && !locks.passed_on) out.push_back("a lock that was let go was not given to another node");
  }
  return out;
}

} // namespace rookery::actors
