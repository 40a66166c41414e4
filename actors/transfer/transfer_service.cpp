#include "actors/transfer/transfer_service.hpp"

#include "actors/transfer/copy_target.hpp"
#include "actors/transfer/file_export.hpp"
#include "actors/transfer/file_import.hpp"
#include "actors/transfer/imap_copy.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace rookery::actors {
namespace {

base::result<void> work(caf::scoped_actor& self, node& n, net::reactor& home, const transfer_run_ptr& run, const std::string& password) {
  const auto& order = run->order();
  if (order.kind == transfer_kind::export_mbox || order.kind == transfer_kind::export_maildir) return file_export(self, n, run).all();
  copy_target to(self, n, run);
  switch (order.kind) {
  case transfer_kind::import_mbox: return file_import(to, run).mbox(order.path);
  case transfer_kind::import_maildir: return file_import(to, run).maildir(order.path);
  case transfer_kind::import_cyrus: return file_import(to, run).cyrus(order.path);
  default: return copy_over_imap(self, n, home, to, run, password);
  }
}

void finish(node& n, const transfer_run_ptr& run, const base::result<void>& done) {
  run->change([&](transfer_state& s) {
    s.ended = n.clock->wall();
    if (done) s.status = transfer_status::done;
    else if (run->stopped() || n.draining) s.status = transfer_status::stopped;
    else s.status = transfer_status::failed;
    if (!done) s.reason = base::printable(done.error().log.value, 1000);
  });
  const auto s = run->state();
  base::log_event(s.status == transfer_status::failed || s.left_out > 0 ? base::severity::warning : base::severity::info, "transfer.ended")
      .number("transfer", static_cast<std::int64_t>(run->id()))
      .text("what", name(run->order().kind))
      .text("account", run->order().address)
      .text("status", name(s.status))
      .number("messages", static_cast<std::int64_t>(s.messages))
      .number("octets", static_cast<std::int64_t>(s.octets))
      .number("left_out", static_cast<std::int64_t>(s.left_out))
      .text("reason", s.reason);
}

void transfer_thread(caf::event_based_actor* me, node* n, const transfer_run_ptr& run, const std::shared_ptr<const std::string>& password,
                     net::reactor* home) {
  auto done = base::result<void>(base::fail(base::error_kind::io, "the transfer broke"));
  try {
    caf::scoped_actor self(me->system(), true);
    done = work(self, *n, *home, run, *password);
  } catch (const std::exception& e) {
    done = base::fail(base::error_kind::io, "the transfer broke", e.what());
  }
  finish(*n, run, done);
}

bool same_work(const transfer_order& a, const transfer_order& b) {
  return a.account == b.account && (a.kind == transfer_kind::migrate) == (b.kind == transfer_kind::migrate) && a.path == b.path &&
         a.host == b.host && a.port == b.port && a.login == b.login;
}

} // namespace

base::result<transfer_run_ptr> transfer_service::start(transfer_order order) {
  const std::lock_guard hold(lock_);
  const auto running = [](const transfer_run_ptr& r) { return r->state().status == transfer_status::running; };
  if (std::any_of(runs_.begin(), runs_.end(), [&](const auto& r) { return running(r) && same_work(r->order(), order); }))
    return base::fail(base::error_kind::conflict, "a transfer of this account and source runs already");
  if (static_cast<std::size_t>(std::count_if(runs_.begin(), runs_.end(), running)) >= transfers_running_max || node_.draining)
    return base::fail(base::error_kind::try_later, "too many transfers run; try again when one has ended");
  // Not among what is remembered.
  const auto password = std::shared_ptr<std::string>(new std::string(order.password), [](std::string* p) {
    base::wipe(*p);
    delete p;
  });
  base::wipe(order.password);
  auto run = std::make_shared<transfer_run>(++last_id_, std::make_shared<const transfer_order>(std::move(order)), node_.clock->wall());
  for (auto at = runs_.begin(); runs_.size() >= transfers_remembered_max && at != runs_.end();) at = running(*at) ? at + 1 : runs_.erase(at);
  runs_.push_back(run);
  base::log_event(base::severity::info, "transfer.began")
      .number("transfer", static_cast<std::int64_t>(run->id()))
      .text("what", name(run->order().kind))
      .text("account", run->order().address)
      .text("from", run->order().host.empty() ? run->order().path : run->order().host);
  // Everything in it waits: for the disk, the log, the other server. A thread of its own for as long as it lasts.
  node_.system->spawn<caf::detached + caf::hidden>(transfer_thread, &node_, run, std::shared_ptr<const std::string>(password),
                                                   reactors_[run->id() % reactors_.size()]);
  return run;
}

std::vector<transfer_run_ptr> transfer_service::all() const {
  const std::lock_guard hold(lock_);
  return {runs_.begin(), runs_.end()};
}

} // namespace rookery::actors
