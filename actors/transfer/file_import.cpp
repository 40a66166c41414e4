#include "actors/transfer/file_import.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "protocols/maildir/file_name.hpp"
#include "protocols/maildir/line_ends.hpp"
#include "storage/file/file_entry.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace rookery::actors {
namespace {

constexpr std::size_t piece_octets = 256 * 1024;
constexpr unsigned depth_max = transfer::directory_depth_max;
constexpr std::size_t folders_max = transfer::folders_max;
constexpr std::size_t small_file_octets_max = 1u << 20;
constexpr std::size_t uid_list_octets_max = 1u << 30;
constexpr std::string_view mbox_end = ".mbox";

storage::mail::flag_set flags_of(mbox::message_state state) { return {state.system, std::move(state.keywords)}; }

base::failure<base::error> stopped() { return base::fail(base::error_kind::try_later, "stopped"); }

} // namespace

void file_import::leave_out(const std::string& what, const std::string& why) {
  const auto text = base::printable(what + ": " + why);
  base::log_event(base::severity::warning, "transfer.left_out").number("transfer", static_cast<std::int64_t>(run_->id())).text("what", text);
  run_->change([&](transfer_state& s) {
    ++s.left_out;
    if (s.reason.empty()) s.reason = text;
  });
}

bool file_import::known(std::uint64_t key) {
  if (!to_.copied().take(key)) return false;
  run_->change([](transfer_state& s) { ++s.known; });
  return true;
}

base::result<void> file_import::take(copied_message m) {
  if (run_->order().dry_run) {
    run_->change([&](transfer_state& s) { ++s.messages, s.octets += m.body.length; });
    return {};
  }
  batch_octets_ += m.body.length;
  batch_.push_back(std::move(m));
  if (batch_.size() < transfer::batch_messages_max && batch_octets_ < transfer::batch_octets_max) return {};
  return flush();
}

base::result<void> file_import::flush() {
  batch_octets_ = 0;
  return to_.add(batch_);
}

base::result<void> file_import::end_folder() {
  if (auto done = flush(); !done) return done;
  if (auto done = to_.end(0); !done) return done;
  run_->change([](transfer_state& s) { ++s.folders; });
  return {};
}

base::result<void> file_import::mbox(const std::string& path) {
  const auto entry = storage::entry_at(path);
  if (!entry) return base::fail(entry.error());
  if (entry->what == storage::file_entry::kind::directory) return mbox_directory(path, {});
  if (entry->what != storage::file_entry::kind::regular) return base::fail(base::error_kind::invalid, path + " is no file");
  const auto& named = run_->order().mailbox;
  return mbox_file(path, path, named.empty() ? "INBOX" : named);
}

base::result<void> file_import::mbox_directory(const std::string& root, const std::string& below) {
  if (std::count(below.begin(), below.end(), '/') > depth_max) return {};
  const auto names = files_.list(below.empty() ? root : root + '/' + below);
  if (!names) return base::fail(names.error());
  for (const auto& n : *names) {
    if (n.front() == '.') continue;
    const auto inside = below.empty() ? n : below + '/' + n;
    const auto entry = storage::entry_at(root + '/' + inside);
    if (!entry) continue; // gone meanwhile
    if (entry->what == storage::file_entry::kind::directory) {
      if (const auto done = mbox_directory(root, inside); !done) return done;
      continue;
    }
    if (entry->what != storage::file_entry::kind::regular || !n.ends_with(mbox_end)) continue;
    const auto folder = maildir::mailbox_of(inside.substr(0, inside.size() - mbox_end.size()), maildir::layout::fs);
    if (!folder) {
      leave_out(inside, "names no mailbox");
      continue;
    }
    const auto mailbox = transfer::mailbox_for(run_->order().rules, *folder);
    if (!mailbox) continue; // not wanted
    if (const auto done = mbox_file(root + '/' + inside, *folder, *mailbox); !done) return done;
  }
  return {};
}

