#include "actors/smtp/reception_host.hpp"

#include "actors/relay/homes.hpp"
#include "actors/relay/without_volume.hpp"
#include "actors/account/posting.hpp"
#include "actors/account/sent_today.hpp"
#include "actors/tlsrpt/notes.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"
#include "policy/queueing/header_priority.hpp"
#include "policy/quiet/quiet_hours.hpp"
#include "policy/submission/sender_rights.hpp"
#include "protocols/mime/date.hpp"
#include "protocols/mime/header.hpp"
#include "storage/queue/spool_machine.hpp"

#include <algorithm>
#include <string>

namespace rookery::actors {
namespace {

/// The log names so many recipients of a message; the rest is a number.
constexpr std::size_t recipients_logged_max = 20;

base::counter& accepted_counter(smtp::profile p) {
  static base::counter* all[] = {
      &base::counter_named("rookery_messages_accepted_total", "service=\"smtp\"", "Messages accepted"),
      &base::counter_named("rookery_messages_accepted_total", "service=\"submission\"", "Messages accepted"),
      &base::counter_named("rookery_messages_accepted_total", "service=\"lmtp\"", "Messages accepted")};
  return *all[static_cast<std::size_t>(p)];
}

std::string_view text(smtp::fault f) {
  static constexpr std::string_view names[] = {
      "syntax", "sequence", "line too long", "bare CR", "bare LF", "message too large", "too many recipients",
      "too many errors", "too many refused recipients", "too many idle commands", "too many failed logins",
      "too many mails", "foreign protocol", "timeout", "text line too long"};
  const auto i = static_cast<std::size_t>(f);
  return i < std::size(names) ? names[i] : "fault";
}

/// Could it get into the queue: for another server, held, forwarded or put off?
bool may_wait(const accepted_recipient& r, const commit_facts& with) {
  return with.hold_until != base::wall_time{} || r.at_end.what == reception::fate::queued || !r.route.remote.empty() ||
         std::any_of(r.route.local.begin(), r.route.local.end(), [](const auto& d) { return d.account->forward != nullptr; });
}

const routing::refusal* quota_refusal(const routing::account_record& account,
                                      const std::shared_ptr<storage::mail::account_cell>& use, std::uint64_t octets) {
  const auto view = use->view();
  return routing::quota_refusal(account, {view->octets, view->messages}, octets);
}

/// All but the system account and those that were refused at the end.
std::size_t counted_recipients(const transaction& t) {
  return static_cast<std::size_t>(std::count_if(t.recipients.begin(), t.recipients.end(), [](const accepted_recipient& r) {
    return r.route.what != routing::recipient_route::kind::system && r.at_end.what != reception::fate::refused;
  }));
}

} // namespace

reception_host::reception_host(node& n, std::shared_ptr<const reception_settings> settings,
                               const connection_facts& facts, base::instant now)
    : session_host(settings->session, facts, now, n.clock->wall()), node_(n), settings_(std::move(settings)), entry_(n, "smtp") {}

std::unique_ptr<net::protocol> make_reception_host(node& n, std::shared_ptr<const reception_settings> settings,
                                                   const connection_facts& facts) {
  return std::make_unique<reception_host>(n, std::move(settings), facts, n.clock->now());
}

caf::message_handler reception_host::messages() {
  return {[this](const commit_done_ptr& done) { committed(*done); },
          [this](const account_closed& c) { close_account(c.quiet); }};
}

void reception_host::on(smtp::server_session::event& e) {
  std::visit([this](const auto& what) { handle(what); }, e);
}

void reception_host::log_refusal(const routing::refusal& r) const {
  base::log_event(base::severity::info, "smtp.refused")
      .text("session", session_.facts().session_id)
      .text("peer", session_.facts().peer_address)
      .number("code", r.code)
      .text("reason", r.text);
}

void reception_host::refuse(const routing::refusal& r) {
  log_refusal(r);
  session_.refuse({r.code, std::string(r.enhanced), std::string(r.text)});
}

void reception_host::handle(const smtp::client_named& c) {
  greeting_ = c.greeting;
  helo_ = c.name;
}

void reception_host::handle(const smtp::check_password& c) {
  waiting_ = true;
  entry_.check(link(), c.question.authzid, c.question.user, c.question.password, [this](login_verdict v) {
    waiting_ = false;
    session_.tick(link().now());
    if (v == login_verdict::busy) return session_.authentication_unavailable();
    if (v == login_verdict::quiet) return session_.authentication_unavailable(quiet::quiet_text);
    session_.password_verified(v == login_verdict::ok);
  });
}

void reception_host::handle(const smtp::check_proof& c) {
  waiting_ = true;
  entry_.check(link(), c.question, [this](login_verdict v) {
    waiting_ = false;
    session_.tick(link().now());
    if (v == login_verdict::busy) return session_.authentication_unavailable();
    if (v == login_verdict::quiet) return session_.authentication_unavailable(quiet::quiet_text);
    session_.proof_judged(v == login_verdict::ok, entry_.account_checked());
  });
}

void reception_host::handle(const smtp::find_credentials& c) {
  // SCRAM ends with our word that all is well, which cannot be taken back.
  if (entry_.quiet_for(c.question.user)) return session_.authentication_unavailable(quiet::quiet_text);
  const auto found = entry_.find(c.question.user, c.question.digest);
  session_.credentials_found(found.credentials, found.known);
}

void reception_host::handle(const smtp::authenticated& a) {
  const auto taken = std::exchange(handed_over_, {});
  const auto verdict = taken.value != 0 ? entry_.admit_handed_over(link(), taken, handed_address_) : entry_.admit(link(), sasl::name(a.mechanism), a.authzid, a.user);
  // Without a volume nobody is told when the account is closed: the session goes on elsewhere before it does anything.
  if (verdict != login_verdict::ok || (has_volume(node_) && !entry_.join(link())))
    return session_.close_with({421, "4.7.0", "This account may not log in"});
  account_ = entry_.account();
  login_ = a.user;
}

void reception_host::handle(const smtp::authentication_failed& a) {
  // A wrong password was counted when it was checked; a proof fails in the session itself.
  if (!a.held) return;
  waiting_ = true;
  entry_.failed(link(), a.user, a.why, [this] {
    waiting_ = false;
    session_.tick(link().now());
    session_.say_failure();
  });
}

/// A message that is being written down is answered first: the client would send it again.
void reception_host::close_account(bool quiet_hours) {
  farewell_ = smtp::reply{421, "4.7.0", quiet_hours ? std::string(quiet::quiet_text) : "The account was closed, or its password changed"};
  if (!storing_) session_.close_with(*farewell_);
}

void reception_host::handle(const smtp::protocol_error& e) {
  static auto& faults = base::counter_named("rookery_smtp_faults_total", "", "Broken rules and limits in SMTP sessions");
  faults.add();
  base::log_event(base::severity::info, "smtp.fault")
      .text("session", session_.facts().session_id)
      .text("peer", session_.facts().peer_address)
      .text("fault", text(e.what));
}

void reception_host::handle(const smtp::gone&) { transaction_.reset(); }

void reception_host::handle(const smtp::transaction_reset&) { transaction_.reset(); }

void reception_host::handle(const smtp::mail_from& m) {
  if (!has_volume(node_)) return hand_over();
  if (account_) {
    // The account may have been frozen or removed since it logged in.
    const auto now = node_.directory->get()->account(account_->id);
    if (!now || !now->may_log_in()) return refuse({550, "5.7.1", "This account may not send"});
    account_ = now;
    if (const auto* r = submission::envelope_sender_refusal(*node_.directory->get(), *account_, m.sender.text()))
      return refuse(*r);
  }
  if (m.parameters.size)
    if (const auto* r = reception::size_refusal(*m.parameters.size, settings_->limits)) return refuse(*r);
  transaction_ = std::make_shared<transaction>();
  transaction_->id = node_.next_message_id();
  transaction_->begun = node_.clock->wall();
  transaction_->sender = m.sender;
  transaction_->parameters = m.parameters;
  session_.accept();
}

void reception_host::handle(const smtp::rcpt_to& r) {
  routing::recipient_facts facts;
  facts.authenticated = account_ != nullptr;
  facts.lmtp = session_.settings().profile == smtp::profile::lmtp;
  facts.obeyed = account_ != nullptr;
  const auto values = node_.settings->get();
  facts.system_name = values->system_local_part;
  const auto directory = node_.directory->get();
  const auto delivery = node_.delivery ? node_.delivery->get() : nullptr;
  facts.delivery = delivery.get();
  auto address = r.recipient.text();
  // On LMTP a name alone is one of the default domain.
  if (facts.lmtp && r.recipient.domain.empty()) address.append("@").append(directory->default_domain());
  auto route = routing::route(*directory, address, facts);
  if (!route.accepted()) {
    // A report about mail that an account here has forwarded.
    if (const auto behind = rewritten_sender(*settings_->forwards, *directory, address, node_.clock->wall())) {
      facts.authenticated = true;
      facts.obeyed = false;
      route = routing::route(*directory, *behind, facts);
    }
  }
  const bool reports = node_.settings != nullptr && takes_tls_reports(*node_.settings->get(), *directory, address);
  if (!route.accepted() && reports) {
    route.what = routing::recipient_route::kind::deliver; // nobody lives there
    route.remote.push_back(address);
  }
  if (!route.accepted()) return refuse(route.reason);
  if (account_ && route.what != routing::recipient_route::kind::system) {
    // Orders may be given at any time: who has sent too much may want to recall it.
    const auto quota = send_quota();
    const auto before = quota.counts_recipients ? counted_recipients(*transaction_) : 0;
    if (const auto* full = submission::send_refusal(quota, node_.sent->of(account_->id, node_.clock->wall()) + before)) return refuse(*full);
  }
  accepted_recipient to{r.recipient, r.parameters, std::move(route), {}, reports, {}};
  if (to.route.gateway && to.route.gateway->check == delivery::recipient_check::call_forward) return verify(std::move(to));
  check_quota(std::move(to), 0);
}

submission::send_quota reception_host::send_quota() const {
  auto out = settings_->quota;
  out.of_account = account_->send_quota;
  if (!out.of_account)
    if (const auto* domain = node_.directory->get()->domain(account_->domain())) out.of_account = domain->send_quota;
  return out;
}

bool reception_host::count_as_sent() {
  auto& t = *transaction_;
  const auto quota = send_quota();
  const auto limit = quota.of_account.value_or(quota.messages_a_day);
  const auto recipients = counted_recipients(t);
  if (limit == 0 || recipients == 0) return true;
  const auto cost = submission::send_cost(quota, recipients);
  if (!node_.sent->take(account_->id, cost, limit, t.begun)) return false;
  t.counted = cost;
  return true;
}

void reception_host::check_quota(accepted_recipient r, std::size_t next) {
  const auto& local = r.route.local;
  const auto bounded = [](const routing::account_record& a) { return a.quota_octets != 0 || a.quota_messages != 0; };
  // What is at home elsewhere is judged there.
  const home_check here(node_);
  const auto judged = [&](const routing::local_delivery& d) { return (d.by_right || bounded(*d.account)) && here(*d.account); };
  while (next < local.size() && !judged(local[next])) ++next;
  if (next == local.size()) return accept_recipient(std::move(r));
  const auto account = local[next].account;
  waiting_ = true;
  link().ask<account_handles>(
      node_.shard_actor(account->id), std::chrono::seconds(30), open_account{account->id, nullptr, nullptr},
      [this, r = std::move(r), next, account, bounded](const account_handles& h) mutable {
        waiting_ = false;
        if (!transaction_) return; // the session ended meanwhile
        session_.tick(link().now());
        const auto& to = r.route.local[next];
        if (to.by_right)
          if (const auto* why = folder_refusal(*node_.directory->get(), *h.cell->view(), to, account_ ? account_->id : base::account_id{}))
            return refuse(*why);
        if (!bounded(*account)) return check_quota(std::move(r), next + 1);
        if (const auto* full = quota_refusal(*account, h.cell, transaction_->parameters.size.value_or(1)))
          return refuse(*full);
        r.bounded.push_back({account, h.cell});
        check_quota(std::move(r), next + 1);
      },
      [this] {
        waiting_ = false;
        if (transaction_) refuse({451, "4.3.0", "Try again later"});
      });
}

/// Setting queue.messages_max: what waits to go out is bounded, mail for here still comes in.
bool reception_host::queue_full() const {
  if (node_.spool == nullptr || node_.settings == nullptr) return false;
  std::uint64_t waiting = 0;
  for (const auto& c : node_.spool->view()->counts()) waiting += c.messages;
  return waiting >= node_.settings->get()->queue_messages_max;
}

void reception_host::accept_recipient(accepted_recipient r) {
  const bool queued = !r.route.remote.empty() || r.route.what == routing::recipient_route::kind::system;
  if (queued && queue_full()) return refuse({452, "4.3.1", "The queue is full, try again later"});
  transaction_->recipients.push_back(std::move(r));
  session_.accept();
}

void reception_host::handle(const smtp::data_begin&) {
  if (node_.gate->closed()) return refuse({451, "4.3.0", "Storage is not available, try again later"});
  auto& t = *transaction_;
  t.message = std::make_unique<message_gathering>(node_.data_directory + "/spill");
  smtp::received_facts facts;
  facts.helo = helo_;
  facts.greeting = greeting_;
  facts.connection = &session_.facts();
  facts.by = node_.host_name;
  facts.software = "Rookery";
  const auto id = t.name();
  facts.id = id;
  std::string only;
  if (t.recipients.size() == 1) only = t.recipients.front().address.text();
  facts.for_recipient = only;
  facts.authenticated = account_ != nullptr;
  facts.smtputf8 = t.parameters.smtputf8;
  facts.time = t.begun;
  const auto received = smtp::received_field(facts);
  t.added_octets = static_cast<std::uint32_t>(received.size());
  if (auto done = t.message->append(received); !done) t.failed = done.error();
  session_.accept();
}

void reception_host::append(base::const_bytes octets) {
  auto& t = *transaction_;
  if (t.failed) return;
  if (auto done = t.message->append(octets); !done) t.failed = done.error();
}

void reception_host::handle(const smtp::body_chunk& c) {
  auto& t = *transaction_;
  if (t.begun_text) return append(c.octets);
  // The trace fields are followed by the message's own header, if it has one.
  t.first_line += c.octets.substr(0, smtp::header_name_octets_max);
  const bool whole = t.first_line.find('\n') != std::string::npos || t.first_line.size() >= smtp::header_name_octets_max;
  const auto rest = c.octets.substr(std::min(c.octets.size(), smtp::header_name_octets_max));
  if (whole) begin_text();
  append(rest);
}

void reception_host::begin_text() {
  auto& t = *transaction_;
  t.begun_text = true;
  if (!smtp::begins_with_header(t.first_line)) {
    append("\r\n");
    t.added_octets += 2;
  }
  append(t.first_line);
  std::string().swap(t.first_line);
}

void reception_host::handle(const smtp::message_end&) { take_message(); }

std::optional<routing::refusal> reception_host::judge(const smtp::header_facts& header) const {
  const auto& t = *transaction_;
  reception::message_facts facts;
  facts.octets = t.message->size() - t.added_octets;
  facts.received_fields = header.received;
  if (const auto* r = reception::message_refusal(facts, settings_->limits)) return *r;
  if (account_ && hold_until(header) > t.begun + session_.settings().limits.hold_most)
    return routing::refusal{554, "5.6.0", "The date of Deferred-Delivery is too far away"};
  if (account_ && settings_->from_checked) {
    const auto directory = node_.directory->get();
    for (const auto& from : header.from_addresses)
      if (const auto* r = submission::header_from_refusal(*directory, *account_, from)) return *r;
  }
  return {};
}

/// Reports about TLS go to the spool, which reads them; nothing else goes to an address that takes only them.
std::optional<routing::refusal> reception_host::judge_reports() {
  auto& t = *transaction_;
  const auto takes = [](const accepted_recipient& r) { return r.takes_reports; };
  if (std::none_of(t.recipients.begin(), t.recipients.end(), takes)) return {};
  const auto front = t.message->front().substr(t.added_octets);
  const bool report = mailauth::is_report_mail(front.substr(0, mime::header_length(front)));
  for (auto& r : t.recipients) {
    if (!r.takes_reports) continue;
    if (!report && r.route.local.empty()) return routing::refusal{550, "5.6.1", "This address takes reports about TLS only"};
    if (!report) continue;
    r.route.local.clear();
    r.bounded.clear();
    auto address = r.address.text();
    if (r.address.domain.empty()) address.append("@").append(node_.directory->get()->default_domain());
    r.route.remote = {std::move(address)};
  }
  return {};
}

std::optional<routing::refusal> reception_host::judge_recipients(const smtp::header_facts& header) {
  auto& t = *transaction_;
  std::vector<reception::recipient_at_end> facts(t.recipients.size());
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const auto& r = t.recipients[i];
    // Who submits a message again has read it; programs that forward do not log in.
    if (!account_)
      for (const auto& d : r.route.local) {
        const auto& before = header.delivered_to_addresses;
        facts[i].delivered_before |= std::find(before.begin(), before.end(), d.delivered_to) != before.end();
      }
    for (const auto& b : r.bounded)
      if (const auto* full = quota_refusal(*b.account, b.use, t.message->size())) facts[i].no_room = full;
  }
  const bool lmtp = session_.settings().profile == smtp::profile::lmtp;
  const auto verdict = reception::judge_recipients(facts, lmtp);
  if (verdict.all != nullptr) return *verdict.all;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    t.recipients[i].at_end = verdict.each[i];
    if (verdict.each[i].what == reception::fate::refused) log_refusal(*verdict.each[i].why);
  }
  return {};
}

