#include "actors/transfer/file_export.hpp"

#include "actors/account/message_octets.hpp"
#include "actors/shard/messages.hpp"
#include "base/text.hpp"
#include "protocols/maildir/file_name.hpp"
#include "protocols/maildir/line_ends.hpp"
#include "protocols/mbox/writer.hpp"
#include "storage/file/file_entry.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

constexpr std::chrono::seconds answer_time{120};
constexpr std::size_t piece_octets = 256 * 1024;
/// Files of a Maildir between two syncs of their directory.
constexpr std::uint64_t files_a_sync = 256;
constexpr std::size_t small_file_octets_max = 1u << 20;

base::failure<base::error> stopped() { return base::fail(base::error_kind::try_later, "stopped"); }

bool is_gone(const base::error& e) { return e.kind == base::error_kind::not_found; }

} // namespace

void file_export::count(std::uint64_t messages, std::uint64_t octets) {
  run_->change([&](transfer_state& s) { s.messages += messages, s.octets += octets; });
}

base::result<void> file_export::all() {
  const auto& order = run_->order();
  std::shared_ptr<storage::mail::account_cell> account;
  self_->request(node_.shard_actor(order.account), answer_time, open_account{order.account, nullptr, nullptr})
      .receive([&](const account_handles& a) { account = a.cell; }, [](const caf::error&) {});
  if (!account) return base::fail(base::error_kind::io, "the account's mailboxes cannot be opened now");
  const auto list = account->view();
  if (!order.dry_run)
    if (auto made = files_.make_directory(order.path); !made) return made;
  std::vector<std::string> subscribed;
  for (const auto& status : list->mailboxes) {
    if (ended()) return stopped();
    const auto name = transfer::mailbox_for(order.rules, status->name);
    if (!name) continue; // not wanted
    if (status->subscribed) subscribed.push_back(*name);
    mailbox m;
    m.name = *name;
    self_->request(node_.shard_actor(order.account), answer_time, open_mailbox{order.account, status->id})
        .receive([&](const opened_mailbox& o) { m.cell = o.cell; }, [](const caf::error&) {});
    if (!m.cell) continue; // deleted meanwhile
    m.view = m.cell->view();
    run_->change([&](transfer_state& s) { s.folder = m.name, s.expected = m.view->size(); });
    if (order.dry_run) {
      for (std::uint32_t i = 0; i < m.view->size(); ++i) {
        const auto at = m.view->at(i);
        count(1, storage::mail::load_statics(*at.in).size[at.in->slot[at.row]]);
      }
    } else if (auto done = order.kind == transfer_kind::export_mbox ? mbox(m) : maildir(m); !done) {
      return done;
    }
    run_->change([](transfer_state& s) { ++s.folders; });
  }
  if (order.dry_run || order.kind == transfer_kind::export_mbox) return {};
  return files_.replace(order.path + "/subscriptions", maildir::write_subscriptions(subscribed));
}

base::result<void> file_export::each(const mailbox& m, const std::function<base::result<void>(const message&)>& f) {
  for (std::uint32_t i = 0; i < m.view->size(); ++i) {
    if (ended()) return stopped();
    const auto at = m.view->at(i);
    const auto& columns = storage::mail::load_statics(*at.in);
    const auto slot = at.in->slot[at.row];
    message one;
    one.index = i;
    one.uid = at.in->uid[at.row];
    one.octets = columns.size[slot];
    one.received = base::from_milliseconds(columns.internal_date[slot]);
    const auto flags = at.in->flags[at.row];
    one.state.system = flags & storage::mail::flag::system_mask;
    for (std::size_t k = 0; k < m.view->keywords.size(); ++k)
      if ((flags >> (storage::mail::flag::first_keyword_bit + k) & 1) != 0) one.state.keywords.push_back(m.view->keywords[k]);
    if (auto done = f(one); !done && !is_gone(done.error())) return done;
  }
  return {};
}

base::result<void> file_export::octets(const mailbox& m, const message& one, const std::function<base::result<void>(std::string_view)>& f) {
  const auto at = m.view->at(one.index);
  auto from = octets_of(*at.in, storage::mail::load_statics(*at.in), at.row);
  std::string piece;
  for (std::uint64_t done = 0; done < one.octets;) {
    piece.resize(std::min<std::uint64_t>(piece_octets, one.octets - done));
    if (auto got = read(*node_.bodies, *m.cell, from, done, piece.data(), piece.size()); !got) return got;
    if (auto taken = f(piece); !taken) return taken;
    done += piece.size();
  }
  return {};
}

