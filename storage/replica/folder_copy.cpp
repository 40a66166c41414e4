#include "storage/replica/folder_copy.hpp"

#include "base/crc32c.hpp"

#include <algorithm>
#include <utility>

namespace rookery::storage {
namespace {

constexpr std::size_t read_octets = 256u << 10;
constexpr std::uint64_t unsynced_octets_max = 16u << 20;
constexpr std::string_view part_name = ".part";

base::failure<base::error> broken(const std::string& what) {
  return base::fail(base::error_kind::damaged, "The copy is damaged.", what);
}

/// Names of the files in `directory` and in its folders; no deeper.
base::result<std::vector<std::string>> files_in(file_system& files, const std::string& directory,
                                                const std::function<bool(const std::string&)>& leave_out) {
  const auto names = files.list(directory);
  if (!names) return base::fail(names.error());
  std::vector<std::string> all;
  for (const auto& name : *names) {
    if (leave_out && leave_out(name)) continue;
    if (const auto inner = files.list(directory + "/" + name)) {
      for (const auto& file : *inner) all.push_back(name + "/" + file);
    } else {
      all.push_back(name);
    }
  }
  return all;
}

/// What a tree keeps beside its records.
bool is_trifle(std::string_view name) {
  const auto last = name.substr(name.rfind('/') == std::string_view::npos ? 0 : name.rfind('/') + 1);
  return last == "LOCK" || last == "LOG" || last == "LOG.old" || last == "lock";
}

base::result<std::uint32_t> crc_of(file_system& files, const std::string& path, std::uint64_t octets) {
  auto opened = files.open(path, open_mode::read);
  if (!opened) return base::fail(opened.error());
  std::string buffer(static_cast<std::size_t>(std::min<std::uint64_t>(read_octets, octets)), '\0');
  std::uint32_t crc = 0;
  for (std::uint64_t at = 0; at < octets;) {
    const auto count = (*opened)->read(at, buffer.data(), static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), octets - at)));
    if (!count) return base::fail(count.error());
    if (*count == 0) return broken(path + " became shorter");
    crc = base::crc32c(std::string_view(buffer).substr(0, *count), crc);
    at += *count;
  }
  return crc;
}

base::result<std::uint64_t> size_of(file_system& files, const std::string& path) {
  auto opened = files.open(path, open_mode::read);
  if (!opened) return base::fail(opened.error());
  return (*opened)->size();
}

} // namespace

// Sending.

base::result<std::unique_ptr<copy_sender>> copy_sender::open(file_system& files, const std::string& directory,
                                                             const std::function<bool(const std::string&)>& leave_out) {
  std::unique_ptr<copy_sender> out(new copy_sender(files, directory));
  auto names = files_in(files, directory, leave_out);
  if (!names) return base::fail(names.error());
  for (auto& name : *names) {
    if (is_trifle(name)) continue;
    if (!is_copy_name(name)) return base::fail(base::error_kind::invalid, "The copy cannot be sent.", directory + "/" + name + " is no file of a store");
    const auto octets = size_of(files, directory + "/" + name);
    if (!octets) return base::fail(octets.error());
    out->total_ += *octets;
    out->entries_.push_back({std::move(name), *octets});
  }
  if (out->entries_.size() > copy_files_max) return base::fail(base::error_kind::over_limit, "The copy cannot be sent.", directory + " has too many files");
  return out;
}

bool copy_sender::take_have(std::string_view frame) {
  const auto pieces = read_copy_pieces(frame);
  if (!pieces) return false;
  for (const auto& p : *pieces) {
    if (p.kind != copy_kind::have || have_.size() >= copy_files_max) return false;
    have_.insert_or_assign(std::string(p.octets), there{p.number, p.crc});
  }
  return true;
}

base::result<bool> copy_sender::is_there(const entry& e) {
  const auto found = have_.find(e.name);
  if (found == have_.end() || found->second.octets != e.octets) return false;
  const auto crc = crc_of(files_, directory_ + "/" + e.name, e.octets);
  if (!crc) return base::fail(crc.error());
  return *crc == found->second.crc;
}