/// FUTURERELEASE, or the field Deferred-Delivery of somebody who has logged in; 0: at once.
base::wall_time reception_host::hold_until(const smtp::header_facts& header) const {
  const auto& t = *transaction_;
  if (t.parameters.hold_until) return *t.parameters.hold_until;
  if (t.parameters.hold_for) return t.begun + *t.parameters.hold_for;
  if (!account_ || header.deferred_delivery.empty()) return {};
  const auto date = mime::read_date(header.deferred_delivery);
  return date && date->utc() > t.begun ? date->utc() : base::wall_time{};
}

/// What the header asks for on the way out. Mail for mailboxes here alone asks for nothing.
void reception_host::read_wishes(std::string_view message, commit_facts& with) const {
  using storage::queue::dnssec_wish;
  const auto& all = transaction_->recipients;
  if (std::none_of(all.begin(), all.end(), [&](const auto& r) { return may_wait(r, with); })) return;
  queueing::priority_reader priority;
  mime::header_reader reader(message);
  while (const auto field = reader.next()) {
    priority.field(field->name, field->value);
    if (!settings_->dnssec.empty())
      with.dnssec = std::max(with.dnssec, static_cast<dnssec_wish>(settings_->dnssec.of_field(field->name, mime::unfold(field->value))));
  }
  with.priority = priority.number(account_ != nullptr);
}

