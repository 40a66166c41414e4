#include "actors/tlsrpt/reporter_actor.hpp"

#include "actors/dns/resolver_actor.hpp"
#include "actors/http/fetcher.hpp"
#include "actors/queue/spool_commit.hpp"
#include "actors/system/alarm.hpp"
#include "actors/tlsrpt/notes.hpp"
#include "base/crypto/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "policy/reporting/report_state.hpp"
#include "protocols/deflate/gzip.hpp"
#include "storage/queue/spool_machine.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <utility>

namespace rookery::actors {
namespace {

using reporting::report_state;

constexpr std::chrono::seconds first_look{60};
constexpr std::chrono::minutes between_looks{5};
/// Notes of all spaces whose time is over go.
constexpr std::chrono::hours between_drops{1};
constexpr std::chrono::hours day_time{24};
constexpr std::chrono::minutes post_time{1};
/// Longer than a post that has to wait its turn.
constexpr std::chrono::minutes post_time_max{10};
constexpr std::size_t answer_octets_max = 4096; ///< of what a server says to a post
constexpr std::size_t boundary_characters = 24;

/// Time to look again.
struct next_look {};

} // namespace
} // namespace rookery::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(rookery::actors::next_look)

namespace rookery::actors {
namespace {

using promise = caf::typed_response_promise<tls_reports_sent>;

/// One walk over a day's domains.
struct round {
  std::string day;
  bool forced = false;                 ///< not only what is due
  bool begun = false;
  std::deque<std::string> domains;
  std::size_t running = 0;
  tls_reports_sent sums;
  std::optional<promise> asked;
};

/// One domain's report while something of it is done.
struct job {
  std::string day, domain;
  report_state state;
  std::string packed;                  ///< the report, for posts
  std::size_t posts = 0;               ///< under way
};
using job_ptr = std::shared_ptr<job>;

class reporter {
public:
  static inline const char* name = "tls_reporter_actor";

  void begin(caf::event_based_actor* self, node* of) {
    self_ = self;
    of_ = of;
    send_later(self_, first_look, next_look{});
  }

  void look_again() {
    send_later(self_, between_looks, next_look{});
    look_around();
  }

  void look_around() {
    const auto now = of_->clock->wall();
    if (now >= dropped_ + between_drops) {
      dropped_ = now;
      commit({storage::queue::drop_notes_before{now}}, {}, [](bool) {});
    }
    if (of_->settings->get()->tlsrpt_reports != "send" || !rounds_.empty()) return;
    for (const int back : {2, 1}) {
      round r;
      r.day = mailauth::rpt_day(now - back * day_time);
      rounds_.push_back(std::move(r));
    }
    go_on();
  }

  caf::result<tls_reports_sent> send_now(const send_tls_reports& what) {
    if (rounds_.size() >= tls_requests_waiting_max || !mailauth::rpt_day_begin(what.day)) return caf::make_error(caf::sec::request_receiver_down);
    round r;
    r.day = what.day;
    r.forced = true;
    r.asked = self_->make_response_promise<tls_reports_sent>();
    const auto out = *r.asked;
    rounds_.push_back(std::move(r));
    if (rounds_.size() == 1) go_on();
    return out;
  }

  void committed(const commit_done& done) { commits_.done(done); }

private:
  std::shared_ptr<const storage::queue::spool_view> notes() const { return of_->spool->view(); }

  void commit(std::vector<storage::queue::any_command> commands, storage::commit_group group, std::function<void(bool)> then) {
    for (auto& c : spool_group(of_->clock->wall(), std::move(commands)).commands) group.commands.push_back(std::move(c));
    commits_.send(*self_, *of_, std::move(group), [then = std::move(then)](const commit_done& done) {
      if (done.error) base::log_event(base::severity::warning, "tlsrpt.not_recorded").text("error", done.error->log.value);
      then(!done.error);
    });
  }

  storage::queue::put_note note_of(const job& j) const {
    const auto until = mailauth::rpt_day_begin(j.day).value_or(of_->clock->wall()) + day_time + tls_states_kept;
    return {tls_sent_space, tls_day_key(j.day, j.domain), reporting::encode(j.state), until};
  }