base::result<void> copy_sender::begin(const entry& e, std::string& out) {
  const auto known = is_there(e);
  if (!known) return base::fail(known.error());
  if (*known) {
    write_copy_piece({copy_kind::kept, 0, 0, e.name}, out);
    done_ += e.octets;
    ++at_;
    return {};
  }
  auto opened = files_.open(directory_ + "/" + e.name, open_mode::read);
  if (!opened) return base::fail(opened.error());
  open_ = std::move(*opened);
  offset_ = 0;
  crc_ = 0;
  write_copy_piece({copy_kind::file, e.octets, 0, e.name}, out);
  return {};
}

base::result<std::string> copy_sender::next(std::size_t octets_most) {
  std::string out;
  octets_most = std::min<std::size_t>(octets_most, 512u << 10);
  if (buffer_.empty()) buffer_.resize(read_octets);
  while (out.size() < octets_most && at_ < entries_.size()) {
    const auto& e = entries_[at_];
    if (!open_) {
      if (auto done = begin(e, out); !done) return base::fail(done.error());
      if (!open_) break; // what is there was read in full: a frame may go meanwhile
    }
    if (offset_ < e.octets) {
      const auto count = open_->read(offset_, buffer_.data(), static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), e.octets - offset_)));
      if (!count) return base::fail(count.error());
      if (*count == 0) return broken(directory_ + "/" + e.name + " became shorter");
      const auto octets = std::string_view(buffer_).substr(0, *count);
      crc_ = base::crc32c(octets, crc_);
      write_copy_piece({copy_kind::octets, 0, 0, octets}, out);
      offset_ += *count;
      done_ += *count;
      continue;
    }
    write_copy_piece({copy_kind::end, crc_, 0, {}}, out);
    open_.reset();
    ++at_;
  }
  if (at_ == entries_.size() && out.size() < octets_most && !std::exchange(said_done_, true))
    write_copy_piece({copy_kind::done, entries_.size(), 0, {}}, out);
  return out;
}

// Receiving.

base::result<std::unique_ptr<copy_receiver>> copy_receiver::open(file_system& files, const std::string& target) {
  if (files.list(target)) return base::fail(base::error_kind::exists, "The volume is there already.", target + " exists");
  std::unique_ptr<copy_receiver> out(new copy_receiver(files, target));
  if (auto made = files.make_directory(out->folder_); !made) return base::fail(made.error());
  auto names = files_in(files, out->folder_, {});
  if (!names) return base::fail(names.error());
  for (auto& name : *names) {
    if (name.size() > part_name.size() && name.ends_with(part_name)) {
      if (auto gone = files.remove(out->folder_ + "/" + name); !gone) return base::fail(gone.error());
    } else {
      out->names_.push_back(std::move(name));
    }
  }
  std::sort(out->names_.begin(), out->names_.end());
  return out;
}

base::result<std::string> copy_receiver::have() {
  std::string out;
  if (told_ == names_.size()) return out;
  const auto& name = names_[told_++];
  const auto octets = size_of(files_, folder_ + "/" + name);
  if (!octets) return base::fail(octets.error());
  const auto crc = crc_of(files_, folder_ + "/" + name, *octets);
  if (!crc) return base::fail(crc.error());
  write_copy_piece({copy_kind::have, *octets, *crc, name}, out);
  return out;
}

base::result<void> copy_receiver::make_folder_of(const std::string& name) {
  const auto slash = name.find('/');
  if (slash == std::string::npos) return {};
  const auto folder = name.substr(0, slash);
  if (std::find(folders_.begin(), folders_.end(), folder) != folders_.end()) return {};
  if (auto made = files_.make_directory(folder_ + "/" + folder); !made) return made;
  folders_.push_back(folder);
  return {};
}