void reception_host::take_message() {
  storing_ = true;
  auto& t = *transaction_;
  if (!t.begun_text) begin_text();
  if (t.failed) return answer_storage_failure(*t.failed);
  const auto header = smtp::read_header_facts(t.message->front().substr(t.added_octets));
  if (const auto r = judge(header)) return refuse_message(*r);
  if (const auto r = judge_reports()) return refuse_message(*r);
  if (const auto r = judge_recipients(header)) return refuse_message(*r);
  if (std::all_of(t.recipients.begin(), t.recipients.end(), [](const auto& r) { return r.at_end.what == reception::fate::refused; }))
    return answer_accepted({});
  if (account_ && !count_as_sent()) return refuse_message(submission::quota_reached);
  commit_facts with;
  if (account_) {
    smtp::fix_up_facts fresh;
    const auto sender = t.sender.null() ? account_->address : t.sender.text();
    const auto id = t.name() + "@" + node_.host_name;
    fresh.sender = sender;
    fresh.message_id = id;
    fresh.time = t.begun;
    with.fix_ups = smtp::fix_ups(header, fresh);
  }
  with.peer = session_.facts().peer_address;
  with.session = session_.facts().session_id;
  with.account = account_;
  with.login = login_;
  with.helo = helo_;
  with.subject = header.subject;
  with.message_id = !header.message_id_value.empty() ? header.message_id_value : account_ && !header.message_id ? "<" + t.name() + "@" + node_.host_name + ">" : std::string();
  with.hold_until = hold_until(header);
  with.tls_optional = header.tls_optional && !t.parameters.require_tls;
  read_wishes(t.message->front().substr(t.added_octets), with);
  with.archive = std::make_shared<archive_mail>(node_, archive_question{account_ ? account_->address : std::string(), settings_->archive_spam_field});
  with.onward = {node_.directory->get(), settings_->forwards, t.sender.text(), header.delivered_to_addresses, t.begun, {}};
  with.remembered = settings_->remembered;
  with.counted = t.counted;
  if (node_.delivery) with.delivery = node_.delivery->get();
  if (node_.spool != nullptr)
    with.onward.last_used = [spool = node_.spool->view()](base::account_id a) { return forward_used(*spool, a); };
  with.next_id = [&n = node_] { return n.next_message_id(); };
  with.shard_of = [&n = node_](base::account_id a) { return n.shard_of(a); };
  with.elsewhere = [here = home_check(node_)](const routing::account_record& a) { return !here(a); };
  if (!t.message->spilled()) return commit_message(prepare(t, with));
  // A large message is read again from its spill file: not in this thread.
  auto result = std::make_shared<std::shared_ptr<prepared_message>>();
  waiting_ = true;
  const bool taken = node_.readers->run(
      link(), [result, t = transaction_, with] { *result = prepare(*t, with); },
      [this, result] {
        waiting_ = false;
        session_.tick(link().now());
        if (!*result) return answer({451, "4.3.0", "Local error, try again later"});
        commit_message(*result);
      });
  if (!taken) {
    waiting_ = false;
    answer({451, "4.3.2", "Too busy, try again later"});
  }
}