  /// The next domains; the next round when this one is over.
  void go_on() {
    if (going_) return; // a domain that was done at once came back here
    going_ = true;
    while (!rounds_.empty()) {
      auto& r = rounds_.front();
      if (!std::exchange(r.begun, true)) {
        const auto all = tls_domains_of(*notes(), r.day);
        r.sums.domains = all.size();
        r.domains.assign(all.begin(), all.end());
      }
      while (r.running < tls_reports_at_once_max && !r.domains.empty()) {
        auto j = std::make_shared<job>();
        j->day = r.day;
        j->domain = std::move(r.domains.front());
        r.domains.pop_front();
        ++r.running;
        look_at(j);
      }
      if (r.running > 0) break;
      if (r.asked) r.asked->deliver(r.sums);
      rounds_.pop_front();
    }
    going_ = false;
  }
  void done_with(const job_ptr&) {
    --rounds_.front().running;
    go_on();
  }
  tls_reports_sent& sums() { return rounds_.front().sums; }

  void look_at(const job_ptr& j) {
    const auto now = of_->clock->wall();
    if (const auto kept = notes()->note(tls_sent_space, tls_day_key(j->day, j->domain))) {
      auto state = reporting::decode_report_state(kept->value);
      if (!state || state->over()) {
        ++sums().before;
        return done_with(j);
      }
      j->state = std::move(*state);
      return again(j);
    }
    const auto end_of_day = mailauth::rpt_day_begin(j->day).value_or(now) + day_time;
    const std::chrono::seconds spread(of_->settings->get()->tlsrpt_spread_seconds);
    if (!rounds_.front().forced && now < reporting::leaves_at(end_of_day, j->domain, of_->host_name, spread)) return done_with(j);
    self_->request(of_->resolver, resolver_time_max, dns_question{mailauth::tls_rpt_record_name(j->domain), dns::record_type::txt})
        .then([this, j](const dns_answer& a) { have_record(j, *a.value); }, [this, j](const caf::error&) { have_record(j, dns::answer{}); });
  }

  void have_record(const job_ptr& j, const dns::answer& a) {
    if (a.try_later()) {
      ++sums().unanswered;
      return done_with(j);
    }
    const auto now = of_->clock->wall();
    j->state.id = reporting::report_id(j->day, j->domain, of_->host_name);
    j->state.made = now;
    for (const auto& t : mailauth::read_rpt_records(dns::texts(a))) {
      auto to = (t.mail ? "mailto:" : "") + t.address;
      if (base::printable(to, to.size()) == to) j->state.targets.push_back({std::move(to)});
    }
    if (j->state.targets.empty())
      return commit({note_of(*j)}, {}, [this, j](bool ok) {
        ++(ok ? sums().unasked : sums().failed);
        done_with(j);
      });
    const auto report = make_report(*j);
    storage::commit_group group;
    std::uint64_t mails = 0;
    for (auto& t : j->state.targets) {
      reporting::begin(t);
      if (!t.mail()) continue;
      add_mail(*j, t.to.substr(7), report, group);
      reporting::end(t, "", now, now);
      ++mails;
    }
    base::log_event(base::severity::info, "tlsrpt.report").text("day", j->day).text("domain", j->domain).text("report", j->state.id)
        .number("targets", static_cast<std::int64_t>(j->state.targets.size()));
    commit({note_of(*j)}, std::move(group), [this, j, mails](bool ok) {
      if (!ok) {
        ++sums().failed;
        return done_with(j);
      }
      sums().mailed += mails;
      post_all(j);
    });
  }

  /// Something waits, or was under way when the node ended.
  void again(const job_ptr& j) {
    const auto now = of_->clock->wall();
    const bool forced = rounds_.front().forced;
    bool any = reporting::after_crash(j->state);
    for (auto& t : j->state.targets)
      if (t.due(now) || (forced && t.state == reporting::sending::waiting)) {
        reporting::begin(t);
        any = true;
      }
    if (!any) return done_with(j);
    // The same counters as before: a day that is over has no others.
    make_report(*j);
    commit({note_of(*j)}, {}, [this, j](bool ok) {
      if (ok) return post_all(j);
      ++sums().failed;
      done_with(j);
    });
  }

