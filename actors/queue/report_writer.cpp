#include "actors/queue/report_writer.hpp"

#include "actors/queue/delivery_settings.hpp"
#include "actors/queue/spool_commit.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "policy/routing/address_form.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/smtp/dsn/text_book.hpp"

#include <algorithm>

namespace rookery::actors {
namespace {

using storage::queue::envelope;

/// A message is returned whole up to this size; of a larger one the header is.
constexpr std::uint64_t full_octets_max = 1u << 20;
/// Header octets that are looked through for its end.
constexpr std::size_t header_octets_max = 256 * 1024;
constexpr std::size_t boundary_characters = 24;

smtp::dsn::action action_of(delivery::happened h) {
  switch (h) {
  case delivery::happened::delivered: return smtp::dsn::action::delivered;
  case delivery::happened::relayed:
  case delivery::happened::passed_on: return smtp::dsn::action::relayed;
  case delivery::happened::expanded: return smtp::dsn::action::expanded;
  case delivery::happened::delayed: return smtp::dsn::action::delayed;
  case delivery::happened::failed: return smtp::dsn::action::failed;
  }
  return smtp::dsn::action::failed;
}

std::string status_for(delivery::happened h, const std::string& status, bool expired) {
  if (h == delivery::happened::delayed) return status.starts_with('4') ? status : "4.4.7";
  if (expired) return "5.4.7";
  if (h == delivery::happened::failed) return status.starts_with('5') ? status : "5.0.0";
  return status.starts_with('2') ? status : "2.0.0";
}

/// `diagnostic` is "smtp; 550 5.1.1 no such user" or "x-local; …".
void set_words(smtp::dsn::recipient& to, const delivery::verdict& as, const std::string& last_answer) {
  if (as.diagnostic.starts_with("smtp; ")) to.diagnostic = as.diagnostic.substr(6);
  else if (!as.answer.empty()) to.explanation = as.answer;
  else to.explanation = last_answer;
}

class writer {
public:
  writer(node& n, const envelope& e) : node_(n), message_(e), now_(n.clock->wall()) {}

  smtp::dsn::report facts(const delivery::report& r, const std::vector<storage::queue::attempt_ended::outcome_of>& outcomes,
                          const std::vector<recipient_result>& verdicts) {
    smtp::dsn::report out;
    out.reporting_mta = node_.host_name;
    out.envelope_id = message_.envid;
    out.arrival = message_.received;
    out.queue_id = message_name(message_.id);
    for (const auto& n : r.recipients) {
      const auto& was = message_.recipients[n.recipient];
      const auto outcome = std::find_if(outcomes.begin(), outcomes.end(), [&](const auto& o) { return o.recipient == n.recipient; });
      const auto verdict = std::find_if(verdicts.begin(), verdicts.end(), [&](const auto& v) { return v.recipient == n.recipient; });
      smtp::dsn::recipient to;
      to.address = mailbox_of(was.address);
      to.original_recipient = was.orcpt;
      to.what = action_of(n.what);
      const bool expired = outcome != outcomes.end() && outcome->state == storage::queue::recipient_state::expired;
      if (verdict != verdicts.end()) {
        to.status = status_for(n.what, verdict->as.status, expired);
        set_words(to, verdict->as, was.last_answer);
      }
      if (outcome != outcomes.end()) to.remote_mta = outcome->remote_host;
      to.last_attempt = was.last_attempt != base::wall_time{} && (expired || n.what == delivery::happened::delayed) ? was.last_attempt : now_;
      if (n.what == delivery::happened::delayed)
        to.retry_until = delivery::expires(waiting_facts_of(message_, was), retry_settings_of(*node_.settings->get()));
      out.recipients.push_back(std::move(to));
    }
    out.from = {"postmaster", own_domain()};
    out.to = mailbox_of(address_of(r.to));
    out.date = now_;
    id_ = node_.next_message_id();
    out.message_id = message_name(id_) + "." + base::random_token(8) + "@" + node_.host_name;
    out.boundary = base::random_token(boundary_characters);
    out.what = r.full ? smtp::dsn::returned::full : smtp::dsn::returned::headers;
    out.original_body = static_cast<smtp::body_type>(message_.body);
    out.original_utf8 = message_.smtputf8;
    out.original_message_id = message_.message_id_field;
    out.original_subject = message_.subject;
    return out;
  }

