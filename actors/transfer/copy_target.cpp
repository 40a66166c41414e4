#include "actors/transfer/copy_target.hpp"

#include "actors/shard/messages.hpp"
#include "base/text.hpp"
#include "policy/routing/recipient_route.hpp"
#include "protocols/mbox/message_state.hpp"
#include "storage/queue/spool_machine.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace rookery::actors {
namespace {

constexpr std::chrono::seconds answer_time{120};
/// While much waits for the log, a copy waits too.
constexpr std::chrono::milliseconds gate_rest{20};
constexpr std::chrono::hours note_time{24 * 400};
constexpr std::size_t notes_a_page = 500;
/// Notes dropped in one commit.
constexpr std::size_t drop_batch = 500;

base::failure<base::error> refused(std::string text) {
  return base::fail(base::error_kind::io, std::move(text));
}

std::string_view reason(storage::outcome what) {
  switch (what) {
  case storage::outcome::over_limit: return "a limit of the account is reached";
  case storage::outcome::no_such_mailbox: return "the mailbox was removed meanwhile";
  case storage::outcome::not_allowed: return "the name is not allowed";
  default: return "the store refused it";
  }
}

} // namespace

copy_target::copy_target(caf::scoped_actor& self, node& n, transfer_run_ptr run)
    : self_(self), node_(n), run_(std::move(run)) {}

base::result<void> copy_target::open() {
  const auto& order = run_->order();
  self_->request(node_.shard_actor(order.account), answer_time, open_account{order.account, nullptr, nullptr})
      .receive([this](const account_handles& a) { account_ = a.cell; }, [](const caf::error&) {});
  if (!account_) return refused("the account's mailboxes cannot be opened now");
  return {};
}

storage::shard_command copy_target::mail_command(storage::mail::any_command what) const {
  const auto account = run_->order().account;
  storage::shard_command c;
  c.shard = node_.shard_of(account);
  c.payload = storage::mail::encode({account, node_.clock->wall(), std::move(what)});
  return c;
}

storage::shard_command copy_target::note(std::string key, std::string value) const {
  const auto now = node_.clock->wall();
  storage::queue::put_note n;
  n.space = transfer::note_space;
  n.key = std::move(key);
  n.value = std::move(value);
  n.until = now + note_time;
  storage::shard_command c;
  c.shard = storage::spool_shard;
  c.payload = storage::queue::encode({now, std::move(n)});
  return c;
}

storage::shard_command copy_target::drop(std::string key) const {
  storage::shard_command c;
  c.shard = storage::spool_shard;
  c.payload = storage::queue::encode({node_.clock->wall(), storage::queue::drop_note{std::string(transfer::note_space), std::move(key)}});
  return c;
}

base::result<std::vector<storage::command_result>> copy_target::commit(storage::commit_group group, std::shared_ptr<void> keep) {
  auto request = std::make_shared<commit_request>();
  for (const auto& b : group.bodies) request->octets += b.length;
  for (const auto& c : group.commands) request->octets += c.payload.size();
  request->group = std::move(group);
  request->reply_to = caf::actor_cast<caf::strong_actor_ptr>(self_.ptr());
  request->token = ++token_;
  request->keep = std::move(keep);
  while (!node_.gate->enter(request->octets)) {
    if (node_.gate->closed()) return base::fail(base::error_kind::try_later, "the server ends");
    std::this_thread::sleep_for(gate_rest);
  }
  caf::anon_send(node_.log, request);
  commit_done_ptr answer;
  while (!answer || answer->token != token_) {
    bool came = false;
    self_->receive([&](const commit_done_ptr& d) { answer = d, came = true; }, caf::after(answer_time) >> [] {});
    if (!came) return refused("the log did not answer");
  }
  if (answer->error) return base::fail(*answer->error);
  return answer->results;
}

base::result<void> copy_target::open_mailbox_named(const folder& f) {
  const auto& order = run_->order();
  cell_.reset();
  mailbox_ = {};
  auto view = account_->view();
  const auto* there = view->find(f.mailbox);
  if (there == nullptr && order.dry_run) return {};
  if (there == nullptr) {
    // A use is given once: another mailbox may have it already.
    const bool taken = std::any_of(view->mailboxes.begin(), view->mailboxes.end(), [&](const auto& m) { return m->special_use == f.special_use; });
    storage::commit_group group;
    group.commands.push_back(mail_command(storage::mail::create_mailbox{f.mailbox, taken ? "" : f.special_use}));
    const auto done = commit(std::move(group));
    if (!done) return base::fail(done.error());
    if (done->front().what != storage::outcome::done && done->front().what != storage::outcome::mailbox_exists)
      return refused("the mailbox " + f.mailbox + " cannot be made: " + std::string(reason(done->front().what)));
    view = account_->view();
    there = view->find(f.mailbox);
    if (there == nullptr) return refused("the mailbox " + f.mailbox + " is not there");
  }
  mailbox_ = there->id;
  if (f.subscribe && !there->subscribed && !order.dry_run) {
    storage::commit_group group;
    group.commands.push_back(mail_command(storage::mail::subscribe{f.mailbox, true}));
    if (const auto done = commit(std::move(group)); !done) return base::fail(done.error());
  }
  self_->request(node_.shard_actor(order.account), answer_time, open_mailbox{order.account, mailbox_})
      .receive([this](const opened_mailbox& o) { cell_ = o.cell; }, [](const caf::error&) {});
  if (!cell_) return refused("the mailbox " + f.mailbox + " cannot be opened now");
  return {};
}

