// QUOTA: what an account may use and what it uses. RFC 9208.
//
// Each account is a quota root: its own is "", another's has its address as a name, and only those who administer know it.
#include "actors/config/documents.hpp"
#include "actors/imap/imap_host.hpp"
#include "base/log.hpp"
#include "storage/directory/config_command.hpp"

namespace rookery::actors {
namespace {

namespace dir = storage::directory;

/// A shard that does not answer in this time is not going to.
constexpr std::chrono::seconds shard_time{30};
constexpr std::uint64_t octets_a_storage_unit = 1024;

/// Only what is limited is told.
std::vector<imap::quota_resource> quota_of(std::uint64_t octets, std::uint64_t messages, const storage::mail::account_view& used) {
  std::vector<imap::quota_resource> resources;
  if (octets != 0)
    resources.push_back({"STORAGE", (used.octets + octets_a_storage_unit - 1) / octets_a_storage_unit, octets / octets_a_storage_unit});
  if (messages != 0) resources.push_back({"MESSAGE", used.messages, messages});
  return resources;
}

std::vector<imap::quota_resource> quota_of(const routing::account_ptr& account, const storage::mail::account_view& used) {
  return account ? quota_of(account->quota_octets, account->quota_messages, used) : std::vector<imap::quota_resource>();
}

} // namespace

bool imap_host::administers() const {
  const auto now = node_.directory->get()->account(entry_.id());
  return now && now->admin;
}

routing::account_ptr imap_host::quota_root_named(const std::string& root) const {
  const auto directory = node_.directory->get();
  if (root.empty()) return directory->account(entry_.id());
  return administers() ? directory->account(root) : nullptr;
}

void imap_host::run(imap::get_quota& q) {
  const auto account = quota_root_named(q.root);
  if (!account) return end_no("NONEXISTENT", "No such quota root");
  with_use_of(account->id, [this, root = q.root, account](const storage::mail::account_view& used) {
    session_.writer().quota(root, quota_of(account, used));
    end_ok("", "GETQUOTA completed");
  });
}

void imap_host::with_use_of(base::account_id account, std::function<void(const storage::mail::account_view&)> then) {
  if (account == entry_.id()) return then(*mailboxes());
  link().ask<seen_account>(
      node_.shard_actor(account), shard_time, look_at_account{account},
      [then = std::move(then)](const seen_account& seen) { then(*seen.cell->view()); }, [this] { end_unavailable(); });
}

void imap_host::run(imap::get_quota_root& q) {
  const auto all = mailboxes();
  if (all->find(q.mailbox) == nullptr)
    return find_foreign(q.mailbox, [this, name = q.mailbox](const place& p) {
      if (refused(p, rights::right::read)) return;
      if (administers()) {
        const std::string_view roots[] = {p.guest->owner->address};
        session_.writer().quota_root(name, roots);
        session_.writer().quota(roots[0], quota_of(node_.directory->get()->account(p.guest->owner->id), *p.list));
      } else {
        // What others have left is theirs to know: no root is named (RFC 9208 §4.1.3 allows that).
        session_.writer().quota_root(name, {});
      }
      end_ok("", "GETQUOTAROOT completed");
    });
  const std::string_view roots[] = {""};
  session_.writer().quota_root(q.mailbox, roots);
  session_.writer().quota("", quota_of(node_.directory->get()->account(entry_.id()), *all));
  end_ok("", "GETQUOTAROOT completed");
}

/// RFC 9208 §4.1.3: what is not listed is not limited from now on.
void imap_host::run(imap::set_quota& q) {
  if (!administers()) return end_no("NOPERM", "Quotas are set by the administrator");
  std::uint64_t octets = 0, messages = 0;
  for (const auto& r : q.limits) {
    if (r.limit == 0) return end_no("CANNOT", "A limit of nothing cannot be set; leave the resource out for none");
    if (r.name == "STORAGE" && r.limit <= static_cast<std::uint64_t>(INT64_MAX) / octets_a_storage_unit) octets = r.limit * octets_a_storage_unit;
    else if (r.name == "MESSAGE" && r.limit <= static_cast<std::uint64_t>(INT64_MAX)) messages = r.limit;
    else return end_no("CANNOT", "Only STORAGE and MESSAGE can be limited, and not to so much");
  }
  const auto account = quota_root_named(q.root);
  const auto table = node_.config->table();
  const auto* document = account ? table->find(dir::document_kind::account, account->address) : nullptr;
  if (document == nullptr) return end_no("NONEXISTENT", "No such quota root");
  json::value patch{json::object{}};
  patch.set("quota_octets", octets);
  patch.set("quota_messages", messages);
  auto content = config::change_account(document->content, patch, node_.secrets.get());
  if (!content) return end_no("CANNOT", "These limits cannot be set");
  dir::config_command command;
  command.author = entry_.account()->address;
  command.time = node_.clock->wall();
  command.changes = {dir::put{dir::document_kind::account, account->address, document->version, std::move(*content)}};
  auto payload = dir::encode(command);
  if (!payload) return end_unavailable();
  storage::commit_group group;
  group.commands.push_back({storage::config_shard, 1, std::move(*payload), {}});
  commit(std::move(group), [this, root = q.root, id = account->id, octets, messages](const storage::command_result& r) {
    if (r.what != storage::outcome::done) return end_no("UNAVAILABLE", "The account was changed meanwhile, try again");
    base::log_event(base::severity::info, "imap.quota_set")
        .text("session", link().facts().session_id)
        .text("by", entry_.account()->address)
        .text("root", root)
        .number("octets", octets)
        .number("messages", messages);
    with_use_of(id, [this, root, octets, messages](const storage::mail::account_view& used) {
      session_.writer().quota(root, quota_of(octets, messages, used));
      end_ok("", "SETQUOTA completed");
    });
  });
}

} // namespace rookery::actors