base::result<void> file_export::mbox(const mailbox& m) {
  const auto& order = run_->order();
  const bool counted = order.dialect == mbox::dialect::mboxcl2;
  auto inside = maildir::directory_of(m.name, maildir::layout::fs);
  if (inside.empty()) inside = "INBOX";
  const auto path = order.path + '/' + inside + ".mbox", part = path + ".part";
  const auto directory = path.substr(0, path.rfind('/'));
  if (auto made = files_.make_directory(directory); !made) return made;
  if (auto gone = files_.remove(part); !gone && !is_gone(gone.error())) return gone;
  auto file = files_.open(part, storage::open_mode::create);
  if (!file) return base::fail(file.error());
  std::uint64_t end = 0, messages = 0, sizes = 0;
  std::string out;
  const auto write = [&]() -> base::result<void> {
    if (auto done = (*file)->write(end, out); !done) return done;
    end += out.size();
    out.clear();
    return {};
  };
  auto done = each(m, [&](const message& one) -> base::result<void> {
    mbox::body_counter count_body;
    if (counted)
      if (auto read_once = octets(m, one, [&](std::string_view p) { return count_body.add(p), base::result<void>(); }); !read_once) return read_once;
    const auto began = end + out.size();
    mbox::writer writer(counted);
    writer.begin(out, one.received, one.state, count_body.octets());
    auto all = octets(m, one, [&](std::string_view p) -> base::result<void> {
      writer.add(out, p);
      return out.size() < piece_octets ? base::result<void>() : write();
    });
    if (!all) {
      // Expunged while it was read: its beginning goes again.
      if (!is_gone(all.error())) return all;
      if (began >= end) out.resize(began - end);
      else {
        out.clear();
        end = began;
        if (auto cut = (*file)->truncate(end); !cut) return cut;
      }
      return all;
    }
    writer.end(out);
    ++messages;
    sizes += one.octets;
    return {};
  });
  if (!done) return done;
  if (done = write(); !done) return done;
  if (done = (*file)->sync(); !done) return done;
  file->reset();
  if (done = files_.rename(part, path); !done) return done;
  if (done = files_.sync_directory(directory); !done) return done;
  count(messages, sizes);
  return {};
}

base::result<void> file_export::maildir(const mailbox& m) {
  const auto& order = run_->order();
  const auto below = maildir::directory_of(m.name, order.layout);
  const auto directory = below.empty() ? order.path : order.path + '/' + below;
  for (const auto* part : {"/cur", "/new", "/tmp"})
    if (auto made = files_.make_directory(directory + part); !made) return made;
  if (!below.empty() && order.layout == maildir::layout::maildirpp)
    if (auto made = files_.replace(directory + "/maildirfolder", ""); !made) return made;
  std::unordered_set<std::string> there;
  for (const auto* part : {"/cur", "/new"}) {
    const auto names = files_.list(directory + part);
    if (!names) return base::fail(names.error());
    for (const auto& n : *names)
      if (const auto name = maildir::read_file_name(n)) there.emplace(name->base);
  }
  // The letters before the files that use them.
  maildir::keyword_letters letters;
  const auto keywords_file = directory + "/dovecot-keywords";
  if (const auto file = files_.read_all(keywords_file, small_file_octets_max)) letters = maildir::read_keywords(*file);
  const auto before = letters;
  for (const auto& k : m.view->keywords) (void)maildir::letters_for({k}, letters);
  if (letters != before)
    if (auto done = files_.replace(keywords_file, maildir::write_keywords(letters)); !done) return done;
  std::uint64_t messages = 0, sizes = 0;
  const auto settle = [&]() -> base::result<void> {
    if (auto done = files_.sync_directory(directory + "/cur"); !done) return done;
    count(messages, sizes);
    messages = sizes = 0;
    return {};
  };
  auto done = each(m, [&](const message& one) -> base::result<void> {
    const auto had = there.size();
    if (auto written = maildir_message(m, one, directory, letters, there); !written) return written;
    if (there.size() == had) return {};
    ++messages;
    sizes += one.octets;
    return messages < files_a_sync ? base::result<void>() : settle();
  });
  if (!done) {
    (void)settle();
    return done;
  }
  return settle();
}

base::result<void> file_export::maildir_message(const mailbox& m, const message& one, const std::string& directory,
                                                maildir::keyword_letters& letters, std::unordered_set<std::string>& there) {
  std::string unique = std::to_string(base::to_seconds(one.received)) + ".V" + std::to_string(m.view->status.uid_validity) + 'U' +
                       std::to_string(one.uid) + '.' + node_.host_name;
  if (there.contains(unique)) {
    run_->change([](transfer_state& s) { ++s.known; });
    return {};
  }
  const auto draft = directory + "/tmp/" + unique;
  if (auto gone = files_.remove(draft); !gone && !is_gone(gone.error())) return gone;
  auto file = files_.open(draft, storage::open_mode::create);
  if (!file) return base::fail(file.error());
  std::uint64_t end = 0;
  std::string out;
  maildir::to_file ends;
  const auto write = [&]() -> base::result<void> {
    if (auto done = (*file)->write(end, out); !done) return done;
    end += out.size();
    out.clear();
    return {};
  };
  const bool as_it_is = run_->order().crlf;
  auto done = octets(m, one, [&](std::string_view p) -> base::result<void> {
    if (as_it_is) out += p;
    else ends.add(out, p);
    return write();
  });
  if (done) {
    ends.end(out);
    done = write();
  }
  if (done) done = (*file)->sync();
  if (done) done = storage::set_modified(draft, one.received);
  file->reset();
  const bool passed = std::any_of(one.state.keywords.begin(), one.state.keywords.end(), [](const auto& k) { return base::iequals(k, "$Forwarded"); });
  const auto name = unique + ",S=" + std::to_string(end) + maildir::info_of(one.state.system, passed, maildir::letters_for(one.state.keywords, letters));
  if (done) done = files_.rename(draft, directory + "/cur/" + name);
  if (!done) {
    (void)files_.remove(draft);
    return done;
  }
  there.insert(std::move(unique));
  return {};
}

} // namespace rookery::actors