base::result<void> copy_target::begin(folder f) {
  const auto& order = run_->order();
  copied_ = {};
  head_ = {};
  last_.reset();
  next_number_ = 0;
  if (const auto opened = open(); !opened) return opened; // it may have been let go meanwhile
  if (const auto opened = open_mailbox_named(f); !opened) return opened;
  prefix_ = transfer::folder_prefix(order.account.value, f.source, f.name, f.mailbox);
  const auto spool = node_.spool->view();
  const auto head = spool->note(transfer::note_space, prefix_ + "head");
  if (head) head_ = transfer::read_head(head->value).value_or(transfer::copied_head{});
  const auto validity = cell_ ? cell_->view()->status.uid_validity : 0;
  const bool same = head && cell_ && head_.mailbox == mailbox_.value && head_.mailbox_validity == validity;
  if (same && !order.again && head_.uid_validity != f.uid_validity)
    return base::fail(base::error_kind::conflict, "the folder " + f.name + " has another UIDVALIDITY than when it was copied: its messages cannot be told from those "
                   "that are here; --again copies all of them");
  if (same && !order.again) return load();
  if (order.dry_run) return {};
  if (const auto done = forget(); !done) return done;
  head_ = {};
  head_.uid_validity = f.uid_validity;
  head_.mailbox = mailbox_.value;
  head_.mailbox_validity = validity;
  head_.about = f.source + ' ' + f.name + " to " + order.address + ' ' + f.mailbox;
  storage::commit_group group;
  group.commands.push_back(note(prefix_ + "head", transfer::encode(head_)));
  const auto done = commit(std::move(group));
  if (!done) return base::fail(done.error());
  if (done->front().what == storage::outcome::over_limit) return refused("there is no room for notes of what is copied");
  return {};
}

base::result<void> copy_target::load() {
  const auto spool = node_.spool->view();
  std::string after;
  for (;;) {
    const auto some = spool->notes(transfer::note_space, prefix_ + "b", notes_a_page, after);
    for (const auto& n : some) {
      const auto number = static_cast<std::uint32_t>(std::strtoul(n.key.substr(prefix_.size() + 1).c_str(), nullptr, 16));
      next_number_ = number + 1;
      auto batch = transfer::read_batch(n.value);
      if (!batch) return base::fail(base::error_kind::damaged, "a note of what was copied cannot be read; --again copies all");
      if (batch->uid == 0) {
        if (const auto found = find_place(number, std::move(*batch)); !found) return found;
      } else if (!copied_.add(*batch)) {
        return base::fail(base::error_kind::over_limit, "more messages were copied than one folder may have");
      }
    }
    if (some.size() < notes_a_page) break;
    after = some.back().key;
  }
  copied_.close();
  return {};
}

/// The last batch before an end that was no orderly one: is it in the mailbox?
base::result<void> copy_target::find_place(std::uint32_t number, transfer::copied_batch batch) {
  const auto view = cell_->view();
  std::vector<transfer::stored_message> stored;
  for (auto i = view->lower_bound(batch.uid_from); i < view->size(); ++i) {
    const auto at = view->at(i);
    const auto& columns = storage::mail::load_statics(*at.in);
    stored.push_back({at.in->uid[at.row], transfer::key_of(base::view(columns.body[at.in->slot[at.row]].id))});
  }
  const auto place = transfer::place_of(batch, stored);
  if (place) {
    batch.uid = *place;
    batch.digests.clear();
    if (!copied_.add(batch)) return base::fail(base::error_kind::over_limit, "more messages were copied than one folder may have");
  }
  if (run_->order().dry_run) return {};
  storage::commit_group group;
  const auto key = transfer::batch_key(prefix_, number);
  group.commands.push_back(place ? note(key, transfer::encode(batch)) : drop(key));
  if (const auto done = commit(std::move(group)); !done) return base::fail(done.error());
  return {};
}

base::result<void> copy_target::forget() {
  for (;;) {
    const auto some = node_.spool->view()->notes(transfer::note_space, prefix_, drop_batch, {});
    if (some.empty()) return {};
    storage::commit_group group;
    for (const auto& n : some) group.commands.push_back(drop(n.key));
    if (const auto done = commit(std::move(group)); !done) return base::fail(done.error());
  }
}

/// A mailbox has so many keywords; what is beyond is left out.
void copy_target::fit(storage::mail::flag_set& flags) {
  std::erase_if(flags.keywords, [this](const std::string& word) {
    if (!mbox::is_keyword(word)) return true;
    const auto known = std::any_of(keywords_.begin(), keywords_.end(), [&](const auto& k) { return base::iequals(k, word); });
    if (known) return false;
    if (keywords_.size() >= storage::mail::flag::keywords_max) return true;
    keywords_.push_back(word);
    return false;
  });
}

