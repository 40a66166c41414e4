#include "actors/account/archive_mail.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "policy/delivery/dnssec_rule.hpp"
#include "policy/routing/address_form.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/smtp/trace.hpp"
#include "storage/mail/command.hpp"
#include "storage/queue/command.hpp"

#include <algorithm>
#include <cstdio>

namespace rookery::actors {
namespace {

using archiving::archive_copy;
using storage::queue::envelope;
using storage::queue::message_origin;

/// Trace fields of ours: storage/mail/command.hpp and storage/queue/envelope_record.hpp.
constexpr std::size_t mailbox_prefix_octets_max = 1000, queue_prefix_octets_max = 4096;
/// A line of X-Archived-Recipients: RFC 5322 §2.1.1.
constexpr std::size_t line_octets = 78;

std::string name_of(base::message_id id) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(id.value));
  return text;
}

/// What the header and the envelope say of its kind.
struct reading {
  archiving::message_kind kind;
  bool spam = false;
};

reading read(std::string_view front, const envelope& like, const std::string& spam_field) {
  archiving::kind_reader kinds;
  reading out{};
  const auto colon = spam_field.find(':');
  const auto spam_name = base::trim(std::string_view(spam_field).substr(0, colon));
  const auto spam_pattern = colon == std::string::npos ? std::string_view("*") : base::trim(std::string_view(spam_field).substr(colon + 1));
  mime::header_reader reader(front);
  while (const auto field = reader.next()) {
    kinds.field(field->name, field->value);
    if (!spam_name.empty() && base::iequals(field->name, spam_name))
      out.spam = out.spam || delivery::matches(spam_pattern, base::trim(mime::unfold(field->value)));
  }
  out.kind = kinds.kind(like.sender.empty(), like.origin == message_origin::report || like.origin == message_origin::system);
  return out;
}

/// For whom, which way and to whom it went, in at most `octets`: those who were in no field too.
std::string archive_fields(const archive_copy& copy, const envelope& like, std::size_t octets) {
  std::string out = "X-Archived-For: " + copy.because + (copy.incoming ? " (in)\r\n" : " (out)\r\n");
  std::string list = "X-Archived-Recipients:";
  std::size_t line = list.size(), named = 0;
  for (const auto& r : like.recipients) {
    const std::size_t more = r.address.size() + 2;
    if (out.size() + list.size() + more + 10 > octets) break;
    if (line + more > line_octets) {
      list += "\r\n";
      line = 0;
    }
    list += ' ' + r.address + ',';
    line += more;
    ++named;
  }
  if (named == 0) return out;
  if (named == like.recipients.size()) list.pop_back();
  else list += " ...";
  return out + list + "\r\n";
}

class copier {
public:
  copier(node& n, const routing::directory_view& directory, storage::commit_group& group, const message_gathering& message, const envelope& like)
      : node_(n), directory_(directory), group_(group), message_(message), like_(like) {}