base::result<void> file_import::mbox_file(const std::string& path, const std::string& folder, const std::string& mailbox) {
  const auto& order = run_->order();
  const auto file = files_.open(path, storage::open_mode::read);
  if (!file) return base::fail(file.error());
  run_->change([&](transfer_state& s) { s.folder = folder; });
  copy_target::folder what;
  what.source = "mbox:" + order.path;
  what.name = folder;
  what.mailbox = mailbox;
  what.subscribe = true;
  if (const auto begun = to_.begin(std::move(what)); !begun) return begun;
  mbox::reader reader(order.dialect);
  std::string piece(piece_octets, '\0');
  copied_message m;
  bool passed = false, none = false;
  std::uint64_t at = 0, begins = 0;
  const auto handle = [&]() -> base::result<void> {
    while (auto e = reader.next()) {
      if (auto* b = std::get_if<mbox::reader::message_begin>(&*e)) {
        begins = b->offset;
        passed = b->internal;
        m = {};
        m.received = b->received;
        m.flags = flags_of(std::move(b->state));
        m.octets = to_.gather();
      } else if (auto* c = std::get_if<mbox::reader::chunk>(&*e)) {
        if (!m.octets || m.octets->size() + c->octets.size() > transfer_message_octets_max) m.octets.reset(); // too large
        else if (auto done = m.octets->append(c->octets); !done) return done;
      } else if (std::get_if<mbox::reader::message_end>(&*e) != nullptr) {
        if (passed) continue;
        if (!m.octets) {
          leave_out(folder + " at " + std::to_string(begins), "the message is too large");
          continue;
        }
        m.body = m.octets->finish();
        m.key = transfer::key_of(base::view(m.body.id));
        if (known(m.key)) continue;
        if (auto done = take(std::exchange(m, {})); !done) return done;
      } else {
        none = true;
      }
    }
    return {};
  };
  for (;;) {
    if (to_.ended()) return stopped();
    const auto got = (*file)->read(at, piece.data(), piece.size());
    if (!got) return base::fail(got.error());
    if (*got == 0) break;
    at += *got;
    reader.feed(std::string_view(piece).substr(0, *got));
    if (auto done = handle(); !done) return done;
  }
  reader.finish();
  if (auto done = handle(); !done) return done;
  if (none) {
    leave_out(folder, "is no mbox file: it does not begin with a line \"From \" and a date");
    return {};
  }
  return end_folder();
}

base::result<void> file_import::find_folders(const std::string& root, const std::string& below, unsigned depth, std::vector<place>& into) {
  const auto& order = run_->order();
  const bool flat = order.layout == maildir::layout::maildirpp;
  const auto names = files_.list(below.empty() ? root : root + '/' + below);
  if (!names) return base::fail(names.error());
  for (const auto& n : *names) {
    if (flat && n.front() != '.') continue;
    const auto inside = below.empty() ? n : below + '/' + n;
    const auto entry = storage::entry_at(root + '/' + inside);
    if (!entry || entry->what != storage::file_entry::kind::directory) continue;
    const auto folder = maildir::mailbox_of(inside, order.layout);
    const bool holds = storage::entry_at(root + '/' + inside + "/cur").ok();
    if (!folder) {
      if (holds) leave_out(inside, "names no mailbox");
      continue;
    }
    if (holds) {
      if (into.size() >= folders_max) return base::fail(base::error_kind::over_limit, "there are too many folders");
      if (auto mailbox = transfer::mailbox_for(order.rules, *folder)) into.push_back({inside, std::move(*mailbox), *folder});
    }
    if (!flat && depth < depth_max)
      if (const auto done = find_folders(root, inside, depth + 1, into); !done) return done;
  }
  return {};
}

base::result<void> file_import::maildir(const std::string& root) {
  const auto& order = run_->order();
  if (!storage::entry_at(root + "/cur").ok() && order.layout == maildir::layout::maildirpp)
    return base::fail(base::error_kind::invalid, root + " is no Maildir: it has no folder cur");
  std::vector<place> folders;
  if (storage::entry_at(root + "/cur").ok())
    if (auto mailbox = transfer::mailbox_for(order.rules, "INBOX")) folders.push_back({"", std::move(*mailbox), "INBOX"});
  if (const auto found = find_folders(root, {}, 0, folders); !found) return found;
  // A folder without a list of its own counts as subscribed.
  std::vector<std::string> subscribed;
  bool listed = false;
  for (const auto* name : {"/subscriptions", "/courierimapsubscribed"}) {
    const auto file = files_.read_all(root + name, small_file_octets_max);
    if (!file) continue;
    listed = true;
    subscribed = maildir::read_subscriptions(*file, order.layout);
    break;
  }
  for (const auto& f : folders) {
    if (to_.ended()) return stopped();
    const bool on = !listed || f.name == "INBOX" || std::find(subscribed.begin(), subscribed.end(), f.name) != subscribed.end();
    if (const auto done = maildir_folder(root, f, on); !done) return done;
  }
  return {};
}