  void post_all(const job_ptr& j) {
    for (std::size_t i = 0; i < j->state.targets.size(); ++i)
      if (j->state.targets[i].state == reporting::sending::under_way) ++j->posts;
    if (j->posts == 0) return done_with(j);
    for (std::size_t i = 0; i < j->state.targets.size(); ++i) {
      if (j->state.targets[i].state != reporting::sending::under_way) continue;
      http_fetch what;
      what.url = j->state.targets[i].to;
      what.body = j->packed;
      what.content_type = "application/tlsrpt+gzip"; // RFC 8460 §5.4
      what.octets_max = answer_octets_max;
      what.time = post_time;
      self_->request(of_->fetcher, post_time_max, std::move(what))
          .then([this, j, i](const http_fetched& f) { posted(j, i, f->ok() ? "" : f->failure == fetch_failure::none ? "status " + std::to_string(f->status) : f->text); },
                [this, j, i](const caf::error&) { posted(j, i, "no answer"); });
    }
  }

  void posted(const job_ptr& j, std::size_t i, const std::string& why) {
    auto& t = j->state.targets[i];
    reporting::end(t, why, j->state.made, of_->clock->wall());
    ++(why.empty() ? sums().posted : sums().failed);
    base::log_event(why.empty() ? base::severity::info : base::severity::notice, "tlsrpt.posted")
        .text("day", j->day).text("domain", j->domain).text("to", t.to).text("state", reporting::name(t.state)).text("why", why);
    if (--j->posts > 0) return;
    commit({note_of(*j)}, {}, [this, j](bool) { done_with(j); });
  }

  // What is written.

  std::string contact() const {
    const auto settings = of_->settings->get();
    if (!settings->tlsrpt_contact.empty()) return settings->tlsrpt_contact;
    const auto domain = of_->directory->get()->default_domain();
    return "postmaster@" + (domain.empty() ? of_->host_name : std::string(domain));
  }
  std::string submitter() const {
    const auto from = contact();
    return from.substr(from.rfind('@') + 1);
  }
  mailauth::tls_report make_report(job& j) const {
    auto report = tls_report_of(*notes(), j.day, j.domain, submitter(), contact(), j.state.id);
    j.packed = deflate::gzip(mailauth::print_tls_report(report));
    return report;
  }

  void add_mail(const job& j, const std::string& to, const mailauth::tls_report& report, storage::commit_group& group) {
    storage::queue::envelope e;
    e.id = of_->next_message_id();
    mailauth::report_mail mail;
    mail.from = contact();
    mail.to = to;
    mail.submitter = submitter();
    mail.domain = j.domain;
    const auto at = j.state.id.rfind('@');
    mail.message_id = j.state.id.substr(0, at) + "." + base::random_token(8) + j.state.id.substr(at);
    mail.boundary = base::random_token(boundary_characters);
    mail.now = of_->clock->wall();
    e.sender = mail.from;
    e.received = mail.now;
    e.origin = storage::queue::message_origin::system;
    e.helo = of_->host_name;
    e.message_id_field = "<" + mail.message_id + ">";
    e.subject = "Report Domain: " + j.domain;
    e.tls_optional = true; // RFC 8460 §3: a report about broken TLS gets through broken TLS
    storage::queue::recipient r;
    r.address = to;
    r.notify = 1; // NEVER: nobody waits for news of a report
    e.recipients.push_back(std::move(r));
    add_written(group, mail.now, std::move(e), mailauth::write_report_mail(mail, report));
  }

  caf::event_based_actor* self_ = nullptr;
  node* of_ = nullptr;
  std::deque<round> rounds_;           ///< the first one is at work
  awaited_commits commits_;
  base::wall_time dropped_{};
  bool going_ = false;
};

caf::behavior tls_reporter_actor(caf::stateful_actor<reporter>* self, node* of) {
  self->set_default_handler(caf::drop);
  self->set_error_handler([](caf::error&) {});
  auto& st = self->state;
  st.begin(self, of);
  return {[&st](next_look) { st.look_again(); },
          [&st](look_for_tls_reports) { st.look_around(); },
          [&st](const send_tls_reports& s) { return st.send_now(s); },
          [&st](const commit_done_ptr& d) { st.committed(*d); }};
}

} // namespace

caf::actor spawn_tls_reporter(caf::actor_system& system, node& of) {
  return system.spawn<caf::detached + caf::hidden>(tls_reporter_actor, &of);
}

} // namespace rookery::actors