base::result<void> copy_receiver::begin(const copy_piece& p) {
  name_ = p.octets;
  if (!wanted_.emplace(name_, true).second) return broken(name_ + " comes twice");
  if (auto made = make_folder_of(name_); !made) return made;
  if (auto gone = files_.remove(folder_ + "/" + name_); !gone && gone.error().kind != base::error_kind::not_found) return gone;
  auto opened = files_.open(folder_ + "/" + name_ + std::string(part_name), open_mode::create);
  if (!opened) return base::fail(opened.error());
  open_ = std::move(*opened);
  length_ = p.number;
  offset_ = unsynced_ = 0;
  crc_ = 0;
  return {};
}

base::result<void> copy_receiver::end(const copy_piece& p) {
  if (offset_ != length_) return broken(name_ + " is too short");
  if (crc_ != p.number) return broken(name_ + " has another checksum than the leader's");
  if (auto done = open_->sync(); !done) return done;
  open_.reset();
  return files_.rename(folder_ + "/" + name_ + std::string(part_name), folder_ + "/" + name_);
}

base::result<void> copy_receiver::take(std::string_view frame) {
  auto done = take_pieces(frame);
  if (!done) complete_ = false;
  return done;
}

base::result<void> copy_receiver::take_pieces(std::string_view frame) {
  const auto pieces = read_copy_pieces(frame);
  if (!pieces) return broken("a frame that cannot be read");
  for (const auto& p : *pieces) {
    if (complete_) return broken("something behind the end");
    const bool within = p.kind == copy_kind::octets || p.kind == copy_kind::end;
    if (within != (open_ != nullptr)) return broken("a piece out of order");
    switch (p.kind) {
      case copy_kind::file:
        if (auto done = begin(p); !done) return done;
        break;
      case copy_kind::octets:
        if (p.octets.size() > length_ - offset_) return broken(name_ + " is too long");
        if (auto done = open_->write(offset_, p.octets); !done) return done;
        crc_ = base::crc32c(p.octets, crc_);
        offset_ += p.octets.size();
        octets_ += p.octets.size();
        unsynced_ += p.octets.size();
        if (unsynced_ > unsynced_octets_max) { // the disk has something to do before the end
          open_->start_writing(offset_ - unsynced_, unsynced_);
          unsynced_ = 0;
        }
        break;
      case copy_kind::end:
        if (auto done = end(p); !done) return done;
        break;
      case copy_kind::kept:
        if (!std::binary_search(names_.begin(), names_.end(), p.octets)) return broken("a file is taken for there that is not");
        if (!wanted_.emplace(std::string(p.octets), true).second) return broken(std::string(p.octets) + " comes twice");
        if (auto made = make_folder_of(std::string(p.octets)); !made) return made;
        break;
      case copy_kind::done:
        if (p.number != wanted_.size()) return broken("files are missing");
        complete_ = true;
        break;
      case copy_kind::have: return broken("a piece of the other direction");
    }
    if (wanted_.size() > copy_files_max) return broken("too many files");
  }
  return {};
}

base::result<void> copy_receiver::finish() {
  if (!complete_) return broken("the copy is not complete");
  for (const auto& name : names_)
    if (wanted_.count(name) == 0)
      if (auto gone = files_.remove(folder_ + "/" + name); !gone) return gone;
  for (const auto& folder : folders_)
    if (auto done = files_.sync_directory(folder_ + "/" + folder); !done) return done;
  if (auto done = files_.sync_directory(folder_); !done) return done;
  if (auto done = files_.rename(folder_, target_); !done) return done;
  const auto slash = target_.rfind('/');
  return files_.sync_directory(slash == std::string::npos ? "." : slash == 0 ? "/" : target_.substr(0, slash));
}

std::chrono::milliseconds copy_pace::after(std::uint64_t octets, clock::time_point now) {
  if (octets_a_second_ == 0) return {};
  free_at_ = std::max(free_at_, now) + std::chrono::microseconds(octets * 1'000'000 / octets_a_second_);
  return std::chrono::duration_cast<std::chrono::milliseconds>(free_at_ - now);
}

} // namespace rookery::storage
