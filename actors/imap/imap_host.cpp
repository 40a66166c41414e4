#include "actors/imap/imap_host.hpp"

#include "base/log.hpp"
#include "base/metrics.hpp"

#include <array>

namespace rookery::actors {
namespace {

/// A shard that does not answer in this time is not going to.
constexpr std::chrono::seconds shard_time{30};
constexpr std::chrono::milliseconds try_again{5};

constexpr std::string_view newest_only_text = "Only the newest messages were worked on";

/// In the order of imap::any_command, and APPEND last.
constexpr std::array<std::string_view, 38> kind_names{
    "noop", "check", "select", "close", "unselect", "create", "delete", "rename", "subscribe", "list", "status",
    "expunge", "search", "sort", "thread", "fetch", "store", "copy", "move", "getquota", "getquotaroot", "setquota",
    "unauthenticate", "uidbatches", "cancelupdate", "notify", "esearch", "setacl", "deleteacl",
    "getacl", "listrights", "myrights", "getmetadata", "setmetadata", "resetkey", "genurlauth", "urlfetch", "append"};
static_assert(kind_names.size() == std::variant_size_v<imap::any_command> + 1);

struct kind_metrics {
  std::array<base::histogram*, kind_names.size()> time{};
  kind_metrics() {
    for (std::size_t i = 0; i < kind_names.size(); ++i)
      time[i] = &base::histogram_named("rookery_imap_command_seconds", "command=\"" + std::string(kind_names[i]) + "\"",
                                       "IMAP commands: time from the command to its tagged answer");
  }
};

/// RFC 9051 §7.5.1: no EXPUNGE while FETCH, STORE or SEARCH by message number runs; SORT and
/// THREAD number messages as SEARCH does.
bool may_tell_expunges(const imap::any_command& c) {
  if (const auto* f = std::get_if<imap::fetch>(&c)) return f->uid;
  if (const auto* s = std::get_if<imap::store>(&c)) return s->uid;
  if (const auto* s = std::get_if<imap::search>(&c)) return s->uid;
  if (const auto* s = std::get_if<imap::sort>(&c)) return s->uid;
  if (const auto* t = std::get_if<imap::thread>(&c)) return t->uid;
  return true;
}

} // namespace

std::unique_ptr<net::protocol> make_imap_host(node& n, std::shared_ptr<const imap::server_settings> settings,
                                              const connection_facts& facts) {
  return std::make_unique<imap_host>(n, std::move(settings), facts);
}

imap_host::imap_host(node& n, std::shared_ptr<const imap::server_settings> settings, const connection_facts& facts)
    : session_host(settings, facts, n.clock->now()), node_(n), settings_(settings), entry_(n, "imap") {}

std::unique_ptr<net::protocol> make_imap_host(node& n, std::shared_ptr<const imap::server_settings> settings, const session_handover& h) {
  return std::make_unique<imap_host>(n, std::move(settings), h);
}

imap_host::imap_host(node& n, std::shared_ptr<const imap::server_settings> settings, const session_handover& h)
    : session_host(settings, h.facts, n.clock->now(), imap::resumed_login{h.tag, h.address, static_cast<imap::language>(h.language)}), node_(n), settings_(settings),
      entry_(n, "imap"), handed_over_(h.account) {}

caf::message_handler imap_host::messages() {
  return {[this](const commit_done_ptr& done) { committed_now(*done); },
          [this](const account_changed&) {
            if (notify_) return push();
            // Between commands the news wait for the next one, which looks at the view anyway.
            if (!session_.idling() || !selected_) return;
            selected_watch()->signaled = false;
            if (!tell_news()) session_.abort("", gone_text());
          },
          [this](const url_key_reset& r) { url_key_was_reset(r); },
          [this](const account_closed& c) { close_account(c.quiet); }};
}

void imap_host::gone() {
  entry_.leave();
  ending_.reset();
  contexts_.reset();
  notify_.reset();
  selected_.reset();
  virtual_.reset();
  visiting_.reset();
  append_guest_.reset();
  guests_.reset();
}

void imap_host::on(imap::server_session::event& e) {
  std::visit([this](auto& what) { handle(what); }, e);
}

void imap_host::handle(imap::command& c) {
  kind_ = c.what.index();
  ++commands_;
  expunges_ = may_tell_expunges(c.what);
  limit_code_.clear();
  begun_ = link().now();
  auto missing = missing_sources();
  if (missing.empty()) return run_command(c.what);
  open_sources(virtual_, std::move(missing), [this, what = std::make_shared<imap::any_command>(std::move(c.what))] { run_command(*what); });
}

/// A command may outlive this call: each keeps what it needs.
void imap_host::run_command(imap::any_command& what) {
  if (virtual_ && refused_in_virtual(what)) return;
  std::visit([this](auto& w) { run(w); }, what);
}

bool imap_host::produce() {
  if (!rows_ || yielded_) return false;
  const auto before = session_.output_octets();
  switch (rows_->produce(session_.out())) {
    case rows::progress::waiting: return session_.output_octets() != before;
    case rows::progress::more:
      if (session_.output_octets() != before) return true;
      // A millisecond of work without a word: other connections have their turn first.
      yielded_ = true;
      link().after(std::chrono::milliseconds(0), [this] { yielded_ = false; });
      return false;
    case rows::progress::done: break;
  }
  const auto finished = std::move(rows_);
  const auto then = std::exchange(after_rows_, {});
  then();
  return true;
}

void imap_host::produce_rows(std::unique_ptr<rows> r, std::function<void()> then) {
  rows_ = std::move(r);
  after_rows_ = std::move(then);
}

void imap_host::in_reader(std::function<void()> task, std::function<void()> then) {
  if (node_.readers->run(link(), task, then)) return;
  link().after(try_again, [this, task = std::move(task), then = std::move(then)] { in_reader(task, then); });
}

void imap_host::open_mailbox(base::account_id owner, base::mailbox_id mailbox,
                             std::function<void(std::shared_ptr<storage::mail::mailbox_cell>)> then) {
  link().ask<opened_mailbox>(
      node_.shard_actor(owner), shard_time, actors::open_mailbox{owner, mailbox, own_id_as_reader_of(owner)},
      [then](const opened_mailbox& o) { then(o.cell); }, [then] { then(nullptr); });
}

void imap_host::change(storage::mail::any_command what, committed then, std::function<void()> otherwise,
                       std::vector<storage::body_source> bodies, std::shared_ptr<void> keep) {
  change_in(entry_.id(), std::move(what), std::move(then), std::move(otherwise), std::move(bodies), std::move(keep));
}

void imap_host::change_in(base::account_id account, storage::mail::any_command what, committed then,
                          std::function<void()> otherwise, std::vector<storage::body_source> bodies,
                          std::shared_ptr<void> keep) {
  storage::commit_group group;
  auto& command = group.commands.emplace_back();
  command.shard = node_.shard_of(account);
  command.payload = encode(storage::mail::command{account, node_.clock->wall(), std::move(what)});
  for (std::uint32_t i = 0; i < bodies.size(); ++i) command.bodies.push_back(i);
  group.bodies = std::move(bodies);
  commit(std::move(group), std::move(then), std::move(otherwise), std::move(keep));
}

void imap_host::commit(storage::commit_group group, committed then, std::function<void()> otherwise, std::shared_ptr<void> keep) {
  change_ = std::make_unique<pending_change>(pending_change{
      [then = std::move(then)](const std::vector<storage::command_result>& all) { then(all.front()); }, std::move(otherwise)});
  if (node_.commit(link(), std::move(group), ack::applied, ++token_, std::move(keep))) return;
  const auto refused = std::move(change_);
  if (refused->otherwise) refused->otherwise();
  else end_unavailable();
}

void imap_host::change_all(std::vector<storage::mail::any_command> what, all_committed then, std::function<void()> otherwise) {
  storage::commit_group group;
  for (auto& w : what) {
    auto& command = group.commands.emplace_back();
    command.shard = node_.shard_of(entry_.id());
    command.payload = encode(storage::mail::command{entry_.id(), node_.clock->wall(), std::move(w)});
  }
  change_ = std::make_unique<pending_change>(pending_change{std::move(then), std::move(otherwise)});
  if (node_.commit(link(), std::move(group), ack::applied, ++token_)) return;
  const auto refused = std::move(change_);
  if (refused->otherwise) refused->otherwise();
  else end_unavailable();
}

void imap_host::committed_now(const commit_done& done) {
  if (!change_ || done.token != token_) return;
  const auto finished = std::move(change_);
  if (!done.error && !done.results.empty()) return finished->then(done.results);
  if (finished->otherwise) finished->otherwise();
  else end_unavailable();
}

bool imap_host::over_quota(const guest_ptr& guest, std::uint64_t octets, std::uint64_t messages) const {
  const auto account = node_.directory->get()->account(guest ? guest->owner->id : entry_.id());
  if (!account) return false;
  const auto used = (guest ? guest->handles : entry_.handles()).cell->view();
  return (account->quota_octets != 0 && used->octets + octets > account->quota_octets) ||
         (account->quota_messages != 0 && used->messages + messages > account->quota_messages);
}

/// False when the selected mailbox is gone.
bool imap_host::tell_news(const own_change* own) {
  if (!selected_) return true;
  if (visiting_ && !still_visiting()) return false;
  if (std::exchange(url_key_news_, false)) session_.writer().ok("URLMECH " + std::string(imap::url_mechanism), "URLs of this mailbox have a new key");
  const auto* group = notified_selection();
  const auto largest = group ? selected_->map().largest_uid() : 0;
  if (!selected_->tell_news(session_.writer(), expunges_ || session_.idling(), own)) return false;
  if (virtual_) open_more_sources();
  if (group && selected_->map().largest_uid() > largest)
    notify_->fresh.emplace_back(largest + 1, selected_->map().largest_uid());
  if (contexts_) {
    contexts_->tell(session_.writer());
    if (contexts_->due()) push_soon();
  }
  return true;
}

bool imap_host::tell_news_early() {
  if ((!visiting_ || still_visiting()) && selected_->tell_news(session_.writer(), false)) return true;
  end_no("", gone_text());
  return false;
}

void imap_host::end() {
  static const kind_metrics metrics;
  metrics.time[kind_]->observe(link().now() - begun_);
  if (notify_ || contexts_) push_soon();
}

void imap_host::end_ok(std::string_view code, std::string_view text) {
  const bool there = tell_news();
  // RFC 9738 §3.1: a second code goes with a line of its own.
  if (!limit_code_.empty() && !code.empty()) session_.writer().no(limit_code_, newest_only_text);
  else if (!limit_code_.empty()) code = limit_code_;
  if (there && wait_for_contexts(code, text)) return;
  session_.respond_ok(code, text);
  end();
  if (!there) session_.abort("", gone_text());
}

void imap_host::end_no(std::string_view code, std::string_view text) {
  const bool there = tell_news();
  session_.respond_no(code, text);
  end();
  if (!there) session_.abort("", gone_text());
}

void imap_host::end_bad(std::string_view text) {
  session_.respond_bad("", text);
  end();
}

void imap_host::end_unavailable() { end_no("UNAVAILABLE", "Not possible at the moment, try again later"); }

void imap_host::end_refused(storage::outcome why, std::string_view missing_mailbox_code) {
  using storage::outcome;
  switch (why) {
    case outcome::no_such_mailbox: return end_no(missing_mailbox_code, "No such mailbox");
    case outcome::mailbox_exists: return end_no("ALREADYEXISTS", "The mailbox exists already");
    case outcome::not_allowed: return end_no("CANNOT", "That cannot be done with this mailbox");
    case outcome::over_limit: return end_no("LIMIT", "A limit of this server is reached");
    case outcome::no_such_account: return end_no("UNAVAILABLE", "The account does not exist any more");
    default: break;
  }
  base::log_event(base::severity::error, "imap.command_refused")
      .text("session", link().facts().session_id)
      .text("command", kind_names[kind_])
      .number("outcome", static_cast<std::int64_t>(why));
  end_no("SERVERBUG", "The command was refused");
}

} // namespace rookery::actors