void reception_host::refuse_message(const routing::refusal& r) {
  log_refusal(r);
  answer({r.code, std::string(r.enhanced), std::string(r.text)});
}

void reception_host::commit_message(std::shared_ptr<prepared_message> message) {
  if (message->failed) return answer_storage_failure(*message->failed);
  if (node_.draining && node_.gate->closed()) return answer({421, "4.3.2", "Shutting down"});
  if (!node_.commit(link(), std::move(message->group), ack::durable, ++token_, message))
    return answer({451, "4.3.1", "Too much mail waits for the disk, try again later"});
  waiting_ = true;
}

void reception_host::committed(const commit_done& done) {
  if (!waiting_ || done.token != token_) return;
  waiting_ = false;
  session_.tick(link().now());
  if (done.error) return answer_storage_failure(*done.error);
  transaction_->counted = 0; // for good
  accepted_counter(session_.settings().profile).add();
  log_accepted();
  answer_accepted({250, "2.6.0", "Ok, accepted as " + transaction_->name()});
}

void reception_host::answer_accepted(const smtp::reply& good) {
  std::vector<smtp::reply> each;
  for (const auto& r : transaction_->recipients) {
    const auto* no = r.at_end.what == reception::fate::refused ? r.at_end.why : nullptr;
    each.push_back(no == nullptr ? good : smtp::reply{no->code, std::string(no->enhanced), std::string(no->text)});
  }
  if (session_.settings().profile != smtp::profile::lmtp) each.resize(1);
  end_transaction();
  session_.answer_each(each);
  if (farewell_) session_.close_with(*farewell_);
}