base::result<void> file_import::maildir_folder(const std::string& root, const place& where, bool subscribed) {
  const auto directory = where.directory.empty() ? root : root + '/' + where.directory;
  run_->change([&](transfer_state& s) { s.folder = where.name; });
  copy_target::folder what;
  what.source = "maildir:" + run_->order().path;
  what.name = where.name;
  what.mailbox = where.mailbox;
  what.subscribe = subscribed;
  if (const auto begun = to_.begin(std::move(what)); !begun) return begun;
  maildir::keyword_letters letters;
  if (const auto file = files_.read_all(directory + "/dovecot-keywords", small_file_octets_max)) letters = maildir::read_keywords(*file);
  struct found {
    std::string path;
    std::uint64_t order;
  };
  std::vector<found> all;
  for (const auto* part : {"/cur/", "/new/"}) {
    const auto names = files_.list(directory + part);
    if (!names) continue;
    for (const auto& n : *names) {
      const auto name = maildir::read_file_name(n);
      if (!name) continue;
      if (all.size() >= transfer::folder_messages_max) return base::fail(base::error_kind::over_limit, "the folder has too many messages");
      all.push_back({part + n, name->delivered.value_or(UINT64_MAX)});
    }
  }
  // UIDs say the order, where Dovecot has kept them; else times and names do.
  if (const auto file = files_.read_all(directory + "/dovecot-uidlist", uid_list_octets_max)) {
    std::unordered_map<std::string_view, std::uint64_t> uids;
    std::uint64_t next = 0;
    for (const auto base : maildir::read_uid_order(*file)) uids.emplace(base, next++);
    for (auto& f : all) {
      const auto known_uid = uids.find(maildir::read_file_name(std::string_view(f.path).substr(5))->base);
      f.order = known_uid != uids.end() ? known_uid->second : next + (f.order & 0xffffffffffffu);
    }
  }
  std::sort(all.begin(), all.end(), [](const found& a, const found& b) {
    return a.order != b.order ? a.order < b.order : a.path.substr(5) < b.path.substr(5);
  });
  run_->change([&](transfer_state& s) { s.expected = all.size(); });
  for (const auto& f : all) {
    if (to_.ended()) return stopped();
    const auto name = maildir::read_file_name(std::string_view(f.path).substr(5));
    copied_message m;
    m.key = transfer::key_of(base::view(base::sha256(name->base)));
    if (known(m.key)) continue;
    m.flags = flags_of(maildir::state_of(*name, letters));
    if (const auto done = message_file(directory + f.path, std::move(m)); !done) return done;
  }
  return end_folder();
}

base::result<void> file_import::message_file(const std::string& path, copied_message m) {
  const auto entry = storage::entry_at(path);
  if (!entry && entry.error().kind == base::error_kind::not_found) return {}; // renamed or removed meanwhile: the next run looks again
  if (!entry || entry->what != storage::file_entry::kind::regular) {
    leave_out(path, "is no file");
    return {};
  }
  if (entry->octets > transfer_message_octets_max) {
    leave_out(path, "the message is too large");
    return {};
  }
  const auto file = files_.open(path, storage::open_mode::read);
  if (!file) {
    if (file.error().kind != base::error_kind::not_found) leave_out(path, file.error().log.value);
    return {};
  }
  if (m.received == base::wall_time{}) m.received = entry->modified;
  m.octets = to_.gather();
  maildir::to_mail ends;
  std::string piece(std::min<std::uint64_t>(piece_octets, entry->octets + 1), '\0'), mail;
  for (std::uint64_t at = 0;;) {
    const auto got = (*file)->read(at, piece.data(), piece.size());
    if (!got) return base::fail(got.error());
    if (*got == 0) break;
    at += *got;
    mail.clear();
    ends.add(mail, std::string_view(piece).substr(0, *got));
    if (auto done = m.octets->append(mail); !done) return done;
  }
  m.body = m.octets->finish();
  return take(std::move(m));
}

} // namespace rookery::actors
