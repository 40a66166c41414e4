/// Copies a backup of a volume (storage/README.md, "Backup of a running node") to another node.
///
/// The leader makes a backup into a folder beside its store, where sealed segments are links, so that
/// nothing that is removed meanwhile is missing; then that folder is sent, file by file. The receiver
/// lays it down in `TARGET.copy` and renames it when it is complete. After a break the files that are
/// there are compared by length and checksum and not sent again. Both sides are synchronous, of one
/// thread each; who drives them keeps the pace (`copy_pace`).
#pragma once

#include "base/result.hpp"
#include "storage/file/file_system.hpp"
#include "storage/replica/copy_piece.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rookery::storage {

class copy_sender {
public:
  /// `leave_out`: names of files and folders directly in `directory` that are not sent.
  static base::result<std::unique_ptr<copy_sender>> open(file_system&, const std::string& directory,
                                                         const std::function<bool(const std::string& name)>& leave_out = {});

  /// What the receiver has already (`copy_receiver::have`); in as many frames as it likes, before the first `next`.
  /// False when it is malformed.
  bool take_have(std::string_view frame);
  /// The next frame, about `octets_most` long (1 MiB at most); empty: everything was given.
  base::result<std::string> next(std::size_t octets_most = 512u << 10);

  std::uint64_t octets_total() const noexcept { return total_; }
  std::uint64_t octets_done() const noexcept { return done_; }

private:
  struct entry {
    std::string name;
    std::uint64_t octets = 0;
  };
  struct there {
    std::uint64_t octets = 0;
    std::uint32_t crc = 0;
  };
  copy_sender(file_system& files, std::string directory) : files_(files), directory_(std::move(directory)) {}
  base::result<bool> is_there(const entry&);
  base::result<void> begin(const entry&, std::string& out);

  file_system& files_;
  std::string directory_;
  std::vector<entry> entries_;
  std::map<std::string, there, std::less<>> have_;
  std::size_t at_ = 0;
  std::unique_ptr<file> open_;
  std::uint64_t offset_ = 0;
  std::uint32_t crc_ = 0;
  std::uint64_t total_ = 0, done_ = 0;
  bool said_done_ = false;
  std::string buffer_;
};

class copy_receiver {
public:
  /// `target` must not exist. What an earlier attempt left in `target`.copy is used.
  static base::result<std::unique_ptr<copy_receiver>> open(file_system&, const std::string& target);

  /// Frames to send to the sender first; reads what is there. Empty: no more.
  base::result<std::string> have();
  /// Errors: `damaged` (a checksum, a malformed frame), `no_space`, io. Then it is opened anew.
  base::result<void> take(std::string_view frame);
  /// Everything has come: `finish` may be called.
  bool complete() const noexcept { return complete_; }
  /// Syncs, and gives the folder its name. Removes what the sender did not name.
  base::result<void> finish();
  std::uint64_t octets() const noexcept { return octets_; }

private:
  copy_receiver(file_system& files, std::string target) : files_(files), target_(std::move(target)), folder_(target_ + ".copy") {}
  base::result<void> take_pieces(std::string_view frame);
  base::result<void> begin(const copy_piece&);
  base::result<void> end(const copy_piece&);
  base::result<void> make_folder_of(const std::string& name);

  file_system& files_;
  std::string target_, folder_;
  std::vector<std::string> names_; ///< that were there at the beginning
  std::size_t told_ = 0;
  std::map<std::string, bool, std::less<>> wanted_; ///< named by the sender
  std::vector<std::string> folders_;
  std::string name_;
  std::unique_ptr<file> open_;
  std::uint64_t length_ = 0, offset_ = 0, unsynced_ = 0, octets_ = 0;
  std::uint32_t crc_ = 0;
  bool complete_ = false;
};

/// How long to rest so that no more than so many octets go in a second. Pure.
class copy_pace {
public:
  using clock = std::chrono::steady_clock;
  explicit copy_pace(std::uint64_t octets_a_second) : octets_a_second_(octets_a_second) {}
  /// To be called after `octets` went; 0 octets a second: never rests.
  std::chrono::milliseconds after(std::uint64_t octets, clock::time_point now);

private:
  std::uint64_t octets_a_second_;
  clock::time_point free_at_{};
};

} // namespace rookery::storage
