#include "actors/collection/arriving_message.hpp"

#include "actors/account/archive_mail.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "policy/routing/recipient_route.hpp"
#include "protocols/mime/date.hpp"
#include "storage/mail/command.hpp"

#include <cstdio>
#include <utility>

namespace rookery::actors {
namespace {

constexpr std::chrono::seconds shard_time{30};

std::string id_text(base::message_id id) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(id.value));
  return text;
}

storage::shard_command spool_command(base::wall_time now, storage::queue::any_command what) {
  storage::shard_command c;
  c.shard = storage::spool_shard;
  c.payload = storage::queue::encode({now, std::move(what)});
  return c;
}

} // namespace

run_order::~run_order() { base::wipe(password); }

std::string note_prefix(std::uint64_t collection) { return std::to_string(collection) + '/'; }

void arriving_message::open(net::connection& link, std::function<void(std::string)> opened) {
  const auto account = order_->what->account;
  link.request(node_.shard_actor(account), shard_time, open_account{account, nullptr, nullptr})
      .then(
          [this, opened](const account_handles& h) {
            use_ = h.cell;
            opened({});
          },
          [opened](const caf::error&) { opened("the account's mailboxes cannot be opened now"); });
}

void arriving_message::begin() {
  pending_ = std::make_shared<pending>();
  pending_->message = std::make_shared<message_gathering>(node_.data_directory + "/spill");
}

void arriving_message::append(base::const_bytes octets) {
  if (!pending_ || pending_->failed) return;
  if (auto done = pending_->message->append(octets); !done) pending_->failed = done.error();
}

/// RFC 5321 §4.4 has it for mail that comes by SMTP; the protocols here are IANA's "Mail Transmission Types".
std::string arriving_message::trace_field(const connection_facts& facts, const std::string& id) const {
  const auto& c = *order_->what;
  return "Received: from " + c.host + " (" + facts.peer_address + ")\r\n\tby " + node_.host_name + " (Rookery) with " +
         (c.from == collection::source::pop3 ? "POP3" : "IMAP") + " id " + id + "\r\n\tfor <" + order_->address + ">; " +
         mime::write_date(node_.clock->wall()) + "\r\n";
}

void arriving_message::finish(outcome what) {
  committing_ = false;
  pending_.reset();
  if (auto told = std::exchange(then_, nullptr)) told(std::move(what));
}

void arriving_message::store(net::connection& link, storage::queue::put_note note,
                             std::optional<storage::queue::any_command> undo, storage::mail::flag_set flags,
                             base::wall_time received, answer then) {
  then_ = std::move(then);
  if (!pending_ || pending_->failed) return finish({false, pending_ ? pending_->failed->client.value : "nothing came"});
  auto& p = *pending_;
  p.note = std::move(note);
  const auto account = node_.directory->get()->account(order_->what->account);
  if (!account) return finish({false, "the account is gone"});
  if (use_) {
    const auto view = use_->view();
    if (const auto* full = routing::quota_refusal(*account, {view->octets, view->messages}, p.message->size()))
      return finish({false, std::string(full->text)});
  }
  p.group.bodies.push_back(p.message->finish());
  if (p.note.key.empty()) {
    const auto key = collection::digest_key(base::view(p.group.bodies.front().id));
    if (order_->seen.contains(key)) return finish({true, {}});
    p.note.key = note_prefix(order_->what->id) + key;
  }
  p.undo = undo ? std::move(*undo) : storage::queue::drop_note{p.note.space, p.note.key};
  p.id = node_.next_message_id();
  p.prefix = trace_field(link.facts(), id_text(p.id));
  if (!p.message->spilled()) {
    prepare(node_, *order_, p, std::move(flags), received);
    return commit(link);
  }
  // A large message is read again from its spill file: not in this thread.
  const bool taken = node_.readers->run(
      link,
      [&n = node_, order = order_, work = pending_, flags = std::move(flags), received]() mutable {
        prepare(n, *order, *work, std::move(flags), received);
      },
      [this, &link] { commit(link); });
  if (!taken) finish({false, "too busy"});
}

void arriving_message::prepare(node& n, const run_order& order, pending& p, storage::mail::flag_set flags,
                               base::wall_time received) {
  const auto now = n.clock->wall();
  storage::mail::deliver what;
  what.folder = order.what->folder;
  what.create = true;
  what.origin = p.id.value;
  what.message.prefix = p.prefix;
  what.message.internal_date = received;
  what.message.flags = std::move(flags);
  auto summary = p.message->summarize(p.prefix);
  if (!summary) {
    p.failed = summary.error();
    return;
  }
  what.message.summary = std::move(*summary);
  storage::shard_command c;
  c.shard = n.shard_of(order.what->account);
  c.payload = storage::mail::encode({order.what->account, now, std::move(what)});
  c.bodies = {0};
  p.group.commands.push_back(std::move(c));
  if (archive_mail archive(n, {{}, n.settings->get()->archive_spam_field}); archive.wanted()) {
    storage::queue::envelope like;
    like.id = p.id;
    like.received = now;
    like.origin = storage::queue::message_origin::collected;
    like.sender = order.address; // who sent it is not known here, and null would be a machine
    like.recipients.emplace_back().address = order.address;
    like.prefix = p.prefix;
    if (const auto account = n.directory->get()->account(order.what->account)) archive.reached(*account);
    if (auto done = archive.add_to(p.group, *p.message, like); !done) {
      p.failed = done.error();
      return;
    }
  }
  p.group.commands.push_back(spool_command(now, p.note)); // the last: its result is asked for
}

void arriving_message::commit(net::connection& link) {
  auto& p = *pending_;
  if (p.failed) return finish({false, p.failed->client.value});
  if (!node_.commit(link, std::move(p.group), ack::applied, ++token_, p.message)) return finish({false, "too much mail waits for the disk"});
  committing_ = true;
}

void arriving_message::commit_notes(net::connection& link, std::vector<storage::queue::any_command> notes,
                                    answer then) {
  then_ = std::move(then);
  pending_ = std::make_shared<pending>();
  for (auto& n : notes) pending_->group.commands.push_back(spool_command(node_.clock->wall(), std::move(n)));
  commit(link);
}

void arriving_message::committed(net::connection& link, const commit_done& done) {
  if (!committing_ || done.token != token_) return;
  if (done.error) return finish({false, done.error->client.value});
  const auto& p = *pending_;
  if (!p.message) return finish({true, {}});
  if (done.results.front().what != storage::outcome::done) {
    // The note says what is not true: it goes, and the message stays where it is.
    auto back = std::exchange(then_, nullptr);
    return commit_notes(link, {p.undo}, [back](const arriving_message::outcome&) { back({false, "the mailbox takes no more messages"}); });
  }
  static auto& collected = base::counter_named("rookery_collected_messages_total", "", "Messages fetched from other servers");
  collected.add();
  base::log_event(base::severity::info, "message.collected")
      .text("message", id_text(p.id))
      .text("session", link.facts().session_id)
      .text("account", order_->address)
      .text("collection", order_->what->name)
      .number("octets", static_cast<std::int64_t>(p.message->size()));
  if (done.results.back().what == storage::outcome::over_limit) return finish({false, "there is no room for notes of what was collected"});
  finish({true, {}});
}

} // namespace rookery::actors