base::result<void> copy_target::add(std::vector<copied_message>& messages) {
  if (messages.empty()) return {};
  keywords_ = cell_->view()->keywords;
  const auto& order = run_->order();
  std::uint64_t octets = 0;
  for (const auto& m : messages) octets += m.body.length;
  const auto count = messages.size();
  const auto account = node_.directory->get()->account(order.account);
  if (!account) return refused("the account is gone");
  const auto use = account_->view();
  if (const auto* full = routing::quota_refusal(*account, {use->octets, use->messages + count - 1}, octets))
    return base::fail(base::error_kind::over_limit, std::string(full->text));
  storage::commit_group group;
  storage::mail::append what;
  what.mailbox = mailbox_;
  transfer::copied_batch batch;
  batch.uid_from = cell_->view()->status.uid_next;
  auto keep = std::make_shared<std::vector<std::unique_ptr<message_gathering>>>();
  storage::shard_command append;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto& m = messages[i];
    auto& next = what.messages.emplace_back();
    next.internal_date = m.received;
    fit(m.flags);
    next.flags = std::move(m.flags);
    auto summary = m.octets->summarize({});
    if (!summary) return base::fail(summary.error());
    next.summary = std::move(*summary);
    batch.keys.push_back(m.key);
    batch.digests.push_back(transfer::key_of(base::view(m.body.id)));
    group.bodies.push_back(m.body);
    append.bodies.push_back(i);
    keep->push_back(std::move(m.octets));
  }
  messages.clear();
  auto command = mail_command(std::move(what));
  command.bodies = std::move(append.bodies);
  group.commands.push_back(std::move(command));
  const auto number = next_number_;
  const auto key = transfer::batch_key(prefix_, number);
  group.commands.push_back(note(key, transfer::encode(batch)));
  if (last_) group.commands.push_back(note(transfer::batch_key(prefix_, last_->first), transfer::encode(last_->second)));
  const auto done = commit(std::move(group), keep);
  if (!done) return base::fail(done.error());
  ++next_number_;
  last_.reset();
  const auto& stored = done->front();
  const bool noted = (*done)[1].what != storage::outcome::over_limit;
  if (stored.what != storage::outcome::done || stored.uids.size() != count || !noted) {
    // What the note says is not so, or nothing says what is there: as it was before.
    storage::commit_group back;
    back.commands.push_back(drop(key));
    if (!stored.uids.empty()) {
      storage::mail::expunge out;
      out.mailbox = mailbox_;
      out.uids = storage::mail::uid_ranges{{stored.uids.front(), stored.uids.back()}};
      out.even_undeleted = true;
      back.commands.push_back(mail_command(std::move(out)));
    }
    (void)commit(std::move(back));
    return refused(noted ? std::string(reason(stored.what)) : "there is no room for notes of what is copied");
  }
  batch.uid = stored.uids.front();
  batch.digests.clear();
  last_.emplace(number, std::move(batch));
  run_->change([&](transfer_state& s) { s.messages += count, s.octets += octets; });
  return {};
}

base::result<void> copy_target::set_flags(const storage::mail::uid_ranges& uids, storage::mail::flag_set flags) {
  keywords_ = cell_->view()->keywords;
  fit(flags);
  storage::mail::store_flags what;
  what.mailbox = mailbox_;
  what.uids = uids;
  what.change = storage::mail::flag_change::replace;
  what.flags = std::move(flags);
  storage::commit_group group;
  group.commands.push_back(mail_command(std::move(what)));
  const auto done = commit(std::move(group));
  if (!done) return base::fail(done.error());
  if (done->front().what != storage::outcome::done) return refused(std::string(reason(done->front().what)));
  const auto count = done->front().uids.size();
  run_->change([&](transfer_state& s) { s.flags_changed += count; });
  return {};
}

base::result<void> copy_target::remove(const storage::mail::uid_ranges& uids) {
  storage::mail::expunge what;
  what.mailbox = mailbox_;
  what.uids = uids;
  what.even_undeleted = true;
  storage::commit_group group;
  group.commands.push_back(mail_command(std::move(what)));
  const auto done = commit(std::move(group));
  if (!done) return base::fail(done.error());
  const auto count = done->front().uids.size();
  run_->change([&](transfer_state& s) { s.expunged += count; });
  return {};
}

base::result<void> copy_target::end(std::uint64_t highest_modseq) {
  if (run_->order().dry_run) return {};
  storage::commit_group group;
  if (last_) group.commands.push_back(note(transfer::batch_key(prefix_, last_->first), transfer::encode(last_->second)));
  last_.reset();
  if (highest_modseq != head_.highest_modseq) {
    head_.highest_modseq = highest_modseq;
    group.commands.push_back(note(prefix_ + "head", transfer::encode(head_)));
  }
  if (group.commands.empty()) return {};
  if (const auto done = commit(std::move(group)); !done) return base::fail(done.error());
  return {};
}

} // namespace rookery::actors