  base::result<void> add(const archive_copy& copy) {
    auto found = directory_.resolve(copy.target);
    if (found.what == routing::resolved::foreign_domain) found.remote.push_back(copy.target);
    else if (found.what != routing::resolved::found) send(copy, {copy.target}, "nobody here has the archive's address");
    for (const auto& target : found.accounts)
      if (auto done = keep(copy, *target.account); !done) return done;
    if (!found.remote.empty()) send(copy, found.remote, {});
    base::log_event(base::severity::info, "message.archived")
        .text("message", name_of(like_.id)).text("archive", copy.rule).text("to", copy.target).text("folder", copy.folder)
        .text("because", copy.because).text("direction", copy.incoming ? "in" : "out");
    return {};
  }

private:
  base::result<void> keep(const archive_copy& copy, const routing::account_record& account) {
    storage::mail::deliver what;
    what.folder = copy.folder;
    what.create = true;
    what.origin = node_.next_message_id().value;
    what.message.internal_date = node_.clock->wall();
    auto prefix = (like_.origin == message_origin::collected ? std::string() : smtp::return_path_field(like_.sender)) +
                  smtp::delivered_to_field(account.address);
    const bool complete = prefix.size() + like_.prefix.size() + line_octets <= mailbox_prefix_octets_max;
    const auto taken = prefix.size() + (complete ? like_.prefix.size() : 0);
    if (auto fields = archive_fields(copy, like_, mailbox_prefix_octets_max - std::min(taken, mailbox_prefix_octets_max));
        taken + fields.size() <= mailbox_prefix_octets_max)
      prefix += fields;
    if (complete) prefix += like_.prefix;
    auto summary = message_.summarize(prefix);
    if (!summary) return base::fail(summary.error());
    what.message.summary = std::move(*summary);
    what.message.prefix = std::move(prefix);
    storage::shard_command c;
    c.shard = node_.shard_of(account.id);
    c.payload = storage::mail::encode({account.id, what.message.internal_date, std::move(what)});
    c.bodies = {0};
    group_.commands.push_back(std::move(c));
    return {};
  }

  /// The sender of before is told nothing of an archive: reports go to the postmaster of its domain.
  void send(const archive_copy& copy, const std::vector<std::string>& targets, std::string bad) {
    envelope e = like_;
    e.id = node_.next_message_id();
    e.sender = "postmaster@" + std::string(routing::sides(copy.because).domain);
    e.recipients.clear();
    for (const auto& target : targets) e.recipients.emplace_back().address = target;
    e.origin = message_origin::archived;
    e.queue = bad.empty() ? "remote" : "bad";
    e.held = !bad.empty();
    e.held_because = std::move(bad);
    e.hold_until = {};
    e.deliver_by = {};
    e.ret = {};
    e.envid.clear();
    e.account = {};
    e.login.clear();
    e.attempts = 0;
    e.route = {};
    e.priority = 0;
    auto fields = smtp::delivered_to_field(copy.because) + archive_fields(copy, like_, 2000);
    if (fields.size() + e.prefix.size() <= queue_prefix_octets_max) e.prefix.insert(0, fields);
    storage::shard_command c;
    c.shard = storage::spool_shard;
    c.payload = storage::queue::encode({node_.clock->wall(), storage::queue::accepted{std::move(e)}});
    c.bodies = {0};
    group_.commands.push_back(std::move(c));
  }

  node& node_;
  const routing::directory_view& directory_;
  storage::commit_group& group_;
  const message_gathering& message_;
  const envelope& like_;
};

} // namespace

archive_mail::archive_mail(node& n, archive_question q) : node_(n), question_(std::move(q)) {
  if (n.archives == nullptr) return;
  book_ = n.archives->get();
  if (book_ != nullptr && book_->empty()) book_ = nullptr;
}

base::result<void> archive_mail::add_to(storage::commit_group& group, const message_gathering& message, const envelope& like) const {
  if (book_ == nullptr || (accounts_.empty() && question_.sender_account.empty())) return {};
  archiving::archive_facts facts;
  facts.sender = like.sender;
  facts.sender_account = question_.sender_account;
  facts.recipients.assign(accounts_.begin(), accounts_.end());
  facts.archive_copy = like.origin == message_origin::archived;
  facts.now = node_.clock->wall();
  const auto said = read(message.front(), like, question_.spam_field);
  facts.kind = said.kind;
  // Nobody gets his own mail past the archive by a field.
  facts.spam = said.spam && question_.sender_account.empty();
  const auto decision = book_->copies(facts);
  if (decision.cut)
    base::log_event(base::severity::warning, "archive.too_many_copies").text("message", name_of(like.id)).number("most", archiving::archive_copies_max);
  const auto directory = node_.directory->get();
  copier to(node_, *directory, group, message, like);
  for (const auto& copy : decision.copies)
    if (auto done = to.add(copy); !done) return done;
  return {};
}

} // namespace rookery::actors