  /// The reply address of the report, and who speaks in it: the domain of the sender when it is ours.
  std::string own_domain() const {
    const auto directory = node_.directory->get();
    const auto at = message_.sender.rfind('@');
    if (at != std::string::npos)
      if (auto domain = routing::canonical_domain(std::string_view(message_.sender).substr(at + 1)); domain && directory->domain(*domain)) return *domain;
    const auto chosen = directory->default_domain();
    return chosen.empty() ? node_.host_name : std::string(chosen);
  }
  std::string address_of(delivery::addressee a) const {
    return a == delivery::addressee::sender ? message_.sender : "postmaster@" + own_domain();
  }

  /// What is quoted: the whole message, or its header with the empty line.
  std::string original(smtp::dsn::returned& what) {
    const auto& body = message_.content;
    if (what == smtp::dsn::returned::full && message_.octets() > full_octets_max) what = smtp::dsn::returned::headers;
    const auto wanted = what == smtp::dsn::returned::full ? body.length : std::min<std::uint32_t>(body.length, header_octets_max);
    std::string text = message_.prefix;
    const auto at = text.size();
    text.resize(at + wanted);
    const auto got = node_.bodies->read(body, 0, text.data() + at, wanted);
    text.resize(at + (got ? *got : 0));
    if (!got) base::log_event(base::severity::error, "report.unreadable").text("message", message_name(message_.id)).text("error", got.error().log.value);
    if (what == smtp::dsn::returned::headers) text.resize(mime::header_length(text));
    return text;
  }

  void add(const delivery::report& r, smtp::dsn::report facts, storage::commit_group& group) {
    auto quoted = original(facts.what);
    const auto settings = node_.settings->get();
    const auto own = node_.report_texts ? node_.report_texts->get() : nullptr;
    const auto chosen = (own ? *own : smtp::dsn::text_book()).choose(smtp::dsn::gravest(facts), settings->report_languages);
    auto written = smtp::dsn::write(facts, chosen.texts, chosen.languages);
    auto octets = std::move(written.before);
    octets += quoted;
    octets += written.after;

    envelope e;
    e.id = id_;
    e.received = now_;
    e.origin = storage::queue::message_origin::report;
    e.body = static_cast<storage::queue::body_type>(written.body);
    e.smtputf8 = written.smtputf8;
    e.requiretls = message_.requiretls; // RFC 8689 §5
    e.helo = node_.host_name;
    e.session = message_name(message_.id);
    e.message_id_field = "<" + facts.message_id + ">";
    e.subject = "Delivery report";
    storage::queue::recipient to;
    to.address = address_of(r.to);
    to.notify = smtp::notify::never;
    e.recipients.push_back(std::move(to));

    base::log_event(base::severity::info, "report.written")
        .text("message", message_name(message_.id)).text("report", message_name(e.id)).text("to", e.recipients.front().address)
        .text("action", smtp::dsn::name(smtp::dsn::gravest(facts)));
    add_written(group, now_, std::move(e), std::move(octets));
  }

private:
  node& node_;
  const envelope& message_;
  base::wall_time now_;
  base::message_id id_;
};

} // namespace

void add_reports(node& n, const envelope& message, const std::vector<delivery::recipient_news>& news,
                 const std::vector<storage::queue::attempt_ended::outcome_of>& outcomes,
                 const std::vector<recipient_result>& verdicts, storage::commit_group& group) {
  delivery::report_facts facts;
  facts.null_sender = message.sender.empty();
  facts.full_asked = message.ret == storage::queue::dsn_return::full;
  facts.headers_asked = message.ret == storage::queue::dsn_return::headers;
  facts.deliver_by_trace = message.deliver_by_trace;
  facts.deliver_by_notify = message.deliver_by != base::wall_time{} && !message.deliver_by_return;
  for (const auto& r : delivery::reports_owed(news, facts, {})) {
    writer w(n, message);
    w.add(r, w.facts(r, outcomes, verdicts), group);
  }
}

} // namespace rookery::actors