void reception_host::log_accepted() const {
  if (!base::log_wanted(base::severity::info)) return;
  const auto& t = *transaction_;
  std::string local;
  std::string remote;
  std::size_t named = 0;
  for (const auto& r : t.recipients) {
    if (++named > recipients_logged_max) break;
    if (r.at_end.what == reception::fate::refused) continue;
    if (r.at_end.what == reception::fate::queued || r.route.what == routing::recipient_route::kind::system) {
      remote += (remote.empty() ? "" : " ") + r.address.text();
      continue;
    }
    for (const auto& d : r.route.local) local += (local.empty() ? "" : " ") + d.account->address + "/" + d.folder;
    for (const auto& a : r.route.remote) remote += (remote.empty() ? "" : " ") + a;
  }
  base::log_event event(base::severity::info, "message.accepted");
  event.text("message", t.name())
      .text("session", session_.facts().session_id)
      .text("service", service_of(session_.settings().profile))
      .text("peer", session_.facts().peer_address)
      .text("sender", t.sender.text())
      .number("recipients", static_cast<std::int64_t>(t.recipients.size()));
  if (account_) event.text("account", account_->address);
  if (!local.empty()) event.text("stored", local);
  if (!remote.empty()) event.text("queued", remote);
}

void reception_host::answer_storage_failure(const base::error& e) {
  base::log_event(base::severity::warning, "smtp.storage_failed")
      .text("session", session_.facts().session_id)
      .text("message", transaction_ ? transaction_->name() : "")
      .text("error", e.log.value);
  if (e.kind == base::error_kind::no_space) return answer({452, "4.3.1", "Insufficient storage"});
  answer({451, "4.3.0", "Local storage failed, try again later"});
}

void reception_host::end_transaction() {
  url_.reset();
  if (transaction_->counted != 0) node_.sent->give_back(account_->id, transaction_->counted, transaction_->begun);
  transaction_.reset();
  storing_ = false;
}

void reception_host::answer(const smtp::reply& r) {
  end_transaction();
  session_.answer(r);
  if (farewell_) session_.close_with(*farewell_);
}

} // namespace rookery::actors
